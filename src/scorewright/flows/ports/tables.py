"""Tables and their contracts, as files."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from scorewright.core.contracts import Contract

if TYPE_CHECKING:
    import polars as pl  # the service starts without it

__all__ = ["ContractFiles", "PartReader", "TableFile", "TableReader", "TableSource", "TableWriter"]


@dataclass(frozen=True, slots=True)
class TableFile:
    """Where a table's rows lie.

    Attributes:
        name: Table name.
        patterns: File names, globs or folders, already absolute; or URLs of object storage, of a
            DuckDB file or of a PostgreSQL database.
        separator: Column separator of CSV files.
        null_values: Texts that mean "missing" in CSV files.
        encoding: Text encoding of CSV files.
        relation: Table or view in a database, such as ``public.bureau``.
        shown: The patterns fit to be shown and logged, without passwords and signatures.
    """

    name: str
    patterns: tuple[str, ...]
    separator: str = ","
    null_values: tuple[str, ...] = ("", "NA", "NaN", "nan", "null", "NULL", "None")
    encoding: str = "utf-8"
    relation: str | None = None
    shown: str = ""


class TableReader(Protocol):
    """Reads tables from files."""

    def read(self, table: TableFile) -> pl.DataFrame:
        """Return all rows. CSV columns come as text, Parquet columns with their own types.

        Raises:
            UsageError: ``data-file-missing``, ``data-file-empty``, ``data-encoding``,
                ``data-ragged`` (names the line), ``data-duplicate-column``, ``data-unreadable``,
                ``data-columns-differ`` (files of one glob with different columns).
        """
        ...


class PartReader(TableReader, Protocol):
    """Reads tables whole, or in parts that do not fill the memory."""

    def parts(self, table: TableFile, numbers: Collection[str] = ()) -> Iterator[pl.DataFrame]:
        """Yield all rows in their order, some thousand at a time.

        Args:
            table: Where they lie.
            numbers: Columns of a text table that may come as Float64 where that says no less
                than their texts.

        Raises:
            UsageError: Those of `read`, some of them when rows were yielded before.
        """
        ...


@dataclass(frozen=True, slots=True)
class TableSource:
    """A table and the file of its contract."""

    file: TableFile
    contract_path: Path


class ContractFiles(Protocol):
    """Contracts as files people read and edit."""

    def load(self, path: Path) -> Contract | None:
        """Return the contract, or None where there is no file.

        Raises:
            UsageError: ``contract-invalid``, with file and line.
        """
        ...

    def save(self, contract: Contract, path: Path) -> None:
        """Write the contract aside and rename it."""
        ...


class TableWriter(Protocol):
    """Writes a table to one file, aside first and then renamed."""

    def check(self, path: Path) -> None:
        """Refuse a file that could not be written, before the work for it is done.

        Raises:
            UsageError: ``output-format`` for an unknown suffix; ``output-is-input`` for a file
                that is read.
        """
        ...

    def write(self, frame: pl.DataFrame, path: Path) -> None:
        """Write CSV or Parquet by suffix. Text cells that a spreadsheet would run are escaped.

        Raises:
            UsageError: ``output-format`` for an unknown suffix.
            ScorewrightError: ``write-failed`` (disk full, no permission); nothing is left behind.
        """
        ...
