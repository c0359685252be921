"""A portfolio as a folder of Parquet files, one folder per table, one file per part."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl
from filelock import FileLock, Timeout

from scorewright.adapters.portfolio.aside import folder_failed, write_aside
from scorewright.core.digests import sha256_hex
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.flows.generate import PartFile, PartRecord

__all__ = ["ParquetPortfolioStore"]

_MANIFEST: Final = "portfolio.json"
_RECORDS: Final = ".parts"  # hidden: readers of the folder see tables only
_IDENTITY: Final = "portfolio.json"
_LOCK: Final = "lock"


@dataclass(frozen=True, slots=True)
class ParquetPortfolioStore:
    """`PortfolioStore` over a folder.

    ``OUT/<table>/part-00000.parquet`` holds the rows, ``OUT/.parts/00000.json`` says that all
    files of a part are complete, ``OUT/portfolio.json`` that all parts are.

    Attributes:
        root: The folder.
    """

    root: Path

    @contextlib.contextmanager
    def reserve(self, document: Mapping[str, Any]) -> Iterator[None]:
        """Keep the folder for one portfolio and one run at a time.

        Raises:
            UsageError: ``portfolio-other``.
            ScorewrightError: ``portfolio-busy``, ``write-failed``.
        """
        records = self.root / _RECORDS
        try:
            self._refuse_other(document)
            records.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise folder_failed(records, error) from error
        with _locked(records / _LOCK):
            self._refuse_other(document)
            write_aside(records / _IDENTITY, _json(document))
            self._sweep()
            yield

    def done(self) -> dict[int, PartRecord]:
        """Return the parts whose record and files are all there, in their recorded size."""
        found = {}
        for file in sorted((self.root / _RECORDS).glob("[0-9]*.json")):
            record = _record(file)
            if record is not None and self._is_whole(record):
                found[record.index] = record
        return found

    def write(self, index: int, tables: Mapping[str, pl.DataFrame]) -> PartRecord:
        """Write a part: each table aside and renamed, then the record.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        files = {name: _put(self._file(name, index), table) for name, table in tables.items()}
        labels = tables["application"]["TARGET"]
        record = PartRecord(index, int(labels.count()), int(labels.sum() or 0), files)
        write_aside(self.root / _RECORDS / f"{index:05d}.json", _json(asdict(record)))
        return record

    def finish(self, manifest: Mapping[str, Any]) -> None:
        """Write ``portfolio.json``.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        write_aside(self.root / _MANIFEST, _json(manifest))

    def location(self) -> str:
        """Return the folder."""
        return str(self.root)

    def _file(self, table: str, index: int) -> Path:
        return self.root / table / f"part-{index:05d}.parquet"

    def _is_whole(self, record: PartRecord) -> bool:
        return all(
            _size(self._file(table, record.index)) == file.size
            for table, file in record.files.items()
        )

    def _refuse_other(self, document: Mapping[str, Any]) -> None:
        if not self.root.exists():
            return
        if not self.root.is_dir():
            raise _other(self.root, "is a file")
        identity = self.root / _RECORDS / _IDENTITY
        if not identity.exists():
            if any(entry.name != _RECORDS for entry in self.root.iterdir()):
                raise _other(self.root, "holds something that is no portfolio of this command")
            return
        if identity.read_bytes() != _json(document):
            raise _other(self.root, "holds a portfolio of another specification")

    def _sweep(self) -> None:
        """Remove what a killed run left aside; this run holds the lock, so it is nobody's."""
        for part in self.root.glob("*/.*.part"):
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ScorewrightError(
            f"Another run is writing the portfolio in {file.parent.parent} at this moment.",
            remedy="Wait for it to end, or name another folder with --out.",
            code="portfolio-busy",
            details={"folder": str(file.parent.parent)},
        ) from error
    except OSError as error:
        raise folder_failed(file, error) from error
    try:
        yield
    finally:
        lock.release()


def _put(file: Path, table: pl.DataFrame) -> PartFile:
    buffer = io.BytesIO()
    table.write_parquet(buffer, compression="zstd", compression_level=1)
    data = buffer.getvalue()
    write_aside(file, data)
    return PartFile(table.height, len(data), sha256_hex(data))


def _json(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, indent=2, allow_nan=False) + "\n").encode()


def _record(file: Path) -> PartRecord | None:
    """Read a record; one that cannot be read counts as none, its part is made again."""
    try:
        document = json.loads(file.read_bytes())
        files = {name: PartFile(**entry) for name, entry in document["files"].items()}
        return PartRecord(document["index"], document["labelled"], document["bads"], files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return -1


def _other(folder: Path, what: str) -> UsageError:
    return UsageError(
        f"The output {folder} {what}. Nothing was changed.",
        remedy="Name a new or empty folder with --out, or remove that one yourself.",
        code="portfolio-other",
        details={"folder": str(folder)},
    )
