"""The experiment "Default" of a store that is read for a consolidation."""

from __future__ import annotations

from scorewright.core.consolidation import DEFAULT, DefaultFound
from scorewright.core.snapshot import Snapshot

__all__ = ["default_found"]

_COLUMNS = ("name", "experiment_id", "lifecycle_stage", "creation_time", "last_update_time")


def default_found(snapshot: Snapshot, label: str) -> DefaultFound | None:
    """Return the "Default" of a store; None where it has none.

    Args:
        snapshot: Of the store.
        label: Of the store, short.
    """
    for name, number, stage, created, updated in snapshot.experiments.select(_COLUMNS).iter_rows():
        if name == DEFAULT:
            is_used = _is_used(snapshot, number)
            return DefaultFound(label, stage == "deleted", is_used, created, updated)
    return None


def _is_used(snapshot: Snapshot, number: str) -> bool:
    frames = (snapshot.runs, snapshot.logged_models, snapshot.traces)
    return any(number in set(frame["experiment_id"].to_list()) for frame in frames)
