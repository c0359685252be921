"""Runs without a value that MLflow needs to show them; the schema does not ask for it."""

# ruff: noqa: S608 - names of columns are those of our own list

from __future__ import annotations

from typing import Final

from scorewright.adapters.store_staging.session import Session, quoted
from scorewright.core.consolidation import NEEDED
from scorewright.core.counting import counted

__all__ = ["fill_lacking"]

_EXAMPLES: Final = 5


def fill_lacking(session: Session) -> None:
    """Give runs of the private copy what MLflow cannot do without, and say so.

    Without it MLflow shows no run of the whole experiment.

    Args:
        session: With the source attached.
    """
    for column, value in NEEDED.items():
        name = quoted(column)
        lacking = f"FROM src.runs WHERE {name} IS NULL"
        rows = session.one(f"SELECT COUNT(*) {lacking}")
        if not rows:
            continue
        some = session.con.execute(f"SELECT run_uuid {lacking} ORDER BY 1 LIMIT {_EXAMPLES}")
        shown = ", ".join(str(run) for (run,) in some.fetchall())
        session.con.execute(f"UPDATE src.runs SET {name} = ? WHERE {name} IS NULL", (value,))
        session.notes.append(
            f"{session.label}: {counted(rows, 'run')} without {column}, which MLflow needs, "
            f"carried with {value!r}: {shown}{', ...' if rows > _EXAMPLES else ''}."
        )
