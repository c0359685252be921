"""What reaches what in a store: aliases, versions, logged models, runs, experiments."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import polars as pl

from scorewright.core.rationalise.evidence import DELETED, TOMBSTONE
from scorewright.core.snapshot import Snapshot

__all__ = ["Held", "Node", "Reach", "held_by", "held_runs", "reach_of"]

#: "alias", "version", "model" (a logged one), "run" or "experiment", and its id.
Node = tuple[str, str]
_MODEL_ID = re.compile(r"m-[0-9a-f]{32}")
_PARENT = "mlflow.parentRunId"


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """What points at what.

    Attributes:
        edges: Node -> nodes it needs.
        alive: Nodes that are not deleted; experiments are held, but hold nothing.
    """

    edges: Mapping[Node, tuple[Node, ...]]
    alive: frozenset[Node]


@dataclass(frozen=True, slots=True)
class Held:
    """Something that must stay, and the chain that holds it: from what lives to it."""

    chain: tuple[Node, ...]

    @property
    def said(self) -> str:
        """In words: "alias m@champion -> version m/2 -> run 0b5f..."."""
        return " -> ".join(f"{kind} {key}" for kind, key in self.chain)


@dataclass(frozen=True, slots=True, eq=False)
class _Collected:
    """What was found so far: edges, and what lives."""

    edges: dict[Node, list[Node]] = field(default_factory=dict)
    alive: set[Node] = field(default_factory=set)

    def add(self, node: Node, *needed: Node) -> None:
        self.edges.setdefault(node, []).extend(needed)


def reach_of(snapshot: Snapshot, moved: Mapping[Node, str] | None = None) -> Reach:
    """Collect every reference between what a store holds.

    Args:
        snapshot: The store.
        moved: Runs and logged models that will be in another experiment.
    """
    found = _Collected()
    _runs(snapshot, moved or {}, found)
    _models(snapshot, moved or {}, found)
    _registry(snapshot, found)
    edges = {node: tuple(needed) for node, needed in found.edges.items()}
    return Reach(edges, frozenset(found.alive))


def _runs(snapshot: Snapshot, moved: Mapping[Node, str], found: _Collected) -> None:
    gone = set(snapshot.experiments.filter(pl.col("lifecycle_stage") == DELETED)["experiment_id"])
    runs = snapshot.runs.select("run_id", "experiment_id", "lifecycle_stage")
    for run, experiment, stage in runs.iter_rows():
        node = ("run", run)
        found.add(node, ("experiment", moved.get(node, experiment or "")))
        if stage != DELETED and experiment not in gone:
            found.alive.add(node)
    for run, model in snapshot.run_models.select("run_id", "model_id").iter_rows():
        found.add(("run", run), ("model", model))
    parents = snapshot.tags.filter(pl.col("key") == _PARENT).select("run_id", "value").drop_nulls()
    for run, parent in parents.iter_rows():
        found.add(("run", run), ("run", parent))


def _models(snapshot: Snapshot, moved: Mapping[Node, str], found: _Collected) -> None:
    columns = ("model_id", "experiment_id", "source_run_id", "lifecycle_stage")
    for model, experiment, run, stage in snapshot.logged_models.select(columns).iter_rows():
        node = ("model", model)
        found.add(node, ("experiment", moved.get(node, experiment or "")))
        if run:
            found.add(node, ("run", run))
        if stage != DELETED:
            found.alive.add(node)


def _registry(snapshot: Snapshot, found: _Collected) -> None:
    versions = snapshot.model_versions.select(
        "name", "version", "stage", "run_id", "source", "storage_location"
    )
    for name, number, stage, run, *uris in versions.iter_rows():
        if stage == TOMBSTONE:
            continue
        node = ("version", f"{name}/{number}")
        found.alive.add(node)
        needed = [("run", run)] if run else []
        needed += [("model", model) for uri in uris for model in _MODEL_ID.findall(uri or "")]
        found.add(node, *dict.fromkeys(needed))
    aliases = snapshot.registered_model_aliases.select("name", "alias", "version")
    for name, alias, number in aliases.iter_rows():
        node = ("alias", f"{name}@{alias}")
        found.alive.add(node)
        found.add(node, ("version", f"{name}/{number}"))


def held_by(reach: Reach, doomed: Collection[Node]) -> tuple[Held, ...]:
    """Find what should go although something reaches it that lives and stays.

    Args:
        reach: Of the store.
        doomed: What should go.

    Returns:
        The shortest chain to each, in order of the node.
    """
    starts = sorted(reach.alive - set(doomed))
    before: dict[Node, Node | None] = dict.fromkeys(starts)
    queue = deque(starts)
    while queue:
        node = queue.popleft()
        for needed in reach.edges.get(node, ()):
            if needed not in before:
                before[needed] = node
                queue.append(needed)
    return tuple(Held(_chain(node, before)) for node in sorted(set(doomed)) if node in before)


def _chain(node: Node, before: Mapping[Node, Node | None]) -> tuple[Node, ...]:
    chain, at = [node], before[node]
    while at is not None:
        chain.append(at)
        at = before[at]
    return tuple(reversed(chain))


def held_runs(snapshot: Snapshot) -> frozenset[str]:
    """Return the runs that an alias, version, logged model or child run reaches."""
    reach = reach_of(snapshot)
    return frozenset(
        key for node in reach.alive for kind, key in reach.edges.get(node, ()) if kind == "run"
    )
