"""The decision log of one worker: a database, and before a distant one a durable spool."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from scorewright.adapters.decision_log.database import LogDatabase
from scorewright.adapters.decision_log.engines import cause_of
from scorewright.adapters.decision_log.pen import Elsewhere
from scorewright.adapters.decision_log.shipper import Shipper
from scorewright.adapters.decision_log.writer import GroupWriter
from scorewright.adapters.guarded import load_secret
from scorewright.core.decision_log import LoggedDecision, Outcome, SubjectKey
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.core.project import LogSettings
from scorewright.flows.serve import DecisionLog, Erasure, LogState, OutcomeReceipt

__all__ = ["DatabaseLog", "open_log", "subject_key"]

LOCAL = Path(".scorewright") / "decisions.db"
SPOOL = Path(".scorewright") / "spool.db"
LONGEST_SECRET = 1_000

_FULL = "the spool is full"

Policy = Literal["required", "spool", "best_effort"]


class DatabaseLog:
    """Keeps the port ``DecisionLog``.

    Args:
        database: Where decisions end up.
        policy: ``required``, ``spool`` or ``best_effort``.
        spool: A SQLite file of this machine before a distant database; None where the database
            is itself such a file, or the policy is ``required``.
        spool_rows: Decisions the spool may hold.
    """

    def __init__(
        self,
        database: LogDatabase,
        policy: Policy,
        spool: LogDatabase | None = None,
        spool_rows: int = 1_000_000,
    ) -> None:
        self._database, self._spool, self._policy = database, spool, policy
        self._spool_rows = spool_rows
        self._near = spool or database
        self._writer: GroupWriter[LoggedDecision | Elsewhere] = GroupWriter(
            self._insert, self._look
        )
        self._shipper = None if spool is None else Shipper(spool, database)
        self._last_written: int | None = None
        self._trouble = ""

    def start(self) -> None:
        """Make the tables ready where that is possible now, look after them, and start to ship.

        Threads begin here: whoever has workers starts a log in each of them.
        """
        try:
            self._near.prepare()
        except ScorewrightError as error:
            if self._policy != "best_effort" or error.code != "log-unavailable":
                raise
            self._trouble = cause_of(error)
        self._writer.start()
        if self._shipper is not None:
            self._shipper.start()

    async def append(self, record: LoggedDecision) -> LoggedDecision:
        """Return when the decision is as durable as the settings ask."""
        if self._policy == "best_effort":
            self._writer.offer(record)
            return record
        kept = await self._writer.append(record)
        if isinstance(kept, Elsewhere):
            return await self._answered(record, kept)
        return kept

    async def _answered(self, record: LoggedDecision, shipped: Elsewhere) -> LoggedDecision:
        """Return the decision that answered a request before, from the distant database."""
        earlier = await asyncio.to_thread(self._database.find, shipped.decision_id, record.tenant)
        if earlier is not None and earlier.idempotency == record.idempotency:
            return earlier
        # It was erased, with its key: the request is a new one.
        await asyncio.to_thread(self._near.forget_shipped, 0, shipped.decision_id)
        kept = await self._writer.append(record)
        if not isinstance(kept, Elsewhere):
            return kept
        # The same request came again meanwhile, and its decision has left the spool already.
        earlier = await asyncio.to_thread(self._database.find, kept.decision_id, record.tenant)
        if earlier is None:
            raise ScorewrightError(
                "The decision that answered this request was erased while it was looked for.",
                remedy="Try again.",
                code="log-busy",
            )
        return earlier

    def append_many(self, records: Sequence[LoggedDecision]) -> int:
        """Write many decisions in one transaction, in the calling thread; tell how many it kept."""
        try:
            self._insert(records)
        except ScorewrightError:
            if self._policy != "best_effort":
                raise
            self._writer.dropped += len(records)
            return 0
        self._writer.written += len(records)
        return len(records)

    def offer(self, record: LoggedDecision) -> bool:
        """Take a shadow's decision; False where it was dropped."""
        return self._writer.offer(record)

    def find(self, decision_id: str, tenant: str) -> LoggedDecision | None:
        """Return a decision of this tenant, wherever it lies."""
        return self._first(lambda database: database.find(decision_id, tenant))

    def repeated(self, caller: str, idempotency: str) -> LoggedDecision | None:
        """Return what this caller's request with this key was answered."""
        return self._first(lambda database: database.repeated(caller, idempotency))

    def shadows(self, decision_id: str) -> Sequence[LoggedDecision]:
        """Return what challengers said beside a decision."""
        return self._together(lambda database: database.shadows(decision_id))

    def page(self, tenant: str, *, after: str = "", limit: int = 100) -> Sequence[LoggedDecision]:
        """Return decisions in the order of their ids, from the first after ``after``."""
        return self._together(lambda database: database.page(tenant, after, limit))[:limit]

    def add_outcomes(self, outcomes: Sequence[Outcome], tenant: str) -> OutcomeReceipt:
        """Keep outcomes in one transaction; decisions that wait in the spool go first."""
        if self._shipper is not None:
            self._shipper.drain()
        return self._database.add_outcomes(outcomes, tenant)

    def outcomes(self, decision_id: str) -> Sequence[Outcome]:
        """Return the outcomes of a decision, the highest version last."""
        return self._database.outcomes(decision_id)

    def erase(self, subject: str) -> Erasure:
        """Blank one applicant, in the spool first: what waits there must not come after."""
        spooled = 0
        if self._spool is not None and self._shipper is not None:
            with self._shipper.paused():
                spooled = sum(self._spool.erase(subject))
        decisions, shadows = self._database.erase(subject)
        return Erasure(subject, decisions, shadows, 0, spooled, self._stays(subject))

    def _stays(self, subject: str) -> tuple[str, ...]:
        """Say what an erasure leaves."""
        kept: tuple[str, ...] = (
            "PD, decision, threshold, policy, bundle, time and outcome of each decision",
            "a digest of the pseudonym, so that what arrives late is blanked too",
            "your backups, and the files of batch jobs",
        )
        if not self._database.is_sqlite:
            kept += ("dead rows and the write-ahead log of PostgreSQL, until VACUUM and archiving",)
        key_id = subject.partition(":")[0]
        if others := self._database.under_other_keys(key_id):
            kept += (f"{others} decisions whose pseudonyms another key made: this key cannot tell",)
        return kept

    def state(self) -> LogState:
        """Tell how the log is; never waits for a database."""
        shipper = self._shipper
        far = "" if shipper is None else shipper.trouble
        written, last = self._writer.written, self._last_written
        if shipper is not None:
            written, last = shipper.moved, shipper.last_moved
        status = "degraded" if self._trouble or far else "ok"
        if self._trouble and self._policy != "best_effort":
            status = "down"
        return LogState(
            status=status,
            cause=self._trouble or far,
            written=written,
            spooled=0 if shipper is None else shipper.waiting,
            dropped=self._writer.dropped,
            last_written=last,
            location=self._database.location,
        )

    def applicants(self, propensities: Mapping[str, float]) -> dict[str, int]:
        """Return how many different applicants each variant answered with this probability."""
        return self._database.applicants(propensities)

    def summary(self) -> dict[str, Any]:
        """Return counts by role, variant, decision, bundle and policy."""
        return self._database.summary()

    def close(self, seconds: float) -> None:
        """Write what waits, at most for so long, and let go."""
        began = time.monotonic()
        self._writer.close(seconds)
        if self._shipper is not None:
            self._shipper.close(max(0.1, seconds - (time.monotonic() - began)))
        for database in (self._near, self._database):
            database.close()

    def _insert(self, records: Sequence[LoggedDecision]) -> Sequence[LoggedDecision | Elsewhere]:
        shipper = self._shipper
        if shipper is not None and shipper.waiting + len(records) > self._spool_rows:
            self._trouble = _FULL
            raise ScorewrightError(
                f"The spool holds {shipper.waiting} decisions that the database did not take.",
                remedy="Bring the database back; the runbook says how when it is lost.",
                code="log-full",
            )
        try:
            kept = self._near.insert(records)
        except ScorewrightError as error:
            self._trouble = cause_of(error)
            raise
        self._trouble = ""
        self._last_written = time.time_ns() // 1_000
        if shipper is not None:
            shipper.added(len(records))
        return kept

    def _look(self) -> bool:
        """Look whether decisions may be written: nobody may ask, and who is down is not asked."""
        shipper = self._shipper
        try:
            self._near.ping()
        except ScorewrightError as error:
            self._trouble = cause_of(error)
            return False
        if shipper is not None and shipper.waiting >= self._spool_rows:
            self._trouble = _FULL
            return False
        self._trouble = ""
        return True

    def _first(self, look: Callable[[LogDatabase], LoggedDecision | None]) -> LoggedDecision | None:
        if self._spool is not None and (found := look(self._spool)) is not None:
            return found
        return look(self._database)

    def _together(
        self, look: Callable[[LogDatabase], list[LoggedDecision]]
    ) -> list[LoggedDecision]:
        """Return what both hold, each decision once."""
        found = {} if self._spool is None else {r.decision_id: r for r in look(self._spool)}
        found |= {record.decision_id: record for record in look(self._database)}
        return [found[key] for key in sorted(found)]


