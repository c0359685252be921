"""One damaged store."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

__all__ = ["Damage"]


class Damage(NamedTuple):
    """A damaged store.

    Attributes:
        name: What is wrong, unique among all cases.
        path: The database file, or the root folder of the tree.
        kind: `sqlite` or `file`.
        must_refuse: True: no snapshot; False: a snapshot and at least one finding.
        whole_runs: Runs that come out whole where it is read (a damaged run not counted).
    """

    name: str
    path: Path
    kind: str
    must_refuse: bool
    whole_runs: int = 0
