"""Archives of stores, unpacked by any Python this project runs on."""

from __future__ import annotations

import tarfile
from pathlib import Path

__all__ = ["unpack"]

#: Python 3.11 has the filter since its release 3.11.4; the archives are this project's own.
_HAS_FILTER = hasattr(tarfile, "data_filter")


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive into a folder.

    Args:
        archive: Of ``tests/fixtures/stores``.
        folder: Made if it is not there.
    """
    with tarfile.open(archive) as opened:
        if _HAS_FILTER:
            opened.extractall(folder, filter="data")
        else:
            opened.extractall(folder)  # noqa: S202 - see above
