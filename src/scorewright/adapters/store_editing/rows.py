"""Single rows: compared with what a plan says of them, then set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from scorewright.adapters.store_editing.refusals import conflict
from scorewright.adapters.store_editing.shapes import Shape, key_of, plain, shape_of
from scorewright.core.errors import UsageError
from scorewright.core.plans import Row, RowChange, net_changes
from scorewright.flows.store.editing import State

__all__ = ["carry_out", "row_state"]


def row_state(
    connection: Connection, shapes: Mapping[str, Shape], change: RowChange, *, lock: bool = False
) -> State:
    """Compare a change with the store.

    Args:
        connection: In a transaction.
        shapes: Of the store.
        change: One row.
        lock: Keep others from changing the row until the transaction ends.

    Raises:
        UsageError: ``plan-invalid``: no such table or column, or the key itself changes.
    """
    shape = _known(shapes, change)
    found = _found(connection, shape, change.key, lock=lock)
    if len(found) > 1:
        return State.NEITHER
    row = found[0] if found else None
    if _is(row, change.after):
        return State.AFTER
    return State.BEFORE if _is(row, change.before) else State.NEITHER


def carry_out(
    connection: Connection, shapes: Mapping[str, Shape], changes: Sequence[RowChange]
) -> None:
    """Carry out changes in their order; what they come to already is passed over.

    Raises:
        ScorewrightError: ``apply-conflict``.
        UsageError: ``plan-invalid``.
    """
    nets = net_changes(changes)
    if len(nets) < len(changes) and all(
        row_state(connection, shapes, net) is State.AFTER for net in nets
    ):
        return
    for change in changes:
        match row_state(connection, shapes, change, lock=True):
            case State.BEFORE:
                _require_whole(connection, shapes[change.table], change)
                _set(connection, shapes[change.table], change)
            case State.NEITHER:
                raise conflict(_unexpected(connection, shapes[change.table], change))
            case State.AFTER:
                pass


def _known(shapes: Mapping[str, Shape], change: RowChange) -> Shape:
    after = change.after or {}
    moved = [name for name in change.key if name in after and after[name] != change.key[name]]
    if moved:
        raise UsageError(
            f"The plan changes '{moved[0]}' of table '{change.table}', by which it tells the row.",
            remedy="The row has to go and come again under its new key. Make the plan again.",
            code="plan-invalid",
        )
    return shape_of(shapes, change.table, {**change.key, **(change.before or {}), **after})


def _require_whole(connection: Connection, shape: Shape, change: RowChange) -> None:
    """Refuse to take away a row that would come again with less than it holds.

    What the plan does not name may be empty, or what the database fills in by itself.
    """
    if change.after is not None:
        return
    known = {*change.key, *(change.before or {})}
    if known >= set(shape.columns):
        return
    (row,) = _found(connection, shape, change.key, lock=False)
    unknown = [
        name
        for name, value in row.items()
        if not (name in known or value is None or shape.defaults.get(name) == str(plain(value)))
    ]
    if unknown:
        raise UsageError(
            f"The plan takes a row of '{change.table}' away ({key_of(change.key)}) and does not "
            f"say what it holds in {', '.join(unknown)}: it could not be put back.",
            remedy="Name every column under 'before', or make the plan with "
            "'scorewright store plan'.",
            code="plan-invalid",
            details={"table": change.table, "columns": unknown},
        )


def _found(connection: Connection, shape: Shape, key: Row, *, lock: bool) -> list[dict[str, Any]]:
    statement = shape.select(shape.columns).where(shape.where(key)).limit(2)
    if lock and connection.dialect.name != "sqlite":
        statement = statement.with_for_update()
    rows = connection.execute(statement, _keyed(shape, key)).mappings()
    return [dict(row) for row in rows]


def _is(row: Mapping[str, Any] | None, wanted: Row | None) -> bool:
    if row is None or wanted is None:
        return row is None and wanted is None
    return all(_same(row[name], value) for name, value in wanted.items())


def _same(found: Any, wanted: Any) -> bool:  # noqa: ANN401 - any value of a row
    found, wanted = plain(found), plain(wanted)
    return bool(found == wanted) and isinstance(found, str) == isinstance(wanted, str)


def _set(connection: Connection, shape: Shape, change: RowChange) -> None:
    table = shape.table
    if change.after is None:
        statement: sa.Delete | sa.Insert | sa.Update = sa.delete(table).where(
            shape.where(change.key)
        )
        connection.execute(statement, _keyed(shape, change.key))
    elif change.before is None:
        row = shape.bound({**change.key, **change.after})
        connection.execute(sa.insert(table), row)
    else:
        values: dict[str, sa.BindParameter[Any]] = {
            name: sa.bindparam(f"v_{name}") for name in change.after
        }
        statement = sa.update(table).where(shape.where(change.key)).values(values)
        bound = {f"v_{k}": v for k, v in shape.bound(change.after).items()}
        connection.execute(statement, {**_keyed(shape, change.key), **bound})


def _keyed(shape: Shape, key: Row) -> dict[str, Any]:
    return {f"k_{name}": value for name, value in shape.bound(key).items()}


def _unexpected(connection: Connection, shape: Shape, change: RowChange) -> str:
    found = _found(connection, shape, change.key, lock=False)
    where = f"{change.table} ({key_of(change.key)})"
    if len(found) > 1:
        return f"{where}: more than one row."
    if not found:
        return f"{where}: the row is not there."
    if change.before is None:
        return f"{where}: there is another row already."
    names = [n for n, value in change.before.items() if not _same(found[0][n], value)]
    parts = [f"{n} is {found[0][n]!r}, not {change.before[n]!r}" for n in names[:3]]
    return f"{where}: {'; '.join(parts)}."
