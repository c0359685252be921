"""What a comparison of two stores says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

__all__ = ["Compared", "EntityKind", "StoreComparison"]

EntityKind = Literal["experiment", "run", "logged model", "registered model", "model version"]


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """One kind of thing, compared.

    Attributes:
        kind: What is compared.
        same: How many are in both stores and equal.
        only_a, only_b: ``id`` and ``label`` of what only one store has.
        by_content: ``id_a`` and ``id_b`` of runs that have different ids and the same content.
        differences: ``id_a``, ``id_b``, ``label``, ``field``, ``a``, ``b``; null where lacking.
    """

    kind: EntityKind
    same: int
    only_a: pl.DataFrame
    only_b: pl.DataFrame
    by_content: pl.DataFrame
    differences: pl.DataFrame

    @property
    def differing(self) -> int:
        """How many are in both stores and differ."""
        return self.differences["id_a"].n_unique()

    @property
    def is_same(self) -> bool:
        """Whether both stores hold the same."""
        return not (self.only_a.height or self.only_b.height or self.differences.height)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form that names everything."""
        return {
            "kind": self.kind,
            "same": self.same,
            "differing": self.differing,
            "only_a": self.only_a.to_dicts(),
            "only_b": self.only_b.to_dicts(),
            "by_content": self.by_content.to_dicts(),
            "differences": self.differences.to_dicts(),
        }


@dataclass(frozen=True, slots=True, eq=False)
class StoreComparison:
    """Two stores, compared.

    Attributes:
        a, b: Their locations.
        parts: In a fixed order.
        has_history: Whether every value of every metric was compared, or the last ones only.
        has_files: Whether artifact files were compared.
    """

    a: str
    b: str
    parts: tuple[Compared, ...]
    has_history: bool
    has_files: bool

    @property
    def is_same(self) -> bool:
        """Whether both stores hold the same."""
        return all(part.is_same for part in self.parts)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``scorewright store compare --json``."""
        return {
            "schema_version": 1,
            "a": self.a,
            "b": self.b,
            "same": self.is_same,
            "history": self.has_history,
            "artifacts": self.has_files,
            "parts": [part.to_dict() for part in self.parts],
        }

    def table(self) -> list[tuple[str, ...]]:
        """Return counts by kind: only in A, only in B, same, differing, matched by content."""
        return [
            (
                f"{part.kind}s", f"{part.only_a.height:,}", f"{part.only_b.height:,}",
                f"{part.same:,}", f"{part.differing:,}", f"{part.by_content.height:,}",
            )
            for part in self.parts
        ]  # fmt: skip

    def only_rows(self, limit: int) -> list[tuple[str, ...]]:
        """Return store, kind, name and id of what only one has, at most ``limit`` per list."""
        rows: list[tuple[str, ...]] = []
        for part in self.parts:
            for store, frame in (("A", part.only_a), ("B", part.only_b)):
                rows += [(store, part.kind, label, key) for key, label in frame[:limit].iter_rows()]
                if frame.height > limit:
                    rows.append((store, part.kind, f"... {frame.height - limit:,} more", ""))
        return rows

    def difference_rows(self, limit: int) -> list[tuple[str, ...]]:
        """Return kind, name, field, and both values, at most ``limit`` per kind."""
        rows: list[tuple[str, ...]] = []
        for part in self.parts:
            shown = part.differences[:limit].select("label", "field", "a", "b")
            rows += [
                (part.kind, label, field, _cell(a), _cell(b)) for label, field, a, b in shown.rows()
            ]
            if part.differences.height > limit:
                more = f"... {part.differences.height - limit:,} more fields"
                rows.append((part.kind, more, "", "", ""))
        return rows


def _cell(value: str | None) -> str:
    return "(none)" if value is None else value
