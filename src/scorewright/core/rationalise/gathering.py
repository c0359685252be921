"""Which runs are gathered onto which: found by id or by name, with what they differ in."""

from __future__ import annotations

import polars as pl

from scorewright.core.conventions import ARCHIVE_PREFIX
from scorewright.core.errors import UsageError
from scorewright.core.rationalise.evidence import Evidence
from scorewright.core.rationalise.facts import RunFacts, facts_of
from scorewright.core.rationalise.gather import Gather, is_carried
from scorewright.core.rationalise.ideas import Idea, Proposal
from scorewright.core.rationalise.wish import Wish

__all__ = ["gathered"]

_LEAST_ID = 6
_SHOWN = 5


def gathered(evidence: Evidence, wish: Wish) -> Proposal:
    """Make the ideas that bring scattered metadata onto one run.

    Args:
        evidence: The store.
        wish: Its ``gather``.

    Raises:
        UsageError: ``run-unknown``, ``rationalise-contradiction``.
    """
    ideas, notes = [], []
    for name, others in wish.gather.items():
        into = _run(evidence, wish, name)
        givers = [_run(evidence, wish, other) for other in others]
        runs = facts_of(evidence, [into, *givers])
        if into in givers:
            raise UsageError(
                f"The run '{name}' cannot be gathered onto itself.",
                remedy="Correct [store.rationalise] gather.",
                code="rationalise-contradiction",
            )
        said = ", ".join(runs[giver].label for giver in givers)
        ideas.append(
            Idea(
                "gather_metadata",
                runs[into].label,
                f"Copy parameters, metrics and tags that only these have: {said}.",
                tasks=(Gather(into, tuple(givers)),),
            )
        )
        notes += [n for giver in givers if (n := _conflicts(runs[into], runs[giver]))]
    return Proposal(tuple(ideas), tuple(notes))


def _conflicts(into: RunFacts, giver: RunFacts) -> str:
    """Say what both have with different values, which stays with each."""
    keys = [k for k, v in giver.params.items() if into.params.get(k, v) != v]
    keys += [k for k, v in giver.tags.items() if is_carried(k) and into.tags.get(k, v) != v]
    keys += [
        key
        for key, figure in giver.figures.items()
        if key in into.figures and into.figures[key].value != figure.value
    ]
    if not keys:
        return ""
    shown = ", ".join(sorted(set(keys))[:_SHOWN])
    more = f" and {len(set(keys)) - _SHOWN} more" if len(set(keys)) > _SHOWN else ""
    return f"{into.label} and {giver.label} differ in {shown}{more}: each keeps its own."


def _run(evidence: Evidence, wish: Wish, name: str) -> str:
    """Find a run by id, its beginning, or "experiment/name", before or after the wish."""
    runs = evidence.snapshot.runs
    found = runs.filter(pl.col("run_id") == name)["run_id"].to_list()
    if not found and "/" in name:
        experiment, _, own = name.partition("/")
        named = evidence.snapshot.experiments.filter(
            pl.col("name").is_in(sorted(_known_as(experiment, wish)))
        )
        found = (
            runs.filter(pl.col("name") == own)
            .join(named, on="experiment_id", how="semi")["run_id"]
            .to_list()
        )
    elif not found and len(name) >= _LEAST_ID:
        found = runs.filter(pl.col("run_id").str.starts_with(name))["run_id"].to_list()
    if len(found) != 1:
        what = f"{len(found)} runs are" if found else "no run is"
        raise UsageError(
            f"In [store.rationalise] gather, {what} meant by '{name}'.",
            remedy="Name a run by its id, the first characters of its id, or experiment/name.",
            code="run-unknown",
        )
    return str(found[0])


def _known_as(experiment: str, wish: Wish) -> set[str]:
    """Return the names under which the runs of an experiment are found, now or afterwards."""
    names, name = {experiment}, experiment
    while wish.merge.get(name, experiment) not in names:
        name = wish.merge[name]
        names.add(name)
    names |= {wish.rename[name] for name in tuple(names) if name in wish.rename}
    return names | {f"{ARCHIVE_PREFIX}{name}" for name in names if name in wish.archive}
