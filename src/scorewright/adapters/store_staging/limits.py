"""Rows that the target's database would refuse, found before a plan is given out."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from scorewright.adapters.store_staging.rules import Rule, schema_rules, server_rules, types_of
from scorewright.adapters.store_staging.session import Session, quoted, written
from scorewright.core.consolidation import (
    CARRIED,
    Carried,
    length_of,
    long_params,
    shortened,
)
from scorewright.core.errors import FindingsError
from scorewright.core.plans import RowChange

__all__ = ["FILES", "obey_limits"]

#: Table of the payload with contents that no source has as a file: ``name``, ``content``.
FILES: Final = "_files"
_EXAMPLES: Final = 3
_SHOWN: Final = 10
_CHANGED: Final = "temp.changed"

_Rules = Callable[[Session, Carried], Iterable[Rule]]


def obey_limits(session: Session, *, is_server: bool) -> dict[str, dict[str, str]]:
    """Refuse what the target's database would refuse; shorten parameters that are too long.

    Args:
        session: With all sources merged.
        is_server: The target keeps types, lengths and foreign keys; SQLite does not.

    Returns:
        Run -> key -> whole text of shortened parameters; they are in the payload too.

    Raises:
        FindingsError: ``consolidate-limits``.
    """
    texts = _shorten_params(session) if is_server else {}
    _require(
        _broken(session, schema_rules),
        "Mend the sources first: no database with MLflow's schema takes these rows.",
    )
    if is_server:
        _require(
            _broken(session, server_rules),
            "Choose a SQLite file as the target, which takes everything; or mend the sources "
            "first.",
        )
    return texts


def _require(found: list[str], remedy: str) -> None:
    if found:
        raise FindingsError(
            "The target's database would refuse what the sources hold: "
            f"{'; '.join(found[:_SHOWN])}{' ...' if len(found) > _SHOWN else ''}.",
            remedy=remedy,
            code="consolidate-limits",
            details={"limits": found},
        )


def _shorten_params(session: Session) -> dict[str, dict[str, str]]:
    params = next(table for table in CARRIED if table.name == "params")
    most = length_of(types_of(session, params)["value"])
    if most is None:
        return {}
    texts: dict[str, dict[str, str]] = {}
    rows = session.con.execute(
        f"SELECT m.rowid, m.run_uuid, m.key, m.value FROM main.params m "
        f"WHERE LENGTH(m.value) > ? AND {written()}",
        (most,),
    ).fetchall()
    for row, run, key, value in rows:
        texts.setdefault(run, {})[key] = value
        session.con.execute(
            "UPDATE main.params SET value = ? WHERE rowid = ?", (shortened(value, most), row)
        )
        session.notes.append(
            f"Parameter '{key}' of run {run} has {len(value):,} characters, {most:,} are allowed: "
            "it is shortened, and the artifact long_params.json has the whole text."
        )
    session.con.executemany(
        f"INSERT INTO main.{FILES} VALUES (?, ?)",
        [(f"long_params/{run}.json", long_params(found)) for run, found in texts.items()],
    )
    return texts


def _broken(session: Session, rules: _Rules) -> list[str]:
    """Hold new rows and changed ones against rules of their tables."""
    changes = _changes(session)
    found = []
    for table in CARRIED:
        known = list(rules(session, table))
        source = f"main.{quoted(table.name)} m WHERE {written()}"
        found += list(_offending(session, table, known, source))
        if table.name in changes:
            found += _of_changes(session, table, known, changes[table.name])
    return found


def _changes(session: Session) -> dict[str, list[RowChange]]:
    found: dict[str, list[RowChange]] = defaultdict(list)
    for unit in sorted(session.changes.units()):
        for change in session.changes.of_unit(unit):
            if change.after is not None:
                found[change.table].append(change)
    return found


def _of_changes(
    session: Session, table: Carried, rules: Sequence[Rule], changes: Sequence[RowChange]
) -> Iterator[str]:
    """Hold the values that rows of the target get against the rules; the others are NULL."""
    types = types_of(session, table)
    columns = ", ".join(f"{quoted(name)} {types[name]}" for name in table.columns)
    session.con.execute(f"CREATE TABLE {_CHANGED} ({columns})")
    for change in changes:
        row = {**change.key, **(change.after or {})}
        names = ", ".join(map(quoted, row))
        marks = ", ".join("?" * len(row))
        session.con.execute(
            f"INSERT INTO {_CHANGED} ({names}) VALUES ({marks})", tuple(row.values())
        )
    source = f"{_CHANGED} m WHERE 1"
    yield from _offending(session, table, [r for r in rules if not r.is_given], source)
    session.con.execute(f"DROP TABLE {_CHANGED}")
    for rule in rules:
        (column, *_) = rule.columns or ("",)
        lacking = [c for c in changes if rule.is_given and (c.after or {}).get(column, "") is None]
        if lacking:
            shown = ["/".join(map(str, change.key.values())) for change in lacking[:_EXAMPLES]]
            yield _line(table, rule, len(lacking), shown)


def _offending(
    session: Session, table: Carried, rules: Sequence[Rule], source: str
) -> Iterator[str]:
    """Count the rows that break each rule in one pass, and name some of them."""
    if not rules:
        return
    counts = ", ".join(f"COALESCE(SUM({rule.broken}), 0)" for rule in rules)
    numbers = session.con.execute(f"SELECT {counts} FROM {source}").fetchone()
    key = " || '/' || ".join(_shown(f"m.{quoted(name)}") for name in table.key)
    for rule, rows in zip(rules, numbers, strict=True):
        if rows:
            examples = session.con.execute(
                f"SELECT {key} FROM {source} AND {rule.broken} LIMIT {_EXAMPLES}"
            ).fetchall()
            yield _line(table, rule, rows, [str(one) for (one,) in examples])


def _shown(name: str) -> str:
    """Return the SQL of a part of a key that can be read, whatever it is."""
    return f"CASE typeof({name}) WHEN 'blob' THEN quote({name}) ELSE COALESCE({name}, '') END"


def _line(table: Carried, rule: Rule, rows: int, examples: Sequence[str]) -> str:
    subject = ".".join(filter(None, (table.name, ", ".join(rule.columns))))
    return f"{subject}: {rows:,} rows with {rule.what} ({', '.join(examples)})"
