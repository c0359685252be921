"""Finished feature builds and those in work, in folders named by their digest."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from scorewright.core.errors import IntegrityError, ScorewrightError
from scorewright.core.features import FeatureBuild
from scorewright.flows.features.ports import Workspace

__all__ = ["DiskBuilds"]

_DOCUMENT: Final = "features.json"
_PARTS: Final = "parts"
_ROWS: Final = "rows"
_NAME_LENGTH: Final = 16


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
        is_whole = all(_is_whole(folder / _PARTS / part, names) for part in build.parts)
        return build if is_whole and build.digest == digest else None

    def workspace(self, digest: str) -> Workspace:
        """Return the workspace of a build; see `BuildStore.workspace`."""
        return self._workspace(self._folder(digest))

    def write(self, digest: str, frame: pl.DataFrame) -> str:
        """Write a result as one part; see `BuildStore.write`."""
        target = self._folder(digest) / _PARTS / "part-0000.parquet"
        aside = _aside(target)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with aside.open("xb") as stream:
                frame.write_parquet(stream, compression="zstd")
                stream.flush()
                os.fsync(stream.fileno())
            aside.replace(target)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise _failed(target, error) from error
        finally:
            _remove(aside)
        return target.name

    def save(self, build: FeatureBuild) -> Path:
        """Write the document; see `BuildStore.save`."""
        target = self._folder(build.digest) / _DOCUMENT
        aside = _aside(target)
        text = json.dumps(build.to_dict(), indent=1, sort_keys=True, allow_nan=False)
        try:
            with aside.open("x", encoding="utf-8", newline="\n") as stream:
                stream.write(text + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            aside.replace(target)
        except OSError as error:
            raise _failed(target, error) from error
        finally:
            _remove(aside)
        # The rows of the buckets are as large as the tables, and have done their work.
        shutil.rmtree(target.parent / _ROWS, ignore_errors=True)
        return target

    def read(self, build: FeatureBuild, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Return the result; see `BuildStore.read`."""
        folder = self._folder(build.digest) / _PARTS
        wanted = None if columns is None else list(columns)
        try:
            return pl.concat(pl.read_parquet(folder / part, columns=wanted) for part in build.parts)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise IntegrityError(
                f"The feature build in {folder.parent} is damaged: {str(error)[:200]}.",
                remedy="Delete that folder; the next command builds it again.",
                code="features-build",
                details={"directory": str(folder.parent)},
            ) from error

    def _folder(self, digest: str) -> Path:
        return self._directory / digest[:_NAME_LENGTH]


def _is_whole(part: Path, names: set[str]) -> bool:
    """Tell whether a part is there to its end, where Parquet says what is in it."""
    try:
        return names <= set(pl.read_parquet_schema(part))
    except (OSError, pl.exceptions.PolarsError):
        return False


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        # The folder is gone or closed to us: then there is nothing of ours in it either.
        return


def _failed(path: Path, error: Exception) -> ScorewrightError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ScorewrightError(
        f"The file {path} could not be written: {reason[:200]}. Nothing half-written counts.",
        remedy="Free space on the disk, or check the permissions of the folder, and run the same "
        "command again.",
        code="write-failed",
        details={"file": str(path)},
    )
