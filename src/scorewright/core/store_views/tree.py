"""A store's structure at a glance: experiments, parent runs, children, registered models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from scorewright.core.counting import counted
from scorewright.core.snapshot import Snapshot
from scorewright.core.store_views.census import census_of, versions_of
from scorewright.core.store_views.kinship import Kin, kinship
from scorewright.core.store_views.words import bytes_text, state_of

__all__ = ["Node", "NodeKind", "TreeWish", "tree_of"]

NodeKind = Literal["store", "experiment", "run", "more", "registry", "model", "version", "files"]


@dataclass(frozen=True, slots=True)
class TreeWish:
    """How much of the tree is shown.

    Attributes:
        depth: 1 shows experiments and registered models, 2 runs and versions, 3 and more children.
        limit: Of a longer list the notable ones are shown first, then the oldest; 0 shows all.
        has_files: Whether files were listed: without, no run is said to lack artifacts.
    """

    depth: int = 3
    limit: int = 10
    has_files: bool = True


@dataclass(frozen=True, slots=True)
class Node:
    """A part of the tree.

    Attributes:
        kind: ``more`` stands for what was folded.
        id: Id, or name and number of a version; "" for what has none.
        label: What people call it.
        markers: What is notable: "deleted", "running", "production", "without artifacts", ...
        counts: Counts, such as runs.
        children: What is shown below it.
    """

    kind: NodeKind
    id: str
    label: str
    markers: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    children: tuple[Node, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {
            "kind": self.kind,
            "id": self.id,
            "label": self.label,
            "markers": list(self.markers),
            "counts": dict(self.counts),
            "children": [child.to_dict() for child in self.children],
        }

    def text(self) -> str:
        """Return its counts in words, "" without any."""
        nouns = {"runs": "run", "children": "child", "versions": "version", "files": "file"}
        parts = []
        for key, count in self.counts.items():
            if key == "bytes":
                parts += [bytes_text(count)] if count else []
            elif key in nouns:
                text = counted(count, nouns[key])
                parts += [text] if count or key == "runs" else []
            elif count:
                parts.append(f"{count:,} {key.replace('_', ' ')}")
        return ", ".join(parts)


def tree_of(snapshot: Snapshot, files: pl.DataFrame, wish: TreeWish | None = None) -> Node:
    """Arrange a store as a tree.

    A run below a parent that is not there, that lies in another experiment or that is its own
    offspring stands at the top of its experiment, with a marker that says so.

    Args:
        snapshot: The store.
        files: Its artifact files, columns of `scorewright.core.snapshot.FILES`.
        wish: How much of it.
    """
    wished = wish or TreeWish()
    # What lives stands before what was deleted.
    runs = census_of(snapshot, files).sort("state", maintain_order=True)
    grower = _Grower(wished, kinship(runs), _run_markers(runs, wished))
    experiments = tuple(grower.experiments(snapshot, runs))
    registry = _registry(snapshot, wished)
    nobodys = files.filter(pl.col("owner") == "")
    parts = [*experiments, *([registry] if registry else [])]
    if nobodys.height:
        counts = {"files": nobodys.height, "bytes": int(nobodys["size"].sum())}
        folders = counted(nobodys["folder"].n_unique(), "folder")
        parts.append(Node("files", "", f"{folders} of artifacts that belong to nobody", (), counts))
    active = runs.filter(pl.col("state") == "active")
    counts = {
        "runs": active.height,
        "deleted": runs.height - active.height,
        "files": files.height,
        "bytes": int(files["size"].sum()),
    }
    return Node("store", "", snapshot.source.location, (), counts, tuple(parts))


@dataclass(frozen=True, slots=True)
class _Grower:
    """Makes the nodes of experiments and runs; only of those that are shown."""

    wish: TreeWish
    kin: Kin
    markers: Mapping[str, tuple[str, tuple[str, ...]]]

    def experiments(self, snapshot: Snapshot, runs: pl.DataFrame) -> Iterator[Node]:
        """Yield a node per experiment, active ones first, and one for runs of none."""
        counts = _counts(runs, has_files=self.wish.has_files)
        rows = snapshot.experiments.unique("experiment_id", keep="first").select(
            "experiment_id", "name", state=state_of()
        )
        order = ("state", pl.col("experiment_id").cast(pl.Int64, strict=False), "experiment_id")
        for experiment, name, state in rows.sort(*order).iter_rows():
            label = name or f"experiment {experiment}"
            markers = ("deleted",) if state == "deleted" else ()
            yield self._experiment(experiment, label, markers, counts)
        lost = set(counts) - set(rows["experiment_id"].to_list())
        for experiment in sorted(lost):
            yield self._experiment(experiment, experiment, ("experiment missing",), counts)

    def _experiment(
        self,
        experiment: str,
        label: str,
        markers: tuple[str, ...],
        counts: Mapping[str, Mapping[str, int]],
    ) -> Node:
        below = self._list(self.kin.tops.get(experiment, ()), 2)
        mine = counts.get(experiment, {"runs": 0})
        return Node("experiment", experiment, label, markers, mine, below)

    def _list(self, runs: Sequence[str], depth: int) -> tuple[Node, ...]:
        if depth > self.wish.depth or not runs:
            return ()
        limit = self.wish.limit
        # One more line shows a run as well as it shows "1 more".
        if not limit or len(runs) <= limit + 1:
            return tuple(self._run(run, depth) for run in runs)
        notable = [run for run in runs if self._is_notable(run)]
        chosen = set([*notable, *(run for run in runs if not self._is_notable(run))][:limit])
        shown = [self._run(run, depth) for run in runs if run in chosen]
        return (*shown, _more(len(runs) - limit))

    def _run(self, run: str, depth: int) -> Node:
        label, markers = self.markers[run]
        children = self.kin.children.get(run, ())
        counts = {"children": len(children)} if children else {}
        odd = self.kin.odd.get(run)
        told = (*markers, odd) if odd else markers
        return Node("run", run, label, told, counts, self._list(children, depth + 1))

    def _is_notable(self, run: str) -> bool:
        told = self.markers[run][1]
        return any(one == "production" or one.startswith("version ") for one in told)


def _more(count: int) -> Node:
    return Node("more", "", f"... {count:,} more", counts={"folded": count})


def _counts(runs: pl.DataFrame, *, has_files: bool) -> dict[str, dict[str, int]]:
    is_active = pl.col("state") == "active"
    counted = runs.group_by("experiment_id").agg(
        runs=is_active.sum(),
        deleted=(~is_active).sum(),
        running=(is_active & (pl.col("status") == "RUNNING")).sum(),
        failed=(is_active & pl.col("status").is_in(["FAILED", "KILLED"])).sum(),
        without_name=(is_active & (pl.col("name") == "")).sum(),
        without_artifacts=(is_active & (pl.col("files") == 0) & has_files).sum(),
        files=pl.col("files").sum(),
        bytes=pl.col("bytes").sum(),
    )
    return {row.pop("experiment_id") or "": row for row in counted.iter_rows(named=True)}


def _run_markers(runs: pl.DataFrame, wish: TreeWish) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return label and markers by run id."""
    marked: dict[str, tuple[str, tuple[str, ...]]] = {}
    columns = ("run_id", "name", "state", "status", "is_production", "versions", "files")
    for run, name, state, status, is_production, versions, files in runs.select(
        columns
    ).iter_rows():
        told = []
        if state == "deleted":
            told.append("deleted")
        if status in {"RUNNING", "FAILED", "KILLED", "SCHEDULED"}:
            told.append(str(status).lower())
        if is_production:
            told.append("production")
        told += [f"version {one}" for one in versions.split(", ") if one]
        if wish.has_files and not files and state == "active":
            told.append("without artifacts")
        if not name:
            told.append("without name")
        marked[run] = (name or run, tuple(told))
    return marked


