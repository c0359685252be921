"""What a store holds: totals, and a row per experiment, run or file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal, get_args

import polars as pl

from scorewright.core.counting import counted
from scorewright.core.errors import UsageError
from scorewright.core.findings import Finding
from scorewright.core.snapshot import Snapshot, Source
from scorewright.core.store_views.census import census_of
from scorewright.core.store_views.inventory_rows import (
    best_first,
    experiment_rows,
    file_rows,
    model_rows,
)
from scorewright.core.store_views.inventory_texts import experiment_texts, file_texts, run_texts
from scorewright.core.store_views.totals import totals_of
from scorewright.core.store_views.words import (
    bytes_text,
    figure_text,
    plain,
)

__all__ = ["LEVELS", "InventoryLevel", "MetricWish", "StoreInventory", "take_inventory"]

InventoryLevel = Literal["experiments", "runs", "files"]
LEVELS: tuple[InventoryLevel, ...] = get_args(InventoryLevel)
#: Without a wish the best run is told by the first of these that a run has.
_USUAL = "roc_auc"


@dataclass(frozen=True, slots=True)
class MetricWish:
    """By which metric the best run is told.

    Attributes:
        key: Its name; ``mean_<key>`` stands in for it in runs that logged only that. None asks
            for ``roc_auc`` where there is one.
        minimise: The least value is the best.
    """

    key: str | None = None
    minimise: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class StoreInventory:
    """What a store holds.

    Attributes:
        source: The store.
        totals: Counts and bytes of the whole store.
        metric: By which the best runs were told, "" if no run has it.
        minimise: Whether the least value is the best.
        experiments: One row each, deleted ones last.
        runs: One row each; see `census_of`, and ``value`` of the metric.
        files: One row each: ``owner``, ``owner_id``, ``name`` of the owner, ``path``, ``size``,
            ``modified`` (UTC), ``inode``, ``sha256``, ``folder``.
        models: Registered models: ``name``, ``versions``, ``aliases``, ``stages``.
        findings: What could not be read.
    """

    source: Source
    totals: Mapping[str, int]
    metric: str
    minimise: bool
    experiments: pl.DataFrame
    runs: pl.DataFrame
    files: pl.DataFrame
    models: pl.DataFrame
    findings: tuple[Finding, ...]

    def frame(self, level: InventoryLevel) -> pl.DataFrame:
        """Return the rows of a level."""
        return {"experiments": self.experiments, "runs": self.runs, "files": self.files}[level]

    def to_dict(self, level: InventoryLevel = "experiments") -> dict[str, Any]:
        """Return the JSON document of ``scorewright store inventory --json``."""
        return {
            "schema_version": 1,
            "location": self.source.location,
            "kind": self.source.kind.value,
            "layout": self.source.layout,
            "revision": self.source.revision,
            "totals": dict(self.totals),
            "metric": self.metric or None,
            "minimise": self.minimise,
            "level": level,
            level: _rows(self.frame(level)),
            "models": _rows(self.models),
            "findings": [
                {"code": f.code, "severity": f.severity, "subject": f.subject, "message": f.message}
                for f in self.findings
            ],
        }

    def pairs(self) -> list[tuple[str, str]]:
        """Return the totals for people."""
        totals = self.totals
        runs = counted(totals["runs"], "run")
        states = [
            f"{totals[key]:,} {word}"
            for key, word in (
                ("running", "running"), ("failed", "failed"), ("children", "below a parent"),
                ("without_name", "without a name"), ("without_artifacts", "without artifacts"),
            )
            if totals[key]
        ]  # fmt: skip
        pairs = [
            ("store", self.source.location),
            ("layout", " · ".join(p for p in (self.source.kind.value, self.source.layout) if p)),
            ("experiments", _with_deleted(totals, "experiments")),
            ("runs", _with_deleted(totals, "runs") + (f": {', '.join(states)}" if states else "")),
            ("metrics, parameters, tags", self._logged()),
            ("models", self._models()),
            ("artifacts", self._artifacts()),
        ]
        if self.metric:
            way = "least" if self.minimise else "greatest"
            pairs.append((f"best run ({way} {self.metric})", self._best() or f"none of {runs}"))
        return pairs

    def table(self, level: InventoryLevel) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Return headings and rows of a level for people."""
        match level:
            case "experiments":
                return experiment_texts(self.experiments, self.metric)
            case "runs":
                return run_texts(self.runs, self.metric)
            case "files":
                return file_texts(self.files)

    def _logged(self) -> str:
        totals = self.totals
        return (
            f"{totals['metrics']:,} (with {totals['points']:,} values), {totals['params']:,}, "
            f"{totals['tags']:,}"
        )

    def _models(self) -> str:
        totals = self.totals
        return (
            f"{counted(totals['logged_models'], 'logged model')}, "
            f"{counted(totals['registered_models'], 'registered model')} with "
            f"{counted(totals['versions'], 'version')} and "
            f"{counted(totals['aliases'], 'alias')}"
        )

    def _artifacts(self) -> str:
        totals = self.totals
        text = f"{counted(totals['files'], 'file')}, {bytes_text(totals['bytes'])}"
        if totals["nobodys_files"]:
            size = bytes_text(totals["nobodys_bytes"])
            text += f"; {totals['nobodys_files']:,} of them ({size}) belong to nobody"
        return text

    @property
    def best(self) -> Mapping[str, Any]:
        """The row of the best active run; empty where none has the metric."""
        best = self.runs.filter(pl.col("state") == "active").drop_nulls("value")
        if best.is_empty():
            return {}
        return best_first(best, minimise=self.minimise).row(0, named=True)

    def _best(self) -> str:
        if not (row := self.best):
            return ""
        return (
            f"{figure_text(row['value'])}  {row['name'] or row['run_id']}  in {row['experiment']}"
        )


