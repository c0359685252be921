"""The receipt of a table that has been split: written last, believed only if all files fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scorewright.adapters.durable import load_json
from scorewright.adapters.histories.durable import write_document

__all__ = ["RECEIPT", "Split", "SplitReceipt"]

RECEIPT = "receipt.json"


@dataclass(frozen=True, slots=True)
class Split:
    """What was asked for; a receipt of anything else is none.

    Attributes:
        table: Table name.
        columns: Columns of the bucket files, without the applicant's key.
        buckets: How many.
        plan: Digest of the plan's tables and keys.
    """

    table: str
    columns: tuple[str, ...]
    buckets: int
    plan: str


@dataclass(frozen=True, slots=True)
class SplitReceipt:
    """What came of it.

    Attributes:
        rows: Rows that belong to an application.
        orphans: Rows whose parent does not exist.
        files: Per bucket: file name, rows and bytes.
    """

    rows: int
    orphans: int
    files: tuple[tuple[str, int, int], ...]

    def write(self, split: Split, folder: Path) -> None:
        """Write the receipt into the table's folder."""
        document = {"schema_version": 1, "split": _plain(split), **asdict(self)}
        document["files"] = [list(entry) for entry in self.files]
        write_document(folder / RECEIPT, document)

    @classmethod
    def read(cls, split: Split, folder: Path) -> SplitReceipt | None:
        """Return the folder's receipt if it is of this split and every file is there."""
        document = load_json(folder / RECEIPT)
        if document is None or document.get("split") != _plain(split):
            return None
        try:
            receipt = _parsed(document)
        except (KeyError, TypeError, ValueError):
            return None
        return receipt if _are_there(folder, receipt.files) else None


def _plain(split: Split) -> dict[str, Any]:
    return {**asdict(split), "columns": list(split.columns)}


def _parsed(document: Mapping[str, Any]) -> SplitReceipt:
    files = tuple((str(name), int(rows), int(size)) for name, rows, size in document["files"])
    return SplitReceipt(int(document["rows"]), int(document["orphans"]), files)


def _are_there(folder: Path, files: Sequence[tuple[str, int, int]]) -> bool:
    for name, _, size in files:
        path = folder / name
        if not path.is_file() or path.stat().st_size != size:
            return False
    return True
