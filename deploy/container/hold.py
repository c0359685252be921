# noqa: INP001 - a program of its own
"""Copy key files to a folder that is this user's alone: what Kubernetes cannot mount.

``hold.py TARGET SOURCE...`` copies every file of the folders SOURCE to the folder TARGET, with mode
600 in a folder of mode 700. The kubelet mounts such files as links that a group may read; key
files are taken neither through a link nor from a group. Run by the pods' init container, to a
volume in memory; running it again is no different from running it once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def hold(target: Path, sources: list[Path]) -> list[str]:
    """Copy the plain files of some folders, following their links.

    Args:
        target: Made where it is not there; what else it holds is removed.
        sources: Folders as the kubelet mounts them. A name in two of them is the later one's.

    Returns:
        The names, sorted.
    """
    found = {
        path.name: path
        for source in sources
        for path in source.iterdir()
        if path.is_file() and not path.name.startswith(".")
    }
    target.mkdir(mode=0o700, exist_ok=True)
    for path in target.iterdir():
        path.unlink()
    for name, path in found.items():
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(target / name, flags, 0o600), "wb") as file:
            file.write(path.read_bytes())
    return sorted(found)


if __name__ == "__main__":
    held = hold(Path(sys.argv[1]), [Path(source) for source in sys.argv[2:]])
    sys.stdout.write(f"holding {', '.join(held)}\n")
