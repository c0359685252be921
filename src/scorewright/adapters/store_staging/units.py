"""What lies in the payload: digests of its rows by unit, and the balance."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from scorewright.adapters.store_staging.session import UNIT, Session, quoted
from scorewright.core.consolidation import CARRIED, QUARANTINE, Carried
from scorewright.core.plans import Balance, RowsChange, RowsDigest
from scorewright.flows.store.consolidate_ports import Unit

__all__ = ["balance_of", "units_of_payload"]

_CHUNK: Final = 5000
_PHASES: Final = ("experiments", "runs", "models", "traces", "registry", "others")
_PARTS: Final = re.compile(r"(\w+)(?::(\d+))?(?:/(\w+))?")
_FATES: Final = ("copied", "merged", "duplicate", "quarantined", "left")


def units_of_payload(session: Session) -> tuple[Unit, ...]:
    """Digest the rows of each unit, and put the units in the order they are written.

    Args:
        session: With all sources merged.
    """
    found: dict[str, list[RowsChange]] = {}
    for table in CARRIED:
        name = quoted(table.name)
        index = quoted(f"unit_{table.name}")
        session.con.execute(f"CREATE INDEX main.{index} ON {name} ({UNIT})")
        units = session.con.execute(f"SELECT DISTINCT {UNIT} FROM main.{name}").fetchall()
        for (unit,) in units:
            if unit != QUARANTINE:
                found.setdefault(unit, []).append(_digested(session, table, unit))
    names = sorted(found.keys() | session.changes.units(), key=_order)
    return tuple(
        Unit(name, tuple(found.get(name, ())), session.changes.of_unit(name)) for name in names
    )


def _digested(session: Session, table: Carried, unit: str) -> RowsChange:
    columns = ", ".join(map(quoted, table.columns))
    cursor = session.con.execute(
        f"SELECT {columns} FROM main.{quoted(table.name)} WHERE {UNIT} = ?", (unit,)
    )
    digest = RowsDigest(table.columns)
    while rows := cursor.fetchmany(_CHUNK):
        digest.add(rows)
    return RowsChange(table.name, unit, digest.rows, digest.hexdigest())


def _order(unit: str) -> tuple[int, int, int, str]:
    parts = _PARTS.fullmatch(unit)
    kind, experiment, number = parts.groups() if parts else (unit, None, None)
    place = _PHASES.index(kind) if kind in _PHASES else len(_PHASES)
    last = int(number) if number and number.isdigit() else 1 << 30
    return place, int(experiment or 0), last, unit


def balance_of(session: Session, found: Mapping[str, int]) -> tuple[Balance, ...]:
    """Hold what was found in the sources against what became of it.

    Args:
        session: With all sources merged.
        found: Line -> rows counted in the sources, before anything was decided.
    """
    lines: Iterable[str] = dict.fromkeys(
        [*(table.what for table in CARRIED if table.what != "other rows"), "other rows", *found]
    )
    return tuple(
        Balance(line, found.get(line, 0), **{fate: session.counts[line, fate] for fate in _FATES})
        for line in lines
    )
