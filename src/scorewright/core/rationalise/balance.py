"""What becomes of runs, experiments and files in a plan, counted so that it adds up."""

from __future__ import annotations

from collections.abc import Iterable

from scorewright.core.plans import Balance, FileChange, LinkChange, RowChange, Step
from scorewright.core.rationalise.evidence import Evidence

__all__ = ["balance_of", "freed"]


def balance_of(evidence: Evidence, steps: Iterable[Step], merged: int = 0) -> tuple[Balance, ...]:
    """Count what a plan does with the experiments, runs and files that the store has.

    A run that gets another experiment is merged; one that is changed in place, archived or marked
    as deleted is left: it is still there.

    Args:
        evidence: The store.
        steps: Of the plan.
        merged: Experiments that are emptied into others.
    """
    changes = [change for step in steps for change in step.changes]
    moved = {
        str(c.key["run_uuid"])
        for c in changes
        if isinstance(c, RowChange)
        and c.table == "runs"
        and c.after is not None
        and "experiment_id" in c.after
    }
    runs, experiments = evidence.snapshot.runs.height, evidence.snapshot.experiments.height
    lines = [
        Balance("experiments", experiments, merged=merged, left=experiments - merged),
        Balance("runs", runs, merged=len(moved), left=runs - len(moved)),
    ]
    known = {
        f"{(folder or '').rstrip('/')}/{path}"
        for folder, path in evidence.files.select("folder", "path").iter_rows()
    }
    if known:
        shared = {c.path for c in changes if isinstance(c, LinkChange)}
        gone = {c.path for c in changes if isinstance(c, FileChange) and c.after is None}
        count = len(known)
        lines.append(
            Balance(
                "artifact files",
                count,
                duplicate=len(shared),
                quarantined=len(gone),
                left=count - len(shared) - len(gone),
            )
        )
    return tuple(lines)


def freed(steps: Iterable[Step]) -> int:
    """Return the bytes that become free; of files in the bin, when it is purged."""
    total = 0
    for step in steps:
        for change in step.changes:
            if isinstance(change, LinkChange):
                total += change.size
            elif isinstance(change, FileChange):
                total += change.size if change.after is None else -change.size
    return total
