"""Experiments and registered models that are in the target keep their own times; it is told."""

# ruff: noqa: S608 - names of tables and columns are our own

from __future__ import annotations

from typing import Final

from scorewright.adapters.store_staging.session import Session, written
from scorewright.core.counting import counted

__all__ = ["tell_own_times"]

_EXAMPLES: Final = 5
#: Table, its words, its times, and what its id in the source becomes in the target.
_TIMED: Final = (
    ("experiments", "experiment", "experiment_id", ("creation_time", "last_update_time")),
    ("registered_models", "registered model", "name", ("creation_time", "last_updated_time")),
)


def tell_own_times(session: Session) -> None:
    """Say which experiments and models of a source join one with other times.

    Not of "Default": every store has one, and a new target's takes its times from all sources.

    Args:
        session: With the source attached, its experiments mapped and its registry decided.
    """
    experiments = dict(session.con.execute("SELECT old, new FROM temp.experiment_map").fetchall())
    for table, words, key, times in _TIMED:
        moved = experiments if table == "experiments" else session.moves.names
        there = {
            row[0]: row[1:]
            for place in ("target", "main")
            for row in session.con.execute(
                f"SELECT {key}, {', '.join(times)} FROM {place}.{table} m"
                f"{f' WHERE {written()}' if place == 'main' else ''}"
            )
        }
        rows = session.con.execute(
            f"SELECT {key}, {', '.join(times)}, name FROM src.{table} ORDER BY rowid"
        ).fetchall()
        names = [
            name
            for thing, *own, name in rows
            if (new := moved.get(thing, thing)) in there and there[new] != tuple(own) and new != 0
        ]
        if names:
            shown = ", ".join(f"'{name}'" for name in names[:_EXAMPLES])
            more = ", ..." if len(names) > _EXAMPLES else ""
            session.notes.append(
                f"{session.label}: {counted(len(names), words)} {_joins(len(names))} the target's, "
                f"with the target's times of making and of the last change: {shown}{more}."
            )


def _joins(number: int) -> str:
    return "joins" if number == 1 else "join"
