"""Write a table to one file: whole, or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final

import polars as pl

from scorewright.adapters.guarded import sync_directory
from scorewright.core.errors import ScorewrightError, UsageError

__all__ = ["FileTableWriter", "csv_text"]

_CSV: Final = {".csv": ",", ".tsv": "\t"}
_PARQUET: Final = (".parquet", ".pq")
_RUNS: Final = r"^([=+\-@\t\r])"


class FileTableWriter:
    """`TableWriter` over files: written aside, flushed to disk, then renamed.

    In CSV a text that a spreadsheet would run as a formula (it begins with ``= + - @``, TAB or CR)
    gets an apostrophe in front; numbers are left alone.

    Args:
        kept: Files that are read: none of them is ever replaced.
    """

    def __init__(self, kept: Iterable[Path] = ()) -> None:
        self._kept = tuple(kept)

    def check(self, path: Path) -> None:
        """Refuse a suffix that is neither CSV nor Parquet, and a file that is read.

        Raises:
            UsageError: ``output-format``, ``output-is-input``.
        """
        if path.exists() and any(kept.exists() and path.samefile(kept) for kept in self._kept):
            raise UsageError(
                f"The output {path} is a file that is read: it would be replaced by the result.",
                remedy="Name another file for the output.",
                code="output-is-input",
                details={"file": str(path)},
            )
        suffix = path.suffix.lower()
        if suffix not in (*_CSV, *_PARQUET):
            raise UsageError(
                f"The output {path} has the suffix '{suffix}', which is neither CSV nor Parquet.",
                remedy=f"Use one of: {', '.join((*_CSV, *_PARQUET))}.",
                code="output-format",
                details={"file": str(path)},
            )

    def write(self, frame: pl.DataFrame, path: Path) -> None:
        """Write CSV, TSV or Parquet by suffix, replacing an existing file in one step.

        Args:
            frame: The rows.
            path: Target; its folder must exist.

        Raises:
            UsageError: ``output-format`` for an unknown suffix.
            ScorewrightError: ``write-failed`` (disk full, no permission, no such folder);
                neither a part of the file nor an aside file is left behind.
        """
        self.check(path)
        suffix = path.suffix.lower()
        aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            with aside.open("xb") as stream:
                _put(frame, stream, suffix)
                stream.flush()
                os.fsync(stream.fileno())
            aside.replace(path)
            sync_directory(path.parent)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise _failed(path, error) from error
        finally:
            # Gone already where the rename went well; also cleans up after an interrupt.
            _remove(aside)


def csv_text(frame: pl.DataFrame) -> str:
    """Return rows as CSV in which nothing would be run by a spreadsheet.

    Args:
        frame: The rows.
    """
    return _harmless(frame).write_csv()


def _put(frame: pl.DataFrame, stream: BinaryIO, suffix: str) -> None:
    if suffix in _PARQUET:
        frame.write_parquet(stream)
        return
    _harmless(frame).write_csv(stream, separator=_CSV[suffix])


def _harmless(frame: pl.DataFrame) -> pl.DataFrame:
    """Put an apostrophe before texts, and column names, that a spreadsheet would run."""
    texts = [name for name, dtype in frame.schema.items() if _is_text(dtype)]
    safe = frame.with_columns(
        pl.col(name).cast(pl.String).str.replace(_RUNS, "'${1}") for name in texts
    )
    runs = pl.Series(frame.columns, dtype=pl.String).str.contains(_RUNS).to_list()
    return safe.rename(
        {name: f"'{name}" for name, would in zip(frame.columns, runs, strict=True) if would}
    )


def _is_text(dtype: pl.DataType) -> bool:
    return dtype == pl.String or isinstance(dtype, pl.Categorical | pl.Enum)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        # The folder is gone or closed to us: then there is nothing of ours in it either.
        return


def _failed(path: Path, error: Exception) -> ScorewrightError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ScorewrightError(
        f"The file {path} could not be written: {reason[:200]}. Nothing was left behind.",
        remedy="Free space on the disk, or name a folder that exists and that you may write to.",
        code="write-failed",
        details={"file": str(path)},
    )
