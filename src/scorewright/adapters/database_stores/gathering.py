"""Everything a database holds, table by table, and the doubts about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from scorewright.adapters.database_stores.checks import check_default, check_workspaces
from scorewright.adapters.database_stores.dangling import dangling
from scorewright.adapters.database_stores.layouts import judge_revision, layout_of
from scorewright.adapters.database_stores.links import (
    count_others,
    count_traces,
    read_input_tags,
    read_inputs,
    read_run_models,
)
from scorewright.adapters.database_stores.metrics import (
    METRIC_TABLES,
    read_history,
    read_metrics,
)
from scorewright.adapters.database_stores.refusals import invalid
from scorewright.adapters.database_stores.rows import Doubts, frame_of
from scorewright.adapters.database_stores.session import Session
from scorewright.adapters.database_stores.tables import PLAIN, statement
from scorewright.core.findings import Finding
from scorewright.core.snapshot import Snapshot, Source, snapshot_of
from scorewright.flows.events import Notify, StageDone, StageStarted, StepDone

__all__ = ["gather", "require_store"]

_STAGE: Final = "read"
_LINKS: Final = {
    "metrics": read_metrics,
    "inputs": read_inputs,
    "input_tags": read_input_tags,
    "run_models": read_run_models,
    "traces": count_traces,
}
_NOTHING: Final[frozenset[str]] = frozenset()
_STATUS: Final = {"0": "UNSPECIFIED", "1": "PENDING", "2": "READY", "3": "FAILED"}
#: What every MLflow has; a store without one of them is not whole, however it looks.
_LEAST: Final = {
    "experiments": {"experiment_id", "name"},
    "runs": {"run_uuid", "experiment_id"},
    "params": {"run_uuid", "key", "value"},
    "tags": {"run_uuid", "key", "value"},
    "metrics": {"run_uuid", "key", "value"},
}


def gather(
    session: Session, source: Source, head: str, notify: Notify, *, history: bool
) -> Snapshot:
    """Read a store within its open transaction.

    Args:
        session: The open store.
        source: Location, kind and folder; the schema is looked up.
        head: Revision of the installed MLflow.
        notify: Told of each table.
        history: Read every value of every metric too.

    Raises:
        ScorewrightError: ``store-invalid``: there is no MLflow store in the database.
    """
    require_store(session, source.location)
    revision = _revision(session)
    reading = _Reading(session, source.location, notify)
    tables = reading.tables()
    past = reading.history() if history else None
    findings = (
        *judge_revision(revision, head, source.location),
        *reading.findings,
        *dangling(tables),
        *check_default(tables["experiments"], source.location),
        *check_workspaces(tables, source.location),
    )
    notify(StageDone(_STAGE, _summary(tables)))
    described = Source(
        location=source.location,
        kind=source.kind,
        folder=source.folder,
        revision=revision,
        layout=layout_of(revision),
        is_current=revision == head,
    )
    return snapshot_of(described, _named(tables), past, findings)


class _Reading:
    """Reads table after table and keeps the doubts about each."""

    def __init__(self, session: Session, location: str, notify: Notify) -> None:
        self._session = session
        self._location = location
        self._notify = notify
        self._done = 0
        self.findings: list[Finding] = []

    def tables(self) -> dict[str, pl.DataFrame]:
        there = self._session.columns
        plain = [name for name, source in PLAIN.items() if source.table in there]
        self._notify(StageStarted(_STAGE, len(plain) + len(_LINKS) + 1))
        found = {}
        for name in plain:
            doubts = Doubts()
            found[name] = frame_of(self._session, *statement(self._session, name), doubts)
            self._finish(name, doubts)
        for name, read in _LINKS.items():
            doubts = Doubts()
            found[name] = read(self._session, doubts)
            self._finish(name, doubts)
        carried = {PLAIN[name].table for name in plain} | {
            *METRIC_TABLES,
            "trace_info",
            "input_tags",
        }
        found["others"] = count_others(self._session, carried)
        self._finish("others", Doubts())
        return found

    def history(self) -> pl.DataFrame:
        doubts = Doubts()
        past = read_history(self._session, doubts)
        self._finish("history", doubts)
        return past

    def _finish(self, name: str, doubts: Doubts) -> None:
        self._done += 1
        self._notify(StepDone(_STAGE, self._done, name))
        if doubts.latin:
            self.findings.append(
                Finding(
                    code="STORE-028",
                    severity="warning",
                    subject=name,
                    message=f"{doubts.latin} texts of '{name}' are not UTF-8; they were read as "
                    "Latin-1.",
                    remedy="Nothing has to be done: a consolidated store holds them as UTF-8.",
                    evidence={"texts": doubts.latin},
                )
            )
        if doubts.lost:
            self.findings.append(
                Finding(
                    code="STORE-031",
                    severity="warning",
                    subject=name,
                    message=f"{doubts.lost} values of '{name}' are not of the type of their "
                    "column and were left out.",
                    remedy="Look at the examples; correct them in the program that wrote them.",
                    evidence={"values": doubts.lost, "examples": doubts.examples},
                )
            )


def require_store(session: Session, location: str) -> None:
    """Make sure, by tables and columns alone, that a database holds a store.

    Args:
        session: The open database.
        location: For people.

    Raises:
        ScorewrightError: ``store-invalid``.
    """
    there = session.columns
    lacking = [name for name, wanted in _LEAST.items() if not wanted <= there.get(name, _NOTHING)]
    if not lacking:
        return
    if not {"experiments", "runs"} & set(lacking):
        raise invalid(f"the database holds a store without its table '{lacking[0]}'", location)
    raise invalid(f"the database holds {'no MLflow store' if there else 'nothing'}", location)


def _revision(session: Session) -> str:
    if "version_num" not in session.columns.get("alembic_version", frozenset()):
        return ""
    sql = 'SELECT "version_num" FROM "alembic_version"'
    rows = [str(row[0]) for chunk in session.chunks(sql) for row in chunk]
    return "+".join(sorted(rows))


def _named(tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Give runs their names and logged models the words of their states."""
    tag = tables["tags"] if "tags" in tables else pl.DataFrame(schema=_TAG)
    tag = tag.filter(pl.col("key") == "mlflow.runName").select("run_id", said="value")
    runs = tables["runs"]
    if "name" not in runs.columns:
        runs = runs.with_columns(pl.lit(None, pl.String).alias("name"))
    runs = runs.join(tag, on="run_id", how="left", maintain_order="left").with_columns(
        pl.when(pl.col("name").fill_null("") == "").then("said").otherwise("name").alias("name")
    )
    named = {**tables, "runs": runs}
    if "logged_models" in tables:
        named["logged_models"] = tables["logged_models"].with_columns(
            pl.col("status").replace(_STATUS)
        )
    return named


_TAG: Final = {"run_id": pl.String(), "key": pl.String(), "value": pl.String()}


def _summary(tables: Mapping[str, pl.DataFrame]) -> str:
    counts = {
        name: tables[name].height
        for name in ("experiments", "runs", "metrics", "params")
        if name in tables
    }
    return ", ".join(f"{rows:,} {name}" for name, rows in counts.items())
