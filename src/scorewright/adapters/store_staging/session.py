"""The payload, the target's copy and one source's copy, in one SQLite connection."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from scorewright.adapters.store_staging.changes import Changes
from scorewright.core.consolidation import (
    CARRIED,
    QUARANTINE,
    REWRITES,
    Carried,
    Moves,
    RewriteKind,
    rewrite,
)
from scorewright.core.plans import Scalar
from scorewright.flows.store.consolidate_ports import Place, Quarantined

__all__ = [
    "UNIT",
    "UNIT_KINDS",
    "Session",
    "expression",
    "expressions_of",
    "insert_sql",
    "is_place",
    "opened_session",
    "quoted",
    "without_places",
    "written",
]

UNIT: Final = "_unit"
#: Table -> how its units are called.
UNIT_KINDS: Final = {"runs": "runs", "logged_models": "models", "trace_info": "traces"}
_CACHE_KIB: Final = 131072
_PLACES: Final = frozenset(
    {
        RewriteKind.EXPERIMENT_PLACE,
        RewriteKind.RUN_PLACE,
        RewriteKind.MODEL_PLACE,
        RewriteKind.TRACE_PLACE,
    }
)


def quoted(name: str) -> str:
    """Quote a name of the schema."""
    return '"' + name.replace('"', '""') + '"'


class Session:
    """State of a merge.

    Args:
        connection: ``main`` is the payload, ``target`` the target's copy.

    Attributes:
        con: The connection; ``src`` is the source that is merged.
        moves: Old to new, of the source.
        label: Of the source.
        counts: (line of the balance, fate) -> rows.
        changes: Rows of the target that change.
        places: Owner -> place, of the source.
        quarantined, notes: Of all sources.
        grown: Runs, models and traces of the target that an earlier source added to.
        added: Table and owner -> first and last rowid, in the payload, of what was added to those.
        units: Kind and experiment -> units that are used.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.con = connection
        self.moves = Moves({})
        self.label = ""
        self.counts: Counter[tuple[str, str]] = Counter()
        self.changes = Changes()
        self.places: dict[tuple[str, str], Place] = {}
        self.quarantined: list[Quarantined] = []
        self.notes: list[str] = []
        self.grown: set[str] = set()
        self.added: dict[tuple[str, str], list[tuple[int, int]]] = {}
        self.units: dict[str, dict[int, int]] = {}
        self.con.create_function("rewrite", -1, self._rewrite)

    def _rewrite(self, rule: int, value: Scalar, *needs: Any) -> Scalar:  # noqa: ANN401 - any row
        return rewrite(REWRITES[rule].kind, value, needs, self.moves)

    def more(self, table: str, experiment: int) -> str:
        """Return the unit of what is added to things that are in the target already."""
        return f"{UNIT_KINDS[table]}:{experiment}/more"

    def count(self, table: Carried, fate: str, rows: int) -> None:
        """Count rows in the balance."""
        self.counts[table.what, fate] += rows

    def one(self, sql: str, *values: Scalar) -> Any:  # noqa: ANN401 - any value
        """Return the single value of a statement."""
        return self.con.execute(sql, values).fetchone()[0]

    def rows(self, sql: str, *values: Scalar) -> Iterator[dict[str, Any]]:
        """Give rows as dictionaries."""
        cursor = self.con.execute(sql, values)
        names = [column[0] for column in cursor.description]
        for row in cursor:
            yield dict(zip(names, row, strict=True))


def expression(table: Carried, column: str, alias: str = "s") -> str:
    """Return the SQL of a column's new value.

    Args:
        table: Of the source.
        column: Of it.
        alias: Of the table in the statement.
    """
    plain = f"{alias}.{quoted(column)}"
    sql = plain
    for index, rule in enumerate(REWRITES):
        if (rule.table, rule.column) != (table.name, column):
            continue
        needs = "".join(f", {_need(table, need, alias)}" for need in rule.needs)
        call = f"rewrite({index}, {plain}{needs})"
        if rule.when is None:
            sql = call
        else:
            where = f"{alias}.{quoted(rule.when[0])} = '{rule.when[1]}'"
            sql = f"CASE WHEN {where} THEN {call} ELSE {sql} END"
    return sql


def _need(table: Carried, need: str, alias: str) -> str:
    if not need.startswith("@"):
        return f"{alias}.{quoted(need)}"
    owner = next(one for one in CARRIED if one.name == table.part_of)
    return (
        f"(SELECT o.{quoted(need[1:])} FROM src.{quoted(owner.name)} o "
        f"WHERE o.{quoted(owner.key[0])} = {alias}.{quoted(table.owner)})"
    )


def is_place(table: Carried, column: str) -> bool:
    """Tell whether a column is an address that is always written anew, in every row."""
    return any(
        (rule.table, rule.column) == (table.name, column)
        and rule.kind in _PLACES
        and rule.when is None
        for rule in REWRITES
    )


def without_places(table: Carried, alias: str) -> str:
    """Return a condition that leaves out rows that hold nothing but such an address."""
    for rule in REWRITES:
        if rule.table == table.name and rule.kind in _PLACES and rule.when is not None:
            return f"{alias}.{quoted(rule.when[0])} <> '{rule.when[1]}'"
    return "1"


def written(alias: str = "m") -> str:
    """Return a condition that leaves out what is in quarantine."""
    return f"{alias}.{UNIT} <> '{QUARANTINE}'"


def expressions_of(table: Carried) -> str:
    """Return the new values of all columns of a table."""
    return ", ".join(expression(table, column) for column in table.columns)


def insert_sql(table: Carried) -> str:
    """Return the beginning of a statement that writes rows into the payload."""
    names = ", ".join(map(quoted, table.columns))
    return f"INSERT INTO main.{quoted(table.name)} ({names}, {UNIT})"


@contextmanager
def opened_session(payload: Path, target: Path, tables: Sequence[Carried]) -> Iterator[Session]:
    """Make a payload, and open it with the target's copy beside it.

    Args:
        payload: New.
        target: Copy of the target.
        tables: To be made in the payload.
    """
    connection = sqlite3.connect(payload, isolation_level=None)
    try:
        # A crash loses a plan that nobody has seen.
        for pragma in ("synchronous = OFF", "journal_mode = OFF", f"cache_size = -{_CACHE_KIB}"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA temp_store = FILE")
        connection.execute("ATTACH ? AS target", (str(target),))
        connection.execute("BEGIN")
        for table in tables:
            _make(connection, table)
        connection.execute("CREATE TABLE main._files (name TEXT PRIMARY KEY, content BLOB)")
        connection.execute("COMMIT")
        yield Session(connection)
    finally:
        connection.close()


def _make(connection: sqlite3.Connection, table: Carried) -> None:
    types = {
        row[1]: row[2]
        for row in connection.execute(f'PRAGMA target.table_info("{table.name}")').fetchall()
    }
    columns = ", ".join(f"{quoted(name)} {types[name]}" for name in table.columns)
    connection.execute(f"CREATE TABLE main.{quoted(table.name)} ({columns}, {UNIT} TEXT)")
    if not table.part_of:
        key = ", ".join(map(quoted, table.key))
        index = quoted(f"key_{table.name}")
        connection.execute(f"CREATE INDEX main.{index} ON {quoted(table.name)} ({key})")
        for one in table.unique:
            index, key = quoted(f"unique_{table.name}"), ", ".join(map(quoted, one))
            connection.execute(f"CREATE INDEX main.{index} ON {quoted(table.name)} ({key})")
