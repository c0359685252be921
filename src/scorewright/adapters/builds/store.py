"""Finished feature builds and those in work, in folders named by their digest."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from scorewright.adapters.builds.pruning import FOLDER_NAME, prune, remove_folder, used_now
from scorewright.adapters.durable import save_frame, save_json
from scorewright.core.errors import IntegrityError
from scorewright.core.features import FeatureBuild, PartFile
from scorewright.flows.features.ports import Workspace

__all__ = ["DiskBuilds"]

_DOCUMENT: Final = "features.json"
_PARTS: Final = "parts"
_ROWS: Final = "rows"
#: Buckets write into folders named by their number, so that no other file is ever called this.
_IN_MEMORY: Final = "memory.parquet"


class DiskBuilds:
    """`BuildStore` in a folder.

    ``DIGEST/features.json`` is written last: a folder without it is a build that was
    interrupted, and goes on where it stopped.

    Args:
        directory: The folder of all builds; made where it is missing.
        workspace: Makes the workspace of a build from its folder.
    """

    def __init__(self, directory: Path, workspace: Callable[[Path], Workspace]) -> None:
        self._directory = directory
        self._workspace = workspace

    def find(self, digest: str) -> FeatureBuild | None:
        """Return a finished build; see `BuildStore.find`."""
        folder = self._folder(digest)
        try:
            build = FeatureBuild.from_dict(json.loads((folder / _DOCUMENT).read_bytes()))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        names = {column.name for column in build.profiles}
        is_whole = all(_is_whole(folder / _PARTS, part, names) for part in build.parts)
        if not is_whole or build.digest != digest:
            return None
        used_now(folder / _DOCUMENT)
        return build

    def workspace(self, digest: str) -> Workspace:
        """Return the workspace of a build; see `BuildStore.workspace`."""
        return self._workspace(self._folder(digest))

    def write(self, digest: str, frame: pl.DataFrame) -> PartFile:
        """Write a result as one part; see `BuildStore.write`."""
        target = self._folder(digest) / _PARTS / _IN_MEMORY
        save_frame(target, frame)
        return PartFile(target.name, frame.height, target.stat().st_size)

    def save(self, build: FeatureBuild) -> Path:
        """Write the document; see `BuildStore.save`."""
        target = self._folder(build.digest) / _DOCUMENT
        save_json(target, build.to_dict())
        # The rows of the buckets are as large as the tables, and have done their work. A process
        # that still computes from them, in whatever number of buckets, finds the finished build.
        shutil.rmtree(target.parent / _ROWS, ignore_errors=True)
        prune(self._directory, target)
        return target

    def read(self, build: FeatureBuild, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Return the result; see `BuildStore.read`."""
        folder = self._folder(build.digest) / _PARTS
        wanted = None if columns is None else list(columns)
        try:
            return pl.concat(
                pl.read_parquet(folder / part.name, columns=wanted) for part in build.parts
            )
        except (OSError, pl.exceptions.PolarsError) as error:
            raise IntegrityError(
                f"The feature build in {folder.parent} is damaged: {str(error)[:200]}.",
                remedy="Delete that folder; the next command builds it again.",
                code="features-build",
                details={"directory": str(folder.parent)},
            ) from error

    def remove(self, digest: str) -> None:
        """Remove a build; see `BuildStore.remove`."""
        remove_folder(self._folder(digest))

    def _folder(self, digest: str) -> Path:
        return self._directory / digest[:FOLDER_NAME]


def _is_whole(folder: Path, part: PartFile, names: set[str]) -> bool:
    """Tell whether a part is the file that was written: its bytes, rows and columns."""
    file = folder / part.name
    try:
        if file.stat().st_size != part.bytes:
            return False
        footer = pq.read_metadata(file)
    except (OSError, pa.ArrowException):
        return False
    return bool(footer.num_rows == part.rows) and names <= set(footer.schema.names)
