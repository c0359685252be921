"""Nothing that something living reaches is deleted by a plan."""

from __future__ import annotations

from collections.abc import Iterable

from scorewright.core.errors import UsageError
from scorewright.core.plans import FileChange, MoveChange, RowChange, Step
from scorewright.core.rationalise.duplicates import REFERENCE
from scorewright.core.rationalise.evidence import DELETED, Evidence
from scorewright.core.rationalise.places import Places, places_of
from scorewright.core.rationalise.reach import Node, held_by, held_runs, reach_of

__all__ = ["guard"]

_KINDS = {"runs": ("run", "run_uuid"), "experiments": ("experiment", "experiment_id"),
          "logged_models": ("model", "model_id")}  # fmt: skip
_SHOWN = 5


def guard(steps: Iterable[Step], evidence: Evidence) -> None:
    """Refuse steps that delete what a version, alias, logged model or child run reaches.

    It looks at the changes themselves, whoever made them: rows that are marked as deleted or go,
    files that go to the bin, folders that are moved away. A run that moves to another experiment
    in the same plan counts there.

    Args:
        steps: The whole plan.
        evidence: The store it changes.

    Raises:
        UsageError: ``plan-reaches-alive``: the message and ``details`` say what reaches what.
    """
    changes = [change for step in steps for change in step.changes]
    rows = [change for change in changes if isinstance(change, RowChange)]
    doomed = {node for change in rows if (node := _doomed(change))}
    reach = reach_of(evidence.snapshot, _moved(rows))
    held = [item.said for item in held_by(reach, doomed)]
    files = [c for c in changes if isinstance(c, MoveChange) or _goes(c)]
    if files:
        made = {c.path for c in changes if isinstance(c, FileChange) and c.after is not None}
        held += _held_files(files, made, evidence)
    if held:
        raise _alive(held)


def _goes(change: object) -> bool:
    return isinstance(change, FileChange) and change.after is None


def _doomed(change: RowChange) -> Node | None:
    if change.table == "model_versions" and change.after is None:
        return ("version", f"{change.key.get('name')}/{change.key.get('version')}")
    if change.table not in _KINDS:
        return None
    if change.after is not None and change.after.get("lifecycle_stage") != DELETED:
        return None
    kind, column = _KINDS[change.table]
    return (kind, str(change.key[column]))


def _moved(rows: Iterable[RowChange]) -> dict[Node, str]:
    """Return runs and logged models that will be in another experiment."""
    return {
        (_KINDS[change.table][0], str(change.key[_KINDS[change.table][1]])): str(
            change.after["experiment_id"]
        )
        for change in rows
        if change.table in ("runs", "logged_models")
        and change.after is not None
        and "experiment_id" in change.after
    }


def _held_files(
    files: Iterable[FileChange | MoveChange | object], made: set[str], evidence: Evidence
) -> list[str]:
    places, runs = places_of(evidence), held_runs(evidence.snapshot)
    found = []
    for change in files:
        if isinstance(change, MoveChange):
            owners = places.inside(change.path) | places.holding(change.path)
        elif isinstance(change, FileChange):
            owners = _owners(change, made, places, runs)
        else:
            continue
        found += [f"{kind} {key} -> {change.path}" for kind, key in sorted(owners)]
    return found


def _owners(
    change: FileChange, made: set[str], places: Places, runs: frozenset[str]
) -> set[tuple[str, str]]:
    """Return who needs a file; a reference is enough for a run that nothing else reaches."""
    owners = places.holding(change.path)
    if f"{change.path}{REFERENCE}" in made:
        return {o for o in owners if o[0] != "run" or o[1] in runs}
    return owners


def _alive(held: list[str]) -> UsageError:
    shown = "; ".join(held[:_SHOWN])
    more = f"; and {len(held) - _SHOWN} more" if len(held) > _SHOWN else ""
    return UsageError(
        f"The plan would delete what something living reaches: {shown}{more}.",
        remedy="Keep it, archive it instead of deleting it, or delete the version, alias or model "
        "that needs it first.",
        code="plan-reaches-alive",
        details={"held": held},
    )
