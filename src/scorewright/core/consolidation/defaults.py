"""What the experiment "Default" of a new store takes over from those of its sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scorewright.core.plans import Row

__all__ = ["DefaultFound", "default_columns", "default_created", "default_notes"]


@dataclass(frozen=True, slots=True)
class DefaultFound:
    """An experiment "Default" as a store has it.

    Attributes:
        label: Of the store, short.
        is_deleted: Softly.
        is_used: Holds runs, logged models or traces.
        created: In milliseconds since 1970; None where the store does not say.
        updated: The same of its last change.
    """

    label: str
    is_deleted: bool = False
    is_used: bool = False
    created: int | None = None
    updated: int | None = None


def default_created(found: Sequence[DefaultFound]) -> int | None:
    """Return the earliest time of making that is known."""
    return min((one.created for one in found if one.created is not None), default=None)


def default_columns(found: Sequence[DefaultFound]) -> Row | None:
    """Return further columns in which it differs from one that MLflow has just made.

    It is deleted where all of them are that hold anything: an unused one, which every store has,
    says nothing. The last change is the latest one. What no source knows stays unknown.

    Args:
        found: Of all sources that have one.

    Returns:
        None where no source has one.
    """
    if not found:
        return None
    updated = max((one.updated for one in found if one.updated is not None), default=None)
    columns: Row = {"last_update_time": updated}
    if default_created(found) is None:
        columns["creation_time"] = None
    if all(one.is_deleted for one in _telling(found)):
        columns["lifecycle_stage"] = "deleted"
    return columns


def default_notes(
    found: Sequence[DefaultFound], *, is_deleted: bool | None = None
) -> tuple[str, ...]:
    """Say of which sources "Default" is deleted, or is not, other than in the target.

    Args:
        found: Of all sources that have one.
        is_deleted: In a target that is there; None for a new one.
    """
    if not found:
        return ()
    if is_deleted is None:
        is_deleted = all(one.is_deleted for one in _telling(found))
    here, there = ("deleted", "active") if is_deleted else ("active", "deleted")
    return tuple(
        f"{one.label}: the experiment 'Default' is {there} in the source and {here} in the "
        f"target: {'what it holds joins that one' if one.is_used else 'it holds nothing'}."
        for one in found
        if one.is_deleted is not is_deleted and (one.is_used or one.is_deleted)
    )


def _telling(found: Sequence[DefaultFound]) -> Sequence[DefaultFound]:
    return [one for one in found if one.is_used] or found
