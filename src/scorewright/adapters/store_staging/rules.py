"""What a database demands of rows, as conditions in SQL: read from the schema of the target."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NoReturn

from scorewright.adapters.store_staging.session import Session, quoted, written
from scorewright.core.consolidation import INT4, Carried, length_of
from scorewright.core.plans import Scalar

__all__ = ["Rule", "schema_rules", "server_rules", "types_of"]

_CHECK: Final = re.compile(r"\bCHECK\s*\(", re.IGNORECASE)
_IS_JSON: Final = "is_json"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, and the rows ``m`` that break it.

    Attributes:
        columns: Which the rule is about.
        broken: Condition in SQL that is true for rows that break it.
        what: Which these rows have, in words.
        is_given: The rule is that there is a value: it says nothing of columns that a change does
            not name.
    """

    columns: tuple[str, ...]
    broken: str
    what: str
    is_given: bool = False


def types_of(session: Session, table: Carried) -> dict[str, str]:
    """Return the declared types of the columns of the target's table."""
    return {row[1]: row[2] for row in _columns(session, table)}


def schema_rules(session: Session, table: Carried) -> Iterator[Rule]:
    """Give the rules that every database of the schema keeps: NOT NULL and CHECK.

    Args:
        session: With the target's copy.
        table: Of it.
    """
    for _, column, _, is_needed, *_ in _columns(session, table):
        if is_needed:
            yield Rule((column,), f"m.{quoted(column)} IS NULL", "no value", is_given=True)
    schema = session.one(
        "SELECT sql FROM target.sqlite_master WHERE type = 'table' AND name = ?", table.name
    )
    for check in _checks(schema):
        named = tuple(c for c in table.columns if re.search(rf"\b{re.escape(c)}\b", check))
        yield Rule(named, f"NOT ({check})", f"a value against the rule {check}")


def server_rules(session: Session, table: Carried) -> Iterator[Rule]:
    """Give the rules that SQLite does not keep: types, lengths, foreign keys.

    Args:
        session: With the target's copy.
        table: Of it.
    """
    # PostgreSQL knows neither NaN nor Infinity in JSON, and tells a text from a number.
    session.con.create_function(_IS_JSON, 1, _is_json, deterministic=True)
    for column, declared in types_of(session, table).items():
        if column in table.columns:
            name = f"m.{quoted(column)}"
            for broken, what in _typed(name, declared.upper()):
                yield Rule((column,), broken, what)
    yield from _foreign_keys(session, table)


def _columns(session: Session, table: Carried) -> list[tuple[int, str, str, int, str | None, int]]:
    rows = session.con.execute(f"PRAGMA target.table_info({quoted(table.name)})").fetchall()
    return [row for row in rows if row[1] in table.columns]


def _checks(schema: str) -> Iterator[str]:
    for found in _CHECK.finditer(schema):
        depth, is_text = 1, False
        for place in range(found.end(), len(schema)):
            letter = schema[place]
            is_text ^= letter == "'"
            depth += 0 if is_text else (letter == "(") - (letter == ")")
            if not depth:
                yield schema[found.end() : place].strip()
                break


def _typed(name: str, declared: str) -> Iterator[tuple[str, str]]:
    """Give the rules of a type: condition and words."""
    kinds: dict[str, Callable[[str], Iterator[tuple[str, str]]]] = {
        "INTEGER": _integer,
        "BIGINT": _whole,
        "FLOAT": _number,
        "BOOLEAN": _truth,
        "JSON": _document,
    }
    if declared in kinds:
        yield from kinds[declared](name)
    elif declared.startswith(("VARCHAR", "CHAR", "TEXT")):
        yield from _text(name, declared)


def _whole(name: str) -> Iterator[tuple[str, str]]:
    yield f"typeof({name}) NOT IN ('integer', 'null')", "a value that is no whole number"


def _integer(name: str) -> Iterator[tuple[str, str]]:
    yield from _whole(name)
    outside = f"{name} NOT BETWEEN {-INT4 - 1} AND {INT4}"
    yield f"typeof({name}) = 'integer' AND {outside}", f"a number above {INT4}"


def _number(name: str) -> Iterator[tuple[str, str]]:
    yield f"typeof({name}) NOT IN ('real', 'integer', 'null')", "a value that is no number"


def _truth(name: str) -> Iterator[tuple[str, str]]:
    yield f"{name} IS NOT NULL AND {name} NOT IN (0, 1)", "a value that is neither 0 nor 1"


def _document(name: str) -> Iterator[tuple[str, str]]:
    # Of a number that is the whole document SQLite keeps no text: 1.0 became 1.
    yield f"{name} IS NOT NULL AND NOT {_IS_JSON}({name})", "a value that is no valid JSON"


def _text(name: str, declared: str) -> Iterator[tuple[str, str]]:
    yield f"typeof({name}) NOT IN ('text', 'null')", "bytes instead of a text"
    if (most := length_of(declared)) is not None:
        yield f"LENGTH({name}) > {most}", f"more than {most} characters"
    yield f"typeof({name}) = 'text' AND INSTR({name}, CHAR(0)) > 0", "a zero character"


def _foreign_keys(session: Session, table: Carried) -> Iterator[Rule]:
    """Rows must be in the target or come; that parts have their owner is known already."""
    rows = session.con.execute(f"PRAGMA target.foreign_key_list({quoted(table.name)})").fetchall()
    keys: dict[tuple[int, str], list[tuple[str, str]]] = defaultdict(list)
    for number, _, parent, column, other, *_ in rows:
        keys[number, parent].append((column, other))
    for (_, parent), pairs in sorted(keys.items()):
        columns = tuple(column for column, _ in pairs)
        if (parent, columns) == (table.part_of, (table.owner,)):
            continue
        own = ", ".join(f"m.{quoted(column)}" for column in columns)
        given = " AND ".join(f"m.{quoted(column)} IS NOT NULL" for column in columns)
        others = ", ".join(f"o.{quoted(other)}" for _, other in pairs)
        there = f"SELECT {others} FROM target.{quoted(parent)} o"
        coming = f"SELECT {others} FROM main.{quoted(parent)} o WHERE {written('o')}"
        known = " AND ".join(f"({own}) NOT IN ({rows})" for rows in (there, coming))
        yield Rule(columns, f"{given} AND {known}", f"nothing to point at in '{parent}'")


def _is_json(value: Scalar) -> bool:
    if not isinstance(value, str):
        return False
    try:
        json.loads(value, parse_constant=_refuse, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
