"""A database of the log: opened, migrated, and asked. SQLite and PostgreSQL are one path."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Select,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from scorewright.adapters.decision_log.engines import checked_url, open_engine, unavailable
from scorewright.adapters.decision_log.form import HEAD, form_of
from scorewright.adapters.decision_log.pen import ERASURE_LOCK, Elsewhere, Pen, digest_of
from scorewright.adapters.decision_log.receipts import add_outcomes
from scorewright.adapters.decision_log.rows import outcome_of, record_of, row_of
from scorewright.adapters.decision_log.tables import decisions, erased, outcomes, shipped
from scorewright.core.decision_log import LoggedDecision, Outcome
from scorewright.core.errors import ScorewrightError
from scorewright.flows.serve import OutcomeReceipt

__all__ = ["LogDatabase"]

MICROSECOND = 1_000
OUTCOME_LOCK = 6_120_262
#: Propensities that differ by less are equal.
_EQUAL = 1e-9
COUNTED = ("role", "variant", "decision", "bundle", "policy")


class LogDatabase:
    """The tables of the log in one database. Safe for threads.

    Args:
        url: SQLAlchemy URL of a SQLite file or of PostgreSQL.
        is_spool: Whether decisions only wait here for another database.
        may_make: Whether a SQLite file is made where there is none.

    Raises:
        UsageError: ``log-url``.
        ScorewrightError: ``log-unavailable``.
    """

    def __init__(self, url: str | URL, *, is_spool: bool = False, may_make: bool = True) -> None:
        self.url = checked_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._engine = open_engine(self.url, may_make=may_make)
        self._pen = Pen(self._engine, self.location, is_spool=is_spool)
        self._ready = threading.Lock()
        self._is_ready = False

    @property
    def location(self) -> str:
        """Where it is, without a password."""
        return self.url.render_as_string(hide_password=True)

    def prepare(self) -> None:
        """Bring the tables to the newest form, once.

        Raises:
            ScorewrightError: ``log-unavailable``, ``log-schema``.
        """
        if self._is_ready:
            return
        with self._ready:
            if self._is_ready:
                return
            try:
                with self._engine.connect() as connection:
                    found = form_of(connection, self.url)
                if found != HEAD:
                    self._migrate(found)
            except SQLAlchemyError as error:
                raise unavailable(self.location, error) from error
            self._is_ready = True

    def insert(self, records: Sequence[LoggedDecision]) -> Sequence[LoggedDecision | Elsewhere]:
        """Write records in one transaction; each id and idempotency key once.

        Returns:
            For each record what the log holds: itself, or what was there before.

        Raises:
            ScorewrightError: ``log-unavailable``.
        """
        self.prepare()
        return self._pen.write(records)

    def find(self, decision_id: str, tenant: str) -> LoggedDecision | None:
        """Return a decision of this tenant."""
        where = (decisions.c.decision_id == decision_id, decisions.c.tenant == tenant)
        return self._first(select(decisions).where(*where))

    def repeated(self, caller: str, idempotency: str) -> LoggedDecision | None:
        """Return what a caller's request with this key was answered."""
        where = (decisions.c.caller == caller, decisions.c.idempotency == idempotency)
        return self._first(select(decisions).where(*where))

    def shadows(self, decision_id: str) -> list[LoggedDecision]:
        """Return what challengers said beside a decision."""
        asked = select(decisions).where(decisions.c.answers == decision_id)
        return self._all(asked.order_by(decisions.c.decision_id))

    def page(self, tenant: str, after: str, limit: int) -> list[LoggedDecision]:
        """Return decisions in the order of their ids, from the first after ``after``."""
        asked = select(decisions).where(
            decisions.c.tenant == tenant, decisions.c.decision_id > after
        )
        return self._all(asked.order_by(decisions.c.decision_id).limit(limit))

    def oldest(self, limit: int) -> list[LoggedDecision]:
        """Return the first decisions of all tenants."""
        return self._all(select(decisions).order_by(decisions.c.decision_id).limit(limit))

    def remove(self, records: Sequence[LoggedDecision]) -> None:
        """Remove decisions that are safe elsewhere; of repeatable ones the key is remembered."""
        ids = [record.decision_id for record in records]
        now = _now()
        left = [
            {
                "caller": record.caller,
                "idempotency": record.idempotency,
                "decision_id": record.decision_id,
                "at": now,
            }
            for record in records
            if record.idempotency is not None
        ]
        with self._writing() as connection:
            if left:
                connection.execute(sqlite.insert(shipped).on_conflict_do_nothing(), left)
            connection.execute(decisions.delete().where(decisions.c.decision_id.in_(ids)))

    def forget_shipped(self, before: int, decision_id: str | None = None) -> None:
        """Forget idempotency keys that were shipped before a moment, or those of one decision."""
        which = shipped.c.at < before
        if decision_id is not None:
            which = shipped.c.decision_id == decision_id
        with self._writing() as connection:
            connection.execute(shipped.delete().where(which))

    def count(self) -> int:
        """Return the number of decisions."""
        asked = select(func.count()).select_from(decisions)
        with self._asking() as connection:
            return int(connection.execute(asked).scalar_one())

    def add_outcomes(self, given: Sequence[Outcome], tenant: str) -> OutcomeReceipt:
        """Keep outcomes in one transaction."""
        with self._writing() as connection:
            self._alone(connection, OUTCOME_LOCK)
            return add_outcomes(connection, given, tenant)

    def outcomes(self, decision_id: str) -> list[Outcome]:
        """Return the outcomes of a decision, the highest version last."""
        asked = select(outcomes).where(outcomes.c.decision_id == decision_id)
        with self._asking() as connection:
            found = connection.execute(asked.order_by(outcomes.c.version)).mappings()
            return [outcome_of(row) for row in found]

    def erase(self, subject: str) -> tuple[int, int]:
        """Blank one applicant; return the numbers of decisions and of shadows.

        A digest of the pseudonym is kept, so that what was decided before and arrives later is
        blanked too. In SQLite the freed bytes are overwritten, also in the write-ahead log.

        Raises:
            ScorewrightError: ``log-unavailable``; ``log-busy``: a reader keeps old bytes.
        """
        insert = (sqlite if self.is_sqlite else postgresql).insert(erased)
        noted = insert.on_conflict_do_update(
            index_elements=["digest"], set_={"at": insert.excluded.at}
        )
        blank = (
            update(decisions)
            .where(decisions.c.decision_id == bindparam("which"))
            .values({name: bindparam(name) for name in _BLANKED})
        )
        with self._writing() as connection:
            self._alone(connection, ERASURE_LOCK)
            connection.execute(noted, {"digest": digest_of(subject), "at": _now()})
            asked = select(decisions).where(decisions.c.subject == subject)
            mine = [record_of(row) for row in connection.execute(asked).mappings()]
            if mine:
                connection.execute(blank, [_blank_row(record) for record in mine])
        self._scrub()
        shadows = sum(record.role == "shadow" for record in mine)
        return len(mine) - shadows, shadows

    def under_other_keys(self, key_id: str) -> int:
        """Return how many decisions bear a pseudonym that another key made."""
        subject = decisions.c.subject
        asked = select(func.count()).where(
            subject.is_not(None), ~subject.startswith(f"{key_id}:", autoescape=True)
        )
        with self._asking() as connection:
            return int(connection.execute(asked).scalar_one())

    def summary(self) -> dict[str, Any]:
        """Return counts by role, variant, decision, bundle and policy."""
        columns = [decisions.c[name] for name in COUNTED]
        totals: dict[str, Counter[str]] = {name: Counter() for name in COUNTED}
        with self._asking() as connection:
            for *values, number in connection.execute(
                select(*columns, func.count()).group_by(*columns)
            ):
                for name, value in zip(COUNTED, values, strict=True):
                    totals[name][value] += number
        return {name: dict(sorted(total.items())) for name, total in totals.items()}

    def applicants(self, propensities: Mapping[str, float]) -> dict[str, int]:
        """Return how many different applicants each variant answered with this probability."""
        near = [
            (decisions.c.variant == name)
            & decisions.c.propensity.between(share - _EQUAL, share + _EQUAL)
            for name, share in propensities.items()
        ]
        asked = (
            select(decisions.c.variant, func.count(decisions.c.subject.distinct()))
            .where(decisions.c.role != "shadow", or_(*near))
            .group_by(decisions.c.variant)
        )
        with self._asking() as connection:
            return {str(name): int(count) for name, count in connection.execute(asked)}

    def ping(self) -> None:
        """See that the decisions are there, in the file that bears the name now.

        Raises:
            ScorewrightError: ``log-unavailable``, ``log-schema``.
        """
        # An open connection still answers for a file that was moved away.
        self._pen.look()
        with self._asking() as connection:
            connection.execute(select(literal_column("1")).select_from(decisions).limit(1))

    def close(self) -> None:
        """Let go of all connections."""
        self._pen.close()
        self._engine.dispose()

    def _first(self, asked: Select[Any]) -> LoggedDecision | None:
        with self._asking() as connection:
            row = connection.execute(asked).mappings().first()
        return None if row is None else record_of(row)

    def _all(self, asked: Select[Any]) -> list[LoggedDecision]:
        with self._asking() as connection:
            return [record_of(row) for row in connection.execute(asked).mappings()]

    @contextmanager
    def _asking(self) -> Iterator[Connection]:
        self.prepare()
        try:
            with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise unavailable(self.location, error) from error

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        self.prepare()
        self._pen.look()
        try:
            with self._engine.begin() as connection:
                if self.is_sqlite:
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
        except SQLAlchemyError as error:
            raise unavailable(self.location, error) from error

    def _alone(self, connection: Connection, lock: int) -> None:
        """Let nobody else do the same until the transaction ends; SQLite has one writer."""
        if not self.is_sqlite:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({lock})"))

    def _scrub(self) -> None:
        """Let no erased byte stay in SQLite's files."""
        if not self.is_sqlite:
            return
        try:
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as plain:
                plain.execute(text("VACUUM"))
                is_busy = plain.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).scalar_one()
        except SQLAlchemyError as error:
            raise unavailable(self.location, error) from error
        if is_busy:
            raise ScorewrightError(
                f"The rows are blank, but somebody reads {self.location}, so old bytes may still "
                "be in its write-ahead log.",
                remedy="Run the erasure again when the reader has ended.",
                code="log-busy",
            )

    def _migrate(self, found: str | None) -> None:
        from scorewright.adapters.decision_log.migrate import (  # noqa: PLC0415 - Alembic is heavy
            upgrade,
        )

        upgrade(self._engine, found)


_BLANKED = ("request_id", "idempotency", "subject", "document")


def _blank_row(record: LoggedDecision) -> dict[str, Any]:
    blank = record.without_person()
    return {
        "which": record.decision_id,
        "request_id": blank.request_id,
        "idempotency": None,
        "subject": None,
        "document": row_of(blank)[-1],
    }


def _now() -> int:
    return time.time_ns() // MICROSECOND
