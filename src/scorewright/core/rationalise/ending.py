"""Runs that never ended, ended without a reason, or hang on a parent that is gone."""

from __future__ import annotations

from collections.abc import Iterable

from scorewright.core.plans import Row
from scorewright.core.rationalise.evidence import Evidence
from scorewright.core.rationalise.facts import RunFacts, facts_of, moment_text
from scorewright.core.rationalise.ideas import Idea, Proposal, SetRow, run_tag

__all__ = ["end_runs", "explain_ends", "free_children"]

_FAILURE = "failure"
_PARENT = "mlflow.parentRunId"
#: Their schema knows no status KILLED.
_WITHOUT_KILLED = ("MLflow before 1.0", "MLflow 1.0 to 1.9")
_FORMER = "scorewright.former_parent"


def end_runs(evidence: Evidence, run_ids: Iterable[str]) -> Proposal:
    """End stale runs as KILLED at their last sign of life, with a reason.

    Args:
        evidence: The store.
        run_ids: Runs that are RUNNING or SCHEDULED for too long.
    """
    ideas = []
    is_old = evidence.snapshot.source.layout in _WITHOUT_KILLED
    killed = "FAILED" if is_old else "KILLED"
    for run in facts_of(evidence, run_ids).values():
        signs = [figure.timestamp for figure in run.figures.values() if figure.timestamp > 0]
        last = max([run.start or 0, *signs])
        sign = "its last metric" if signs and last == max(signs) else "its start"
        end = last or evidence.milliseconds
        reason = (
            f"ended on {moment_text(evidence.milliseconds)} by a plan: {run.status} without a sign "
            f"of life since {moment_text(end)} ({sign})"
        )
        values: Row = {"status": killed, "end_time": end}
        ideas.append(
            Idea(
                "end_run",
                run.label,
                f"End it as {killed} at {moment_text(end)}, the time of {sign}.",
                "RUN-001",
                (SetRow("runs", {"run_uuid": run.run_id}, values, is_made=False),
                 run_tag(run.run_id, _FAILURE, run.tags.get(_FAILURE, "").strip() or reason)),
            )
        )  # fmt: skip
    return Proposal(tuple(ideas))


def explain_ends(evidence: Evidence, run_ids: Iterable[str]) -> Proposal:
    """Say of runs that FAILED or were KILLED what is known of the reason.

    Args:
        evidence: The store.
        run_ids: Runs without a reason.
    """
    ideas = []
    for run in facts_of(evidence, run_ids).values():
        reason = f"not recorded: {_known(run)}"
        ideas.append(
            Idea(
                "explain_end",
                run.label,
                f"Set {_FAILURE} = {reason}.",
                "RUN-002",
                (run_tag(run.run_id, _FAILURE, reason),),
            )
        )
    return Proposal(tuple(ideas))


def _known(run: RunFacts) -> str:
    parts = [run.status]
    if run.start is not None and run.end is not None:
        parts.append(f"after {max(run.end - run.start, 0) / 60_000:.1f} minutes")
    if run.figures:
        last = max(figure.timestamp for figure in run.figures.values())
        parts.append(f"its last metric was logged at {moment_text(last)}")
    else:
        parts.append("no metric was logged")
    return ", ".join(parts)


def free_children(evidence: Evidence, run_ids: Iterable[str]) -> Proposal:
    """Take the parent from runs whose parent is gone; its id is kept in another tag.

    Args:
        evidence: The store.
        run_ids: Runs whose parent is missing or deleted.
    """
    ideas = []
    for run in facts_of(evidence, run_ids).values():
        parent = run.tags.get(_PARENT, "")
        if parent:
            ideas.append(
                Idea(
                    "free_child",
                    run.label,
                    f"Take away its parent {parent}, which is gone; {_FORMER} keeps the id.",
                    "RUN-006",
                    (run_tag(run.run_id, _PARENT, None), run_tag(run.run_id, _FORMER, parent)),
                )
            )
    return Proposal(tuple(ideas))