def open_log(settings: LogSettings, root: Path, *, may_make: bool = True) -> DecisionLog:
    """Open the decision log of a service.

    Args:
        settings: ``[serve.log]``.
        root: Folder of the project.
        may_make: Whether SQLite files are made where there are none. Who works beside a service
            makes none: a file that was moved away would be replaced by an empty one.

    Raises:
        UsageError: ``log-url``, ``log-password``.
        ScorewrightError: ``log-unavailable``, ``log-schema``.
    """
    if settings.url is None:
        url: Any = f"sqlite:///{root / LOCAL}"
    else:
        url = _with_password(_anchored(settings.url, root), settings, root)
    database = LogDatabase(url, may_make=may_make)
    spool = None
    if not database.is_sqlite and settings.policy != "required":
        spool = LogDatabase(f"sqlite:///{root / SPOOL}", is_spool=True, may_make=may_make)
    log = DatabaseLog(database, settings.policy, spool, settings.spool_rows)
    log.start()
    return log


def _anchored(url: str, root: Path) -> str:
    """Take a relative SQLite file as one of the project."""
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        return f"sqlite:///{root / url.removeprefix('sqlite:///')}"
    return url


def _with_password(url: str, settings: LogSettings, root: Path) -> Any:  # noqa: ANN401 - str or URL
    if settings.password_file is None:
        return url
    from sqlalchemy import make_url  # noqa: PLC0415 - only here

    try:
        with (root / settings.password_file).open("rb") as file:
            password = file.read(LONGEST_SECRET).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"The file of the decision log's password, {settings.password_file}, cannot be read.",
            remedy="Correct serve.log.password_file, or the rights of the file.",
            code="log-password",
        ) from error
    return make_url(url).set(password=password)


def subject_key(path: Path) -> SubjectKey:
    """Return the key of pseudonyms; it is made where there is none.

    Raises:
        ScorewrightError: Those of `scorewright.adapters.guarded.load_secret`.
    """
    secret = load_secret(path)
    return SubjectKey(secret.id, secret.data)
