"""Tables: where the settings say they lie, and who reads them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scorewright.core.project import TableSettings
    from scorewright.flows.ports import (
        TableFile,
        TableReader,
    )

__all__ = ["batch_bytes", "reader", "table_file"]


def table_file(name: str, table: TableSettings, root: Path) -> TableFile:
    """Return where a table's rows lie, with paths made absolute."""
    from scorewright.adapters.histories import shown
    from scorewright.flows.ports import TableFile

    patterns: Iterable[str] = [table.files] if isinstance(table.files, str) else table.files
    places = tuple(p if "://" in p else str(root / p) for p in patterns)
    return TableFile(
        name=name,
        patterns=places,
        separator=table.separator,
        null_values=tuple(table.null_values),
        encoding=table.encoding,
        relation=table.relation,
        shown=", ".join(shown(place) for place in places),
    )


def reader() -> TableReader:
    """Return a reader of tables in files, databases and URLs."""
    from scorewright.adapters.histories import AnyTableReader
    from scorewright.adapters.tables import FileTableReader

    return AnyTableReader(FileTableReader(), os.environ)


def batch_bytes(memory_mb: int) -> int:
    """Return how large a frame of rows may be so that several fit in the memory."""
    return min(16 << 20, (memory_mb << 20) // 32)
