"""Nothing is lost in silence: a store with rows that nobody knows stops the plan."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

from typing import Final

from scorewright.adapters.store_staging.session import Session, quoted
from scorewright.core.consolidation import (
    CARRIED,
    COLUMNS,
    GENERATED,
    LEFT,
    TRIGGERS,
    WORKSPACE,
)
from scorewright.core.counting import counted
from scorewright.core.errors import FindingsError
from scorewright.flows.store.consolidate_ports import Stage

__all__ = ["require_known"]

_TABLES: Final = (
    "SELECT name FROM src.sqlite_master WHERE type = 'table' "
    "AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name"
)
_BESIDE: Final = (
    "SELECT type, name FROM src.sqlite_master WHERE type IN ('view', 'trigger') "
    "ORDER BY type DESC, name"
)
_ALEMBIC_LEFTOVERS: Final = "_alembic_tmp_"


def require_known(session: Session, stage: Stage) -> None:
    """Hold the tables of a source against those that are carried or left.

    Args:
        session: With the source attached.
        stage: For people.

    Raises:
        FindingsError: ``consolidate-unknown-table``, ``consolidate-workspaces``.
    """
    unknown = []
    for (name,) in session.con.execute(_TABLES).fetchall():
        rows = session.one(f"SELECT COUNT(*) FROM src.{quoted(name)}")
        if not rows:
            continue
        if name in LEFT:
            if name not in ("alembic_version", "workspaces"):
                session.notes.append(
                    f"{session.label}: {rows:,} rows of '{name}' stay behind: {LEFT[name]}."
                )
                session.counts["left tables", "left"] += rows
            continue
        if name not in COLUMNS:
            unknown.append(f"{name} ({rows:,} rows)")
            continue
        unknown += _unknown_columns(session, name)
    if unknown:
        raise FindingsError(
            f"{stage.location} holds what this release does not know: {', '.join(unknown)}. "
            "Nothing is left behind in silence, so no plan was made.",
            remedy="Upgrade: pip install --upgrade scorewright. If the table is your own, drop it "
            "from a copy of the database and consolidate the copy.",
            code="consolidate-unknown-table",
            details={"unknown": unknown},
        )
    _require_one_workspace(session, stage)
    _note_workspaces(session)
    _note_beside(session)


def _unknown_columns(session: Session, name: str) -> list[str]:
    found = session.con.execute(f"PRAGMA src.table_xinfo({quoted(name)})").fetchall()
    columns = [row[1] for row in found]
    extra = [c for c in columns if c not in COLUMNS[name] and (name, c) not in GENERATED]
    filled = [
        column
        for column in extra
        if session.one(
            f"SELECT EXISTS (SELECT 1 FROM src.{quoted(name)} WHERE {quoted(column)} IS NOT NULL)"
        )
    ]
    lacking = [c for c in COLUMNS[name] if c not in columns]
    return [f"{name}.{c}" for c in filled] + [f"{name} without {c}" for c in lacking]


def _require_one_workspace(session: Session, stage: Stage) -> None:
    found: set[str] = set()
    for table in CARRIED:
        if "workspace" in table.columns:
            found |= {
                row[0]
                for row in session.con.execute(
                    f"SELECT DISTINCT workspace FROM src.{quoted(table.name)}"
                )
            }
    if others := sorted(found - {"default"}):
        raise FindingsError(
            f"{stage.location} holds workspaces beside the default one: {', '.join(others)}. Names "
            "of experiments and models may come twice there.",
            remedy="Bring each workspace into a database of its own first: "
            "mlflow db move-resources",
            code="consolidate-workspaces",
            details={"workspaces": others},
        )


def _note_workspaces(session: Session) -> None:
    """Say what of the settings of workspaces stays behind; none has rows but the default one.

    They are not carried: the places in them are those of the old server.
    """
    there = list(session.rows("SELECT * FROM target.workspaces"))
    found = session.rows("SELECT * FROM src.workspaces ORDER BY name")
    rows = [row for row in found if row not in there]
    others = [str(row["name"]) for row in rows if row["name"] != WORKSPACE["name"]]
    own = {
        column: value
        for row in rows
        for column, value in row.items()
        if row["name"] == WORKSPACE["name"] and value not in (None, "", WORKSPACE.get(column))
    }
    session.counts["left tables", "left"] += len(others) + bool(own)
    if own:
        said = ", ".join(f"{column} {value!r}" for column, value in own.items())
        session.notes.append(
            f"{session.label}: settings of the workspace 'default' stay behind: {said}."
        )
    if others:
        session.notes.append(
            f"{session.label}: {counted(len(others), 'workspace')} without experiments and models "
            f"{'stays' if len(others) == 1 else 'stay'} behind: {', '.join(others)}."
        )


def _note_beside(session: Session) -> None:
    """Say which views and triggers somebody else has put into the store."""
    found = session.con.execute(_BESIDE).fetchall()
    foreign = [f"{kind} '{name}'" for kind, name in found if name not in TRIGGERS]
    if foreign:
        session.notes.append(
            f"{session.label}: what is not MLflow's stays behind: {', '.join(foreign)}."
        )
