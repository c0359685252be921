"""What MLflow's migrations would stumble over or delete, kept beside a private copy meanwhile.

- A metric with a number and a NaN at the same step and time stops the migration that makes
  ``latest_metrics`` (89d4b8295536).
- Spans and assessments of a trace that is not there stop the one that gives traces columns for
  their names, tokens and costs (75868b020152). It also deletes the tags, metadata and metrics it
  reads these from, even where the columns do not say all that they said.
- Views on MLflow's tables stop whichever migration makes such a table anew; triggers are lost.
"""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scorewright.adapters.store_staging.session import quoted
from scorewright.adapters.store_staging.trace_rows import (
    COST_COLUMNS,
    TOKEN_COLUMNS,
    TRACE_COST,
    TRACE_NAME,
    TRACE_SESSION,
    TRACE_TOKENS,
)
from scorewright.core.consolidation import TRIGGERS
from scorewright.core.counting import counted

__all__ = ["SetAside"]

_OF_TRACE: Final = "(SELECT 1 FROM main.trace_info i WHERE i.request_id = a.request_id AND {})"
_OF_SPAN: Final = (
    "(SELECT 1 FROM main.spans i WHERE i.trace_id = a.trace_id AND i.span_id = a.span_id AND {})"
)
#: Made by the migration that deletes: without it, that is still to come.
_LATER: Final = "sql_trace_rollup_rebuild_queue"


@dataclass(frozen=True, slots=True)
class _Rule:
    """Rows of a table that are kept.

    Attributes:
        table: The table.
        where: Which of them; the table is ``a``.
        needs: Tables that the condition asks.
        is_said: Condition under which the newer schema says the same, so that nothing comes back.
        is_moved: The rows are taken out; else the migration deletes them.
    """

    table: str
    where: str
    needs: tuple[str, ...] = ()
    is_said: str = "0"
    is_moved: bool = False


def _keys(names: Sequence[str]) -> str:
    return f'a."key" IN ({", ".join(map(repr, names))})'


def _column(names: Sequence[str]) -> str:
    """Return the column that a key of this name is found in."""
    return f'CASE a."key" {" ".join(f"WHEN {name!r} THEN i.{name}" for name in names)} END'


def _object(names: Sequence[str]) -> str:
    """Return whether the columns say all that a JSON object says."""
    columns = ", ".join(f"i.{name}" for name in names)
    return f"EXISTS {_OF_TRACE.format(f'says_all(a.value, {columns})')}"


_NO_TRACE: Final = "a.trace_id NOT IN (SELECT request_id FROM main.trace_info)"

#: Before there was ``latest_metrics``.
_METRICS: Final = (
    _Rule(
        "metrics",
        'a.is_nan AND EXISTS (SELECT 1 FROM main.metrics o WHERE o."key" = a."key" AND '
        "o.timestamp = a.timestamp AND o.step = a.step AND o.run_uuid = a.run_uuid "
        "AND NOT o.is_nan)",
        is_moved=True,
    ),
)  # fmt: skip
#: Before traces had columns for these.
_TRACES: Final = (
    _Rule("spans", _NO_TRACE, ("trace_info",), is_moved=True),
    _Rule("assessments", _NO_TRACE, ("trace_info",), is_moved=True),
    _Rule(
        "trace_tags",
        _keys([TRACE_NAME]),
        is_said=f"EXISTS {_OF_TRACE.format('i.trace_name = a.value')}",
    ),
    _Rule(
        "trace_request_metadata",
        _keys([TRACE_SESSION]),
        is_said=f"EXISTS {_OF_TRACE.format('i.session_id = a.value')}",
    ),
    _Rule("trace_request_metadata", _keys([TRACE_TOKENS]), is_said=_object(TOKEN_COLUMNS)),
    _Rule("trace_request_metadata", _keys([TRACE_COST]), is_said=_object(COST_COLUMNS)),
    _Rule(
        "trace_metrics",
        _keys(TOKEN_COLUMNS),
        is_said=f"EXISTS {_OF_TRACE.format(f'{_column(TOKEN_COLUMNS)} = a.value')}",
    ),
    _Rule(
        "span_metrics",
        _keys(COST_COLUMNS),
        is_said=f"EXISTS {_OF_SPAN.format(f'{_column(COST_COLUMNS)} = a.value')}",
    ),
)


