"""Tables and contracts in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from scorewright.core.contracts import Contract
from scorewright.flows.ports import TableFile


@dataclass(frozen=True)
class MemoryReader:
    """A `TableReader` over frames in memory."""

    frames: Mapping[str, pl.DataFrame]

    def read(self, table: TableFile) -> pl.DataFrame:
        return self.frames[table.name]


@dataclass
class MemoryContracts:
    """A `ContractFiles` that keeps documents in memory."""

    files: dict[Path, dict[str, Any]] = field(default_factory=dict)

    def load(self, path: Path) -> Contract | None:
        document = self.files.get(path)
        return None if document is None else Contract.from_dict(document)

    def save(self, contract: Contract, path: Path) -> None:
        self.files[path] = contract.to_dict()
