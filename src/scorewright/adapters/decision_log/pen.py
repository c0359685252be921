"""One connection that does nothing but write decisions: every statement is compiled once."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.base import Executable

from scorewright.adapters.decision_log.engines import unavailable
from scorewright.adapters.decision_log.rows import COLUMNS, record_of, rows_of
from scorewright.adapters.decision_log.tables import decisions, erased, shipped
from scorewright.core.decision_log import DecisionBlock, LoggedDecision

__all__ = ["ERASURE_LOCK", "LEEWAY", "Elsewhere", "Pen", "digest_of"]

#: Held shared by whoever writes to PostgreSQL, and alone by an erasure.
ERASURE_LOCK = 6_120_261
#: Clocks of two machines may differ by so many microseconds.
LEEWAY = 2_000_000

_ROW = (*COLUMNS, "document")


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What a spool knows of a repeated request: the decision that answered it has left."""

    decision_id: str


class _Statement:
    """A statement as its driver takes it."""

    def __init__(self, engine: Engine, statement: Executable, names: Sequence[str]) -> None:
        compiled = statement.compile(dialect=engine.dialect)  # type: ignore[attr-defined]
        self.sql = str(compiled)
        order: Sequence[str] | None = compiled.positiontup
        self._names = names
        self._order = None if order is None else [names.index(name) for name in order]
        self._is_same = self._order == list(range(len(names)))

    def values(self, row: Sequence[Any]) -> Any:  # noqa: ANN401 - as the driver takes them
        """Return a row, given in the order of the names."""
        if self._is_same:
            return row
        if self._order is None:
            return dict(zip(self._names, row, strict=True))
        return [row[at] for at in self._order]