class SetAside:
    """Rows of a private copy while MLflow's migrations run on it.

    Args:
        path: The copy; the rows are kept in a file beside it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._aside = path.with_suffix(".aside")
        self._rules: tuple[_Rule, ...] = ()

    def take(self) -> list[str]:
        """Keep what would be lost, and take out what the migrations would stumble over.

        Returns:
            What a reader should know.
        """
        with self._opened() as connection:
            tables = _names(connection, "table")
            self._rules = tuple(_due(connection, tables))
            for number, rule in enumerate(self._rules):
                connection.execute(
                    f"CREATE TABLE aside.kept_{number} AS "
                    f"SELECT a.* FROM main.{quoted(rule.table)} a WHERE {rule.where}"
                )
                if rule.is_moved:
                    connection.execute(
                        f"DELETE FROM main.{quoted(rule.table)} AS a WHERE {rule.where}"
                    )
            foreign = [("view", name) for name in _names(connection, "view")]
            foreign += [
                ("trigger", name) for name in _names(connection, "trigger") if name not in TRIGGERS
            ]
            for kind, name in foreign:
                connection.execute(f"DROP {kind.upper()} main.{quoted(name)}")
            connection.commit()
        if not foreign:
            return []
        shown = ", ".join(f"{kind} '{name}'" for kind, name in foreign)
        return [f"what is not MLflow's stays behind: {shown}."]

    def put_back(self) -> list[str]:
        """Bring back what the newer schema does not say.

        Returns:
            What a reader should know.
        """
        kept = 0
        with self._opened() as connection:
            for number, rule in enumerate(self._rules):
                kept += _returned(connection, f"kept_{number}", rule) * (not rule.is_moved)
                if rule in _METRICS:
                    _settle_last(connection, f"kept_{number}")
            connection.commit()
        self._aside.unlink(missing_ok=True)
        if not kept:
            return []
        note = (
            f"{counted(kept, 'row')} of names, sessions, tokens or costs of traces say more than "
            "the columns that the newest schema has for them: they stay as they are, too."
        )
        return [note]

    def _opened(self) -> closing[sqlite3.Connection]:
        connection = sqlite3.connect(self._path)
        connection.create_function("says_all", -1, _says_all)
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("ATTACH ? AS aside", (str(self._aside),))
        return closing(connection)


def _names(connection: sqlite3.Connection, kind: str) -> list[str]:
    rows = connection.execute("SELECT name FROM main.sqlite_master WHERE type = ?", (kind,))
    return [name for (name,) in rows]


def _columns(connection: sqlite3.Connection, place: str, table: str) -> list[str]:
    """Return the columns that can be written."""
    rows = connection.execute(f"PRAGMA {place}.table_info({quoted(table)})")
    return [row[1] for row in rows]


def _due(connection: sqlite3.Connection, tables: Sequence[str]) -> Iterator[_Rule]:
    there = set(tables)
    if "latest_metrics" not in there and {"is_nan", "step"} <= set(
        _columns(connection, "main", "metrics")
    ):
        yield from _METRICS
    if _LATER not in there:
        yield from (rule for rule in _TRACES if {rule.table, *rule.needs} <= there)


def _returned(connection: sqlite3.Connection, kept: str, rule: _Rule) -> int:
    there = set(_columns(connection, "main", rule.table))
    shared = [name for name in _columns(connection, "aside", kept) if name in there]
    columns = ", ".join(map(quoted, shared))
    done = connection.execute(
        f"INSERT OR IGNORE INTO main.{quoted(rule.table)} ({columns}) "
        f"SELECT {columns} FROM aside.{kept} a WHERE NOT ({rule.is_said})"
    )
    return max(done.rowcount, 0)


def _settle_last(connection: sqlite3.Connection, kept: str) -> None:
    """Choose the last value as MLflow does: the larger one, as stored, at one step and time."""
    rows = connection.execute(
        f'SELECT value, is_nan, run_uuid, "key", step, timestamp FROM aside.{kept}'
    ).fetchall()
    connection.executemany(
        "UPDATE main.latest_metrics SET value = ?1, is_nan = ?2 WHERE run_uuid = ?3 "
        'AND "key" = ?4 AND step = ?5 AND timestamp = ?6 AND value < ?1',
        rows,
    )


def _says_all(text: object, *columns: object) -> bool:
    """Tell whether columns of tokens, or of costs, hold every entry of a JSON object."""
    names = TOKEN_COLUMNS if len(columns) == len(TOKEN_COLUMNS) else COST_COLUMNS
    try:
        said = json.loads(str(text))
    except ValueError:
        return False
    if not isinstance(said, dict) or not said:
        return False
    found = {name: value for name, value in zip(names, columns, strict=True) if value is not None}
    return all(
        type(value) in (int, float) and found.get(name) == value for name, value in said.items()
    )
