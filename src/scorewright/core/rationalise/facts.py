"""What a run says of itself, all in one place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import polars as pl

from scorewright.core.rationalise.evidence import Evidence

__all__ = ["Figure", "RunFacts", "facts_of", "moment_text"]

_HISTORY = "mlflow.log-model.history"


@dataclass(frozen=True, slots=True)
class Figure:
    """The last value of a metric, its time, and how many values there are."""

    value: float | None
    timestamp: int
    points: int


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run.

    Attributes:
        run_id, name, experiment_id, experiment, status, source_version: As in the store.
        start, end: Milliseconds since 1970, None where not known.
        is_deleted: Whether it, or its experiment, is.
        tags, params: By name.
        figures: Metrics by name.
        datasets: (name, digest, role) of its inputs.
        flavors: Of the models it logged.
    """

    run_id: str
    name: str
    experiment_id: str
    experiment: str
    status: str
    start: int | None
    end: int | None
    source_version: str
    is_deleted: bool
    tags: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    datasets: tuple[tuple[str, str, str], ...] = ()
    flavors: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """For steps: kind, name and id."""
        return f"run {self.name} ({self.run_id})" if self.name else f"run {self.run_id}"


def facts_of(evidence: Evidence, run_ids: Iterable[str]) -> dict[str, RunFacts]:
    """Collect what runs say, in the order of their start.

    Args:
        evidence: The store.
        run_ids: Unknown ones are left out.
    """
    wanted = list(dict.fromkeys(run_ids))
    snapshot = evidence.snapshot
    runs = evidence.of_runs(snapshot.runs, wanted).sort("start_time", "run_id", nulls_last=True)
    experiments = {
        number: (name or "", stage == "deleted")
        for number, name, stage in snapshot.experiments.select(
            "experiment_id", "name", "lifecycle_stage"
        ).iter_rows()
    }
    tags = _pairs(evidence.of_runs(snapshot.tags, wanted))
    params = _pairs(evidence.of_runs(snapshot.params, wanted))
    figures = _figures(evidence.of_runs(snapshot.metrics, wanted))
    datasets = _datasets(evidence, wanted)
    found = {}
    for row in runs.iter_rows(named=True):
        run, own = row["run_id"], tags.get(row["run_id"], {})
        experiment, is_gone = experiments.get(row["experiment_id"], ("", False))
        found[run] = RunFacts(
            run_id=run,
            name=row["name"] or own.get("mlflow.runName", ""),
            experiment_id=row["experiment_id"] or "",
            experiment=experiment,
            status=row["status"] or "",
            start=row["start_time"],
            end=row["end_time"],
            source_version=row["source_version"] or "",
            is_deleted=is_gone or row["lifecycle_stage"] == "deleted",
            tags=own,
            params=params.get(run, {}),
            figures=figures.get(run, {}),
            datasets=datasets.get(run, ()),
            flavors=_flavors(own.get(_HISTORY, "")),
        )
    return found


def _pairs(rows: pl.DataFrame) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for run, key, value in rows.select("run_id", "key", "value").iter_rows():
        if value is not None:
            found.setdefault(run, {})[key] = value
    return found


def _figures(rows: pl.DataFrame) -> dict[str, dict[str, Figure]]:
    found: dict[str, dict[str, Figure]] = {}
    columns = ("run_id", "key", "value", "timestamp", "points", "is_nan")
    for run, key, value, timestamp, points, is_nan in rows.select(columns).iter_rows():
        figure = Figure(None if is_nan else value, timestamp or 0, points or 1)
        found.setdefault(run, {})[key] = figure
    return found


def _datasets(
    evidence: Evidence, run_ids: list[str]
) -> dict[str, tuple[tuple[str, str, str], ...]]:
    inputs = evidence.of_runs(evidence.snapshot.inputs, run_ids)
    rows = inputs.join(evidence.snapshot.datasets, on="dataset_id", how="inner")
    found: dict[str, list[tuple[str, str, str]]] = {}
    for run, *said in rows.select("run_id", "name", "digest", "context").iter_rows():
        name, digest, context = (text or "" for text in said)
        found.setdefault(run, []).append((name, digest, context))
    return {run: tuple(sorted(said)) for run, said in found.items()}


def moment_text(milliseconds: int) -> str:
    """Return milliseconds since 1970 as a time to the minute; stores hold times of no calendar.

    Args:
        milliseconds: Any number.
    """
    try:
        moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{milliseconds} ms after 1970, which no calendar holds"
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def _flavors(history: str) -> frozenset[str]:
    """Read the flavors from the tag in which MLflow lists the models of a run."""
    try:
        document = json.loads(history or "[]")
    except ValueError:
        return frozenset()
    if not isinstance(document, list):
        return frozenset()
    flavors = (m.get("flavors") for m in document if isinstance(m, dict))
    return frozenset(name for some in flavors if isinstance(some, dict) for name in some)
