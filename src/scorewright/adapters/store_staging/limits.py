"""Rows that a server's database would refuse, found before a plan is given out."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scorewright.adapters.store_staging.session import Session, quoted, written
from scorewright.core.consolidation import (
    CARRIED,
    INT4,
    Carried,
    length_of,
    long_params,
    shortened,
)
from scorewright.core.errors import FindingsError

__all__ = ["FILES", "obey_limits"]

#: Table of the payload with contents that no source has as a file: ``name``, ``content``.
FILES: Final = "_files"
_EXAMPLES: Final = 3


def obey_limits(session: Session) -> dict[str, dict[str, str]]:
    """Shorten parameters that are too long, and refuse everything else that is.

    Args:
        session: With all sources merged.

    Returns:
        Run -> key -> whole text of shortened parameters; they are in the payload too.

    Raises:
        FindingsError: ``consolidate-limits``.
    """
    texts = _shorten_params(session)
    found = [line for table in CARRIED for line in _of_table(session, table)]
    if found:
        raise FindingsError(
            "The target's database would refuse what the sources hold: "
            f"{'; '.join(found[:10])}{' ...' if len(found) > 10 else ''}.",  # noqa: PLR2004
            remedy="Choose a SQLite file as the target, which takes everything; or mend the "
            "sources first.",
            code="consolidate-limits",
            details={"limits": found},
        )
    return texts


def _types(session: Session, table: Carried) -> dict[str, str]:
    rows = session.con.execute(f"PRAGMA target.table_info({quoted(table.name)})").fetchall()
    return {row[1]: row[2] for row in rows}


def _shorten_params(session: Session) -> dict[str, dict[str, str]]:
    params = next(table for table in CARRIED if table.name == "params")
    most = length_of(_types(session, params)["value"])
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


def _of_table(session: Session, table: Carried) -> Iterator[str]:
    for column, declared in _types(session, table).items():
        if column not in table.columns:
            continue
        name = f"m.{quoted(column)}"
        if (most := length_of(declared)) is not None:
            condition = f"LENGTH({name}) > {most}"
            yield from _offending(session, table, column, condition, f"more than {most} characters")
        if declared.upper() == "INTEGER":
            condition = f"typeof({name}) = 'integer' AND ABS({name}) > {INT4}"
            yield from _offending(session, table, column, condition, f"a number above {INT4}")
        else:
            condition = f"typeof({name}) = 'text' AND INSTR({name}, CHAR(0)) > 0"
            yield from _offending(session, table, column, condition, "a zero character")


def _offending(
    session: Session, table: Carried, column: str, condition: str, what: str
) -> Iterator[str]:
    key = " || '/' || ".join(f"m.{quoted(name)}" for name in table.key)
    where = f"FROM main.{quoted(table.name)} m WHERE {condition} AND {written()}"
    rows = session.one(f"SELECT COUNT(*) {where}")
    if rows:
        found = session.con.execute(f"SELECT {key} {where} LIMIT {_EXAMPLES}").fetchall()
        examples = ", ".join(str(one) for (one,) in found)
        yield f"{table.name}.{column}: {rows:,} rows with {what} ({examples})"