def _registry(snapshot: Snapshot, wish: TreeWish) -> Node | None:
    versions = versions_of(snapshot)
    names = pl.concat([snapshot.registered_models["name"], versions["name"]]).unique().drop_nulls()
    if names.is_empty():
        return None
    known = set(snapshot.runs["run_id"].to_list())
    grouped: dict[str, list[Node]] = {}
    for row in versions.iter_rows(named=True):
        stage = row["stage"]
        markers = [f"@{alias}" for alias in row["aliases"]]
        markers += [stage.lower()] if stage and stage != "None" else []
        if row["run_id"] and row["run_id"] not in known:
            markers.append("run missing")
        label = f"version {row['version']}" + (
            f" of run {row['run_id'][:8]}" if row["run_id"] else ""
        )
        one = Node("version", f"{row['name']}/{row['version']}", label, tuple(markers))
        grouped.setdefault(row["name"], []).append(one)
    models = []
    for name in names.sort().to_list():
        mine = grouped.get(name, [])
        counts = {"versions": len(mine)}
        shown = _folded(mine, wish.limit) if wish.depth > 1 else ()
        models.append(
            Node("model", name, name, () if mine else ("without versions",), counts, shown)
        )
    return Node("registry", "", "registered models", (), {}, tuple(models))


def _folded(nodes: list[Node], limit: int) -> tuple[Node, ...]:
    """Keep the newest versions and those with a marker."""
    if not limit or len(nodes) <= limit + 1:
        return tuple(nodes)
    marked = [node for node in nodes if node.markers]
    others = [node for node in reversed(nodes) if not node.markers]
    chosen = {node.id for node in [*marked, *others][:limit]}
    return (*(node for node in nodes if node.id in chosen), _more(len(nodes) - limit))
