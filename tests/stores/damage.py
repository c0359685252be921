"""Two hundred stores that must be refused, and those that must be read with a finding.

`damaged(folder, seed)` makes them one after the other in folders of their own. What must be
refused: no reader can say truly what the store held, or it never was one. What must be read: one
thing in it is wrong, and the rest must come out whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.stores.damage_case import Damage
from tests.stores.damaged_databases import readable_databases, refused_databases
from tests.stores.damaged_trees import readable_trees, refused_trees

__all__ = ["Damage", "damaged", "readable", "refused"]


def refused(folder: Path, seed: int = 0) -> Iterator[Damage]:
    """Make the 200 stores that a reader must refuse: 142 databases and 58 trees."""
    yield from refused_databases(folder / "databases", seed)
    yield from refused_trees(folder / "trees", seed)


def readable(folder: Path, seed: int = 0) -> Iterator[Damage]:
    """Make the stores that a reader must read, with a finding for what is damaged."""
    yield from readable_databases(folder / "databases")
    yield from readable_trees(folder / "trees", seed)


def damaged(folder: Path, seed: int = 0) -> Iterator[Damage]:
    """Make all of them; each is (name, path, kind, must_refuse, whole_runs)."""
    yield from refused(folder / "refused", seed)
    yield from readable(folder / "readable", seed)
