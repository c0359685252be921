"""The rows of one store, changed by comparing first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from scorewright.adapters.store_editing.altered import altered
from scorewright.adapters.store_editing.backups import back_up
from scorewright.adapters.store_editing.bulk import move_rows, rows_state
from scorewright.adapters.store_editing.checks import Opens, check_store, open_with_mlflow
from scorewright.adapters.store_editing.database import Database
from scorewright.adapters.store_editing.founding import change_store, store_state
from scorewright.adapters.store_editing.payload import Payload
from scorewright.adapters.store_editing.quoting import quoted
from scorewright.adapters.store_editing.references import reference_of
from scorewright.adapters.store_editing.refusals import conflict
from scorewright.adapters.store_editing.rows import carry_out, row_state
from scorewright.adapters.store_editing.shapes import Shape, Shapes
from scorewright.adapters.store_editing.template import Template
from scorewright.core.counting import counted
from scorewright.core.plans import RowChange, RowsChange, StoreChange, StoreRef
from scorewright.flows.events import Notify, StepDone
from scorewright.flows.store.editing import Backup, RowChanges, State

__all__ = ["DatabaseEditor"]


class DatabaseEditor:
    """Changes a SQLite file or a PostgreSQL database; MLflow never touches it.

    Args:
        location: ``sqlite:///x.db``, a path, or ``postgresql://...``.
        payload: Rows of the plan; None without any.
        head: Revision of the installed MLflow's schema.
        opens: Opens a store with MLflow, for the last proof.
        template: An empty store as MLflow makes it; None to make each anew.

    Raises:
        UsageError: ``store-uri``.
    """

    def __init__(
        self,
        location: str,
        payload: Path | None = None,
        *,
        head: str = "",
        opens: Opens = open_with_mlflow,
        template: Template | None = None,
    ) -> None:
        self._location = location
        self._database = Database(location)
        self._payload = Payload(payload)
        self._rows = payload
        self._head = head
        self._opens = opens
        self._template = template
        self._shapes = Shapes()

    def reference(self) -> StoreRef:
        """Digest all rows of all tables, without changing the store."""
        return reference_of(self._location)

    def state(self, change: RowChanges) -> State:
        """Compare a change with the store."""
        if isinstance(change, StoreChange):
            return store_state(self._database, change)
        if not self._database.is_there():
            return State.NEITHER
        with self._database.reading() as connection:
            shapes = self._shapes.of(connection)
            if isinstance(change, RowChange):
                return row_state(connection, shapes, change)
            return rows_state(connection, shapes, self._payload, change)

    def commit(self, changes: Sequence[RowChanges], notify: Notify) -> None:
        """Carry out changes in one transaction; a `StoreChange` comes alone.

        Raises:
            ScorewrightError: ``apply-conflict``, ``store-locked``, ``store-write-failed``.
            UsageError: ``plan-invalid``.
            IntegrityError: ``payload-changed``.
        """
        if len(changes) == 1 and isinstance(changes[0], StoreChange):
            change_store(self._database, changes[0], self._template)
            return
        if not self._database.is_there():
            raise conflict(f"There is no store at {self._database.location}.")
        with self._database.changing() as connection:
            shapes = self._shapes.of(connection)
            try:
                self._carry_out(connection, shapes, changes, notify)
            except sa.exc.IntegrityError as error:
                raise conflict(f"{self._database.location} refuses a row: {error.orig}") from error
            _advance(connection, shapes, changes)

    def backup(self, folder: Path) -> Backup:
        """Copy the database into a folder, and count the rows of the copy."""
        if not self._database.is_there():
            return Backup("", "", 0)
        return back_up(self._database, folder)

    def altered(
        self, backup: str, done: Sequence[RowChanges], begun: Sequence[RowChanges] = ()
    ) -> tuple[str, ...]:
        """Name tables of a killed plan in which somebody else changed rows."""
        return altered(self._database, backup, done, begun)

    def check(self, *earlier: str, is_fresh: bool = False) -> tuple[str, ...]:
        """Prove that the store is whole."""
        return check_store(
            self._database, earlier, self._head, self._opens, self._rows, is_fresh=is_fresh
        )

    def _carry_out(
        self,
        connection: Connection,
        shapes: dict[str, Shape],
        changes: Sequence[RowChanges],
        notify: Notify,
    ) -> None:
        single: list[RowChange] = []
        for done, change in enumerate(changes, start=1):
            if isinstance(change, RowChange):
                single.append(change)
                continue
            carry_out(connection, shapes, single)
            single = []
            if not isinstance(change, RowsChange):
                raise TypeError("a store is made or unmade in a commit of its own")
            move_rows(connection, shapes, self._payload, change)
            notify(StepDone("rows", done, f"{counted(change.rows, 'row')} of {change.table}"))
        carry_out(connection, shapes, single)


def _advance(
    connection: Connection, shapes: dict[str, Shape], changes: Sequence[RowChanges]
) -> None:
    """Move sequences beyond ids that a plan has given: a server would give them again."""
    names = {change.table for change in changes if not isinstance(change, StoreChange)}
    for shape in (shapes[name] for name in sorted(names)):
        for column in shape.serials:
            place = connection.scalar(
                sa.select(sa.func.pg_get_serial_sequence(quoted(shape.name), column))
            )
            highest = connection.scalar(sa.select(sa.func.max(shape.table.c[column])))
            if place and highest is not None and highest >= 1:
                last = connection.scalar(sa.text(f"SELECT last_value FROM {place}"))  # noqa: S608
                if highest >= last:
                    connection.execute(sa.select(sa.func.setval(place, highest)))
