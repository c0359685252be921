"""Runs as they lie in the store: ended, complete, with their parents and files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import polars as pl

from scorewright.core.audit.rule import Check, Hit
from scorewright.core.audit.view import StoreView

__all__ = ["RUN_CHECKS"]

#: Beyond this MLflow writes infinity as the largest float.
_INFINITE = 1.797e308
#: A tag with what the run logged of models.
_LOGGED = "mlflow.log-model.history"


def _still_running(view: StoreView) -> Iterator[Hit]:
    hours = view.given.limits.stale_hours
    limit = int((view.given.now - timedelta(hours=hours)).timestamp() * 1000)
    rows = view.runs.filter(
        pl.col("status").is_in(["RUNNING", "SCHEDULED"]), pl.col("start_time").fill_null(0) < limit
    )
    now = int(view.given.now.timestamp() * 1000)
    for run, status, start in rows.select("run_id", "status", "start_time").iter_rows():
        since = "it never told when it began" if start is None else f"{_age(now - start)} ago"
        text = f"{status}, begun {since}" if start is not None else f"{status}, {since}"
        yield Hit((view.subject(run),), text, {"status": status, "start_time": start})


def _age(milliseconds: int) -> str:
    hours = milliseconds // 3_600_000
    return f"{hours // 24:,} days" if hours >= 48 else f"{hours} hours"  # noqa: PLR2004


def _without_reason(view: StoreView) -> Iterator[Hit]:
    told = [view.tag("failure"), view.tag("mlflow.note.content")]
    for status in ("FAILED", "KILLED"):
        ended = view.runs.filter(pl.col("status") == status)["run_id"]
        runs = [r for r in ended if not any(tags.get(r, "").strip() for tags in told)]
        yield Hit(view.subjects(runs), status, {"status": status})


def _lost_folder(view: StoreView) -> Iterator[Hit]:
    """Tell of folders that are gone, although the run is known to have had files."""
    lost = [(run, place) for run, place, was_there in view.once(_absent) if was_there]
    for run, place in lost:
        yield Hit((view.subject(run),), f"no {place}", {"place": place})


def _no_artifacts(view: StoreView) -> Iterator[Hit]:
    """Tell of finished training runs that left nothing behind."""
    lost = {run for run, _, was_there in view.once(_absent) if was_there}
    runs = view.runs.filter(pl.col("is_finished"), pl.col("is_seen")).join(
        view.files.select("run_id").unique(), on="run_id", how="anti", maintain_order="left"
    )
    yield Hit(view.subjects(run for run in runs["run_id"] if run not in lost))


def _absent(view: StoreView) -> list[tuple[str, str, bool]]:
    """Return runs without a folder, its place, and whether there has been one.

    A database says nothing of files; a model that was logged, or registered from the run, does.
    In a tree every run has its folder from the beginning.
    """
    snapshot = view.given.snapshot
    known = {
        *view.tag(_LOGGED),
        *snapshot.model_versions["run_id"].drop_nulls(),
    }
    is_tree = snapshot.source.kind.value == "files"
    rows = view.given.missing.filter(pl.col("owner") == "run", pl.col("reason") == "absent")
    return [
        (run, place or address or "", is_tree or run in known)
        for run, place, address in rows.select("owner_id", "place", "address").iter_rows()
        if run in view.names
    ]


def _lost_parent(view: StoreView) -> Iterator[Hit]:
    every = set(view.given.snapshot.runs["run_id"])
    for run, parent in view.tag("mlflow.parentRunId").items():
        if parent not in view.names:
            state = "deleted" if parent in every else "missing"
            detail = {"parent": parent, "state": state}
            yield Hit((view.subject(run),), f"its parent {parent[:8]} is {state}", detail)


def _not_finite(view: StoreView) -> Iterator[Hit]:
    value = pl.col("value")
    is_nan = pl.col("is_nan").fill_null(value=False) | value.is_nan()
    # What a reader could not turn into a number is none either.
    odd = is_nan.fill_null(value=True) | (value.abs() >= _INFINITE).fill_null(value=True)
    rows = view.given.snapshot.metrics.filter(odd).select(
        "run_id",
        "key",
        shown=pl.when(is_nan.fill_null(value=True))
        .then(pl.lit("NaN"))
        .when(value > 0)
        .then(pl.lit("infinity"))
        .otherwise(pl.lit("-infinity")),
    )
    found: dict[str, dict[str, str]] = {}
    for run, key, shown in rows.iter_rows():
        if run in view.names:
            found.setdefault(run, {})[key] = shown
    for run, values in found.items():
        text = ", ".join(f"{key} = {shown}" for key, shown in values.items())
        yield Hit((view.subject(run),), text, {"metrics": values})


RUN_CHECKS: dict[str, Check] = {
    "RUN-001": _still_running,
    "RUN-002": _without_reason,
    "RUN-003": _lost_folder,
    "RUN-004": _no_artifacts,
    "RUN-006": _lost_parent,
    "RUN-008": _not_finite,
}
