"""Which run stands below which."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

__all__ = ["Kin", "kinship"]


@dataclass(frozen=True, slots=True)
class Kin:
    """Parents and children of a store's runs.

    Attributes:
        tops: Experiment id -> runs at its top, in the order of the table.
        children: Run id -> runs below it.
        odd: Run id -> why it stands at the top although it names a parent.
    """

    tops: Mapping[str, Sequence[str]]
    children: Mapping[str, Sequence[str]]
    odd: Mapping[str, str]


def kinship(runs: pl.DataFrame) -> Kin:
    """Find out who stands below whom; every run stands in exactly one place.

    Args:
        runs: ``run_id``, ``experiment_id`` and ``parent_id``, one row per run.
    """
    rows = list(runs.select("run_id", "experiment_id", "parent_id").iter_rows())
    homes = {run: home for run, home, _ in rows}
    parents = {run: parent for run, _, parent in rows if parent}
    odd: dict[str, str] = {}
    for run, parent in parents.items():
        if parent not in homes:
            odd[run] = "parent missing"
        elif homes[parent] != homes[run]:
            odd[run] = "parent in another experiment"
    settled: set[str] = set()
    for run in homes:
        _break_circle(run, parents, odd, settled)
    tops: dict[str, list[str]] = defaultdict(list)
    children: dict[str, list[str]] = defaultdict(list)
    for run, home in homes.items():
        if run in parents and run not in odd:
            children[parents[run]].append(run)
        else:
            tops[home or ""].append(run)
    return Kin(tops, children, odd)


def _break_circle(
    run: str, parents: Mapping[str, str], odd: dict[str, str], settled: set[str]
) -> None:
    """Put the run with the least id of a circle of parents to the top."""
    path: list[str] = []
    seen: set[str] = set()
    while run not in settled and run in parents and run not in odd and run not in seen:
        path.append(run)
        seen.add(run)
        run = parents[run]
    if run in seen:
        odd[min(path[path.index(run) :])] = "parent is its own offspring"
    settled.update(path)
