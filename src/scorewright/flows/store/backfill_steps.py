"""A run's backfill as a step of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from scorewright.core.backfill import Backfill
from scorewright.core.counting import counted
from scorewright.core.digests import sha256_hex
from scorewright.core.plans import Change, FileChange, Row, RowChange, Step
from scorewright.flows.ports import ChartRenderer
from scorewright.flows.store.backfill_evidence import Evidence

__all__ = ["rendered", "step_of"]


def rendered(made: Backfill, charts: ChartRenderer) -> dict[str, bytes]:
    """Return the content of every file by name, charts as PNG, in order of the names."""
    return {
        name: content if isinstance(content, bytes) else charts.png(content)
        for name, content in sorted(made.files.items())
    }


def step_of(evidence: Evidence, made: Backfill, files: Mapping[str, bytes]) -> Step:
    """Put everything that is added to a run into one step: files first, then rows.

    Args:
        evidence: The run.
        made: What is added.
        files: Content by name; the payload has them as ``<run id>/<name>``.
    """
    run = evidence.facts.run_id
    counts = {
        "metric": len({*made.metrics, *made.histories}),
        "parameter": len(made.params),
        "tag": len(made.tags),
        "file": len(files),
    }
    told = ", ".join(counted(count, what) for what, count in counts.items() if count)
    changes: list[Change] = [
        FileChange(
            path=f"{evidence.folder.rstrip('/')}/{name}",
            before=None,
            after=sha256_hex(content),
            size=len(content),
            origin=f"payload:{run}/{name}",
        )
        for name, content in files.items()
    ]
    changes += _metrics(run, made, evidence.facts.now)
    changes += [_text("params", run, key, value) for key, value in sorted(made.params.items())]
    changes += [_text("tags", run, key, value) for key, value in sorted(made.tags.items())]
    return Step(
        operation="backfill_run",
        subject=f"run {evidence.facts.record.name} ({run})",
        sentence=f"Add {told} from {evidence.facts.origin}",
        changes=tuple(changes),
    )


def _metrics(run: str, made: Backfill, now: datetime) -> Iterator[RowChange]:
    timestamp = round(now.timestamp() * 1000)
    values = {**{name: (value,) for name, value in made.metrics.items()}, **made.histories}
    for name, points in sorted(values.items()):
        rows: list[Row] = [
            {
                "key": name,
                "value": float(value),
                "timestamp": timestamp,
                "step": step,
                "is_nan": False,
                "run_uuid": run,
            }
            for step, value in enumerate(points)
        ]
        for row in rows:
            key = {k: row[k] for k in ("run_uuid", "key", "timestamp", "step")}
            yield RowChange("metrics", key, None, row)
        latest = rows[-1]
        key = {k: latest[k] for k in ("run_uuid", "key")}
        yield RowChange("latest_metrics", key, None, latest)


def _text(table: str, run: str, key: str, value: str) -> RowChange:
    place: Row = {"run_uuid": run, "key": key}
    return RowChange(table, place, None, {**place, "value": value})
