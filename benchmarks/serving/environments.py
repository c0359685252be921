"""Environments of peers: made by uv from the package index, kept beside the reference model."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.serving.process import NotMeasuredError, run

__all__ = ["environment", "version"]

#: Raising it makes all environments anew.
VERSION = 1
PYTHON = "3.11"


def environment(name: str, packages: Sequence[str]) -> Path:
    """Return the Python of an environment with some packages, made where it is not there yet.

    Args:
        name: Of the environment.
        packages: What is installed.

    Raises:
        NotMeasuredError: There is no uv, or the packages cannot be installed.
    """
    wanted = hashlib.sha256(repr((VERSION, PYTHON, sorted(packages))).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / "scorewright-benchmarks" / f"{name}-{wanted}"
    python, complete = folder / "bin" / "python", folder / "complete"
    if not complete.is_file():
        uv = _uv()
        shutil.rmtree(folder, ignore_errors=True)
        run([uv, "venv", "--quiet", "--python", PYTHON, str(folder)])
        run([uv, "pip", "install", "--quiet", "--python", str(python), *packages])
        complete.touch()
    return python


def version(python: Path, package: str) -> str:
    """Return the version of a package in an environment."""
    program = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))"
    return run([str(python), "-c", program, package]).strip()


def _uv() -> str:
    found = shutil.which("uv") or shutil.which("uv", path=".tools/bin")
    found = found or shutil.which("uv", path=str(Path(sys.executable).parent))
    if found is None:
        raise NotMeasuredError("its environment cannot be made: uv is not installed")
    return found