def take_inventory(
    snapshot: Snapshot,
    files: pl.DataFrame,
    wish: MetricWish | None = None,
    findings: Sequence[Finding] = (),
) -> StoreInventory:
    """Count what a store holds.

    Args:
        snapshot: The store.
        files: Its artifact files, columns of `scorewright.core.snapshot.FILES`.
        wish: The metric of the best runs.
        findings: What the inventory of files could not read; the snapshot's come first.

    Raises:
        UsageError: ``metric-unknown``: no run has the metric that was wished for.
    """
    wished = wish or MetricWish()
    metric = _metric(snapshot, wished.key)
    runs = census_of(snapshot, files)
    values = _values(snapshot, metric)
    runs = runs.join(values, on="run_id", how="left", maintain_order="left")
    return StoreInventory(
        source=snapshot.source,
        totals=totals_of(snapshot, runs, files),
        metric=metric,
        minimise=wished.minimise,
        experiments=experiment_rows(snapshot, runs, minimise=wished.minimise),
        runs=runs,
        files=file_rows(snapshot, runs, files),
        models=model_rows(snapshot),
        findings=(*snapshot.findings, *findings),
    )


def _metric(snapshot: Snapshot, key: str | None) -> str:
    known = snapshot.metrics["key"].unique().drop_nulls().sort().to_list()
    if key is None:
        return _USUAL if {_USUAL, f"mean_{_USUAL}"} & set(known) else ""
    if key in known or f"mean_{key}" in known:
        return key
    near = get_close_matches(key, known, 5, 0.4) or known[:5]
    raise UsageError(
        f"No run of {snapshot.source.location} has the metric '{key}'.",
        remedy=f"Take one of: {', '.join(near)}." if near else "The store has no metrics at all.",
        code="metric-unknown",
        details={"metric": key, "near": near},
    )


def _values(snapshot: Snapshot, metric: str) -> pl.DataFrame:
    """Return the last value of a metric by run, or of its mean where a run has only that."""
    rows = snapshot.metrics.filter(
        pl.col("key").is_in([metric, f"mean_{metric}"]),
        pl.col("value").is_finite(),
        ~pl.col("is_nan").fill_null(value=False),
    ).with_columns(is_mean=pl.col("key") != metric)
    return (
        rows.sort("is_mean")
        .unique("run_id", keep="first", maintain_order=True)
        .select("run_id", "value")
    )


def _with_deleted(totals: Mapping[str, int], key: str) -> str:
    deleted = totals[f"deleted_{key}"]
    return f"{totals[key]:,}" + (f" (and {deleted:,} deleted)" if deleted else "")


def _rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return [
        {key: plain(value) for key, value in row.items()} for row in frame.iter_rows(named=True)
    ]