class Pen:
    """Writes decisions, each id and each idempotency key once. Safe for threads.

    Args:
        engine: Of the database.
        location: Where it is, without a password.
        is_spool: Whether decisions only wait here.
    """

    def __init__(self, engine: Engine, location: str, *, is_spool: bool) -> None:
        self._engine, self._location, self._is_spool = engine, location, is_spool
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._file = str(engine.url.database)
        self._errors = (engine.dialect.loaded_dbapi.Error, SQLAlchemyError)
        self._lock = threading.Lock()
        self._connection: Any = None
        self._place: tuple[int, int] | None = None
        insert = (sqlite if self._is_sqlite else postgresql).insert(decisions)
        row: dict[str, Any] = {name: bindparam(name) for name in _ROW}
        self._insert = _Statement(engine, insert.values(row).on_conflict_do_nothing(), _ROW)
        once = ("caller_", "idempotency_")
        self._repeated = _Statement(
            engine,
            select(*(decisions.c[name] for name in _ROW)).where(
                decisions.c.caller == bindparam("caller_"),
                decisions.c.idempotency == bindparam("idempotency_"),
            ),
            once,
        )
        self._shipped = _Statement(
            engine,
            select(shipped.c.decision_id).where(
                shipped.c.caller == bindparam("caller_"),
                shipped.c.idempotency == bindparam("idempotency_"),
            ),
            once,
        )
        since = select(erased.c.digest, erased.c.at).where(erased.c.at >= bindparam("since"))
        self._erased = _Statement(engine, since, ("since",))

    def write(self, records: Sequence[LoggedDecision]) -> Sequence[LoggedDecision | Elsewhere]:
        """Write records in one transaction.

        Returns:
            For each record what the log holds: itself, or what was there before.

        Raises:
            ScorewrightError: ``log-unavailable``.
        """
        with self._lock:
            self._find_file()
            was_open = self._connection is not None
            try:
                return self._written(records)
            except self._errors as error:
                if self._is_sqlite or not was_open:
                    raise unavailable(self._location, error) from error
            # The connection may be older than the server. Ids make it safe to write twice.
            try:
                return self._written(records)
            except self._errors as error:
                raise unavailable(self._location, error) from error

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            self._let_go()

    def look(self) -> None:
        """See that the file of the database is still the one that is open.

        Raises:
            ScorewrightError: ``log-unavailable``: it was removed.
        """
        with self._lock:
            self._find_file()

    def _find_file(self) -> None:
        """Refuse to write to a SQLite file that was removed; take the one that took its place.

        SQLite would go on in the removed file, whose decisions nobody can ever read.
        """
        if not self._is_sqlite:
            return
        try:
            status = os.stat(self._file)  # noqa: PTH116 - asked before each commit
        except OSError as error:
            self._let_go()
            self._engine.dispose()
            raise unavailable(self._location, error) from error
        place = (status.st_dev, status.st_ino)
        if self._place is not None and place != self._place:
            self._let_go()
            self._engine.dispose()
        self._place = place

    def _written(self, records: Sequence[LoggedDecision]) -> Sequence[LoggedDecision | Elsewhere]:
        """Write records; whatever hinders it, no transaction stays open."""
        try:
            return self._write(records)
        except BaseException:  # an interrupt, too
            self._let_go()
            raise

    def _write(self, records: Sequence[LoggedDecision]) -> Sequence[LoggedDecision | Elsewhere]:
        connection = self._connection or self._open()
        cursor = connection.cursor()
        if self._is_sqlite:
            cursor.execute("BEGIN IMMEDIATE")
        else:
            cursor.execute(f"SELECT pg_advisory_xact_lock_shared({ERASURE_LOCK})")
        # No decision of a block has an idempotency key.
        is_block = isinstance(records, DecisionBlock)
        known = self._known(cursor, records) if self._is_spool and not is_block else {}
        fresh = [r for r in records if r.decision_id not in known] if known else records
        blank = self._without_erased(cursor, fresh)
        is_whole = True
        if blank:
            values = self._insert.values
            cursor.executemany(self._insert.sql, [values(row) for row in rows_of(blank)])
            is_whole = cursor.rowcount == len(blank)
        if not is_whole and not is_block:
            known |= self._conflicts(cursor, fresh)
        cursor.close()
        connection.commit()
        if not known:
            return records
        return [known.get(record.decision_id, record) for record in records]

    def _without_erased(
        self,
        cursor: Any,  # noqa: ANN401 - of the driver
        records: Sequence[LoggedDecision],
    ) -> Sequence[LoggedDecision]:
        """Blank those whose applicant was erased after they were decided."""
        if not records:
            return records
        if isinstance(records, DecisionBlock):
            oldest = records.common.at - LEEWAY
        else:
            oldest = min(record.at for record in records) - LEEWAY
        cursor.execute(self._erased.sql, self._erased.values([oldest]))
        when = dict(cursor.fetchall())
        if not when:
            return records
        return [
            record.without_person()
            if record.subject is not None
            and record.at <= when.get(digest_of(record.subject), 0) + LEEWAY
            else record
            for record in records
        ]

    def _known(
        self,
        cursor: Any,  # noqa: ANN401 - of the driver
        records: Sequence[LoggedDecision],
    ) -> dict[str, LoggedDecision | Elsewhere]:
        """Return the decisions that answered repeated requests and have left the spool."""
        found = self._under_keys(cursor, records, self._shipped)
        return {record: Elsewhere(row[0]) for record, row in found}

    def _conflicts(
        self,
        cursor: Any,  # noqa: ANN401 - of the driver
        records: Sequence[LoggedDecision],
    ) -> dict[str, LoggedDecision | Elsewhere]:
        """Return the decisions whose idempotency key was there before."""
        found = self._under_keys(cursor, records, self._repeated)
        return {record: record_of(dict(zip(_ROW, row, strict=True))) for record, row in found}

    @staticmethod
    def _under_keys(
        cursor: Any,  # noqa: ANN401 - of the driver
        records: Sequence[LoggedDecision],
        statement: _Statement,
    ) -> Iterator[tuple[str, Sequence[Any]]]:
        """Yield the ids of decisions whose idempotency key stands for another, and its row."""
        for record in records:
            if record.idempotency is not None:
                place = statement.values([record.caller, record.idempotency])
                cursor.execute(statement.sql, place)
                row = cursor.fetchone()
                if row is not None and row[0] != record.decision_id:
                    yield record.decision_id, row

    def _open(self) -> Any:  # noqa: ANN401 - of the driver
        pooled = self._engine.raw_connection()
        connection: Any = pooled.dbapi_connection
        pooled.detach()
        if self._is_sqlite:
            connection.isolation_level = None  # transactions begin where the code says so
        self._connection = connection
        return connection

    def _let_go(self) -> None:
        """Close the connection, which ends its transaction."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(*self._errors):
                connection.close()


def digest_of(subject: str) -> str:
    """Return what is remembered of an erased pseudonym: 64 hexadecimal characters."""
    return hashlib.sha256(subject.encode("utf-8")).hexdigest()
