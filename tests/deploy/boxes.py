"""An image's files, opened with buildah, and commands that run in them as in a container."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

__all__ = ["Box", "base", "opened", "removed"]

LOCKED = Path(__file__).with_name("locked.sh")


@dataclass(frozen=True)
class Box:
    """The files of an image and what it says about running it."""

    root: Path
    config: dict[str, Any]

    @property
    def health_command(self) -> list[str]:
        """The shipped health check."""
        kind, *command = self.config["Healthcheck"]["Test"]
        assert kind == "CMD", "a health check that needs a shell"
        return [str(part) for part in command]

    def start(
        self, project: Path, command: Sequence[str], log: Path, **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start a command with the image's environment, user and folder, locked in."""
        given = [*self.config["Env"], *(f"{k}={v}" for k, v in environment.items())]
        user = str(self.config["User"])
        with log.open("wb") as out:
            return subprocess.Popen(
                [
                    *("unshare", "--mount", "--propagation", "private"),
                    *("sh", str(LOCKED), str(self.root), str(project), *given),
                    *("/usr/sbin/chroot", f"--userspec={user}", "--groups=", str(self.root)),
                    *("/opt/scorewright/bin/python", "-c", IN_FOLDER, self.config["WorkingDir"]),
                    *command,
                ],
                stdout=out,
                stderr=subprocess.STDOUT,
                env={"PATH": os.environ["PATH"]},
            )


#: chroot cannot change the folder, and there need be no shell to do it. From here on no memory
#: may be both written and run, as systemd's MemoryDenyWriteExecute has it (PR_SET_MDWE).
IN_FOLDER = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(65, 1, 0, 0, 0)
os.chdir(sys.argv[1])
os.execv(sys.argv[2], sys.argv[2:])
"""


def _buildah(*arguments: str) -> str:
    done = subprocess.run(["buildah", *arguments], capture_output=True, check=True, text=True)
    return done.stdout.strip()


def base(folder: Path) -> str:
    """Return a base image that needs no registry: Debian's packages, made once and kept.

    Args:
        folder: For the files on their way into buildah.
    """
    name = "localhost/scorewright-base:bookworm"
    if _buildah("images", "--quiet", "--filter", f"reference={name}"):
        return name
    if shutil.which("mmdebstrap") is None:
        pytest.skip(
            "no base image: apt-get install mmdebstrap, or name one (SCOREWRIGHT_IMAGE_BASE)"
        )
    packages = "--include=python3-minimal,python3-venv,ca-certificates"
    files = folder / "base.tar"
    command = ["mmdebstrap", "--variant=minbase", packages, "bookworm", str(files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no base image could be made of Debian's packages: {done.stderr[-300:]}")
    container = _buildah("from", "scratch")
    _buildah("add", "--quiet", container, str(files), "/")
    _buildah("commit", "--quiet", "--rm", container, name)
    files.unlink()
    return name


def removed(image: str) -> None:
    """Give back the room an image takes."""
    _buildah("rmi", image)


@contextmanager
def opened(image: str) -> Iterator[Box]:
    """Open an image's files for as long as a ``with`` block lasts."""
    container = _buildah("from", "--pull-never", image)
    try:
        config = json.loads(_buildah("inspect", container))["Docker"]["config"]
        yield Box(Path(_buildah("mount", container)), config)
    finally:
        _buildah("rm", container)
