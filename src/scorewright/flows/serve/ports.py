"""What serving needs from the world: a durable log, ids, and whoever recognises callers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from scorewright.core.access import Caller
from scorewright.core.decision_log import LoggedDecision, Outcome

__all__ = [
    "DecisionLog",
    "Erasure",
    "Gatekeeper",
    "Ids",
    "LogState",
    "OutcomeReceipt",
    "Resources",
    "Surroundings",
    "SyncState",
]


class Ids(Protocol):
    """Identifiers of decisions."""

    def next(self) -> str:
        """Return a new id of 1 to 64 letters, digits and hyphens; later ids sort later."""
        ...


@dataclass(frozen=True, slots=True)
class LogState:
    """How the decision log is.

    Attributes:
        status: ``ok``, ``degraded`` (spooling, or dropping where that is allowed) or ``down``.
        cause: In words, empty where it is well.
        written: Decisions that are in the database, by this process.
        spooled: Decisions that wait in the spool.
        dropped: Decisions and shadows that were given up.
        last_written: When the database last took one, microseconds since 1970; None before.
        location: Where it is, without a password.
    """

    status: str
    cause: str
    written: int
    spooled: int
    dropped: int
    last_written: int | None
    location: str


@dataclass(frozen=True, slots=True)
class OutcomeReceipt:
    """What became of outcomes that were sent.

    Attributes:
        stored: New ones and corrections.
        repeated: Known already, with the same content.
        unknown: Ids of decisions the log does not have for this tenant.
        conflicting: Ids whose version is known with another content.
    """

    stored: int
    repeated: int
    unknown: tuple[str, ...] = ()
    conflicting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Erasure:
    """What the erasure of one applicant changed.

    Attributes:
        subject: The pseudonym.
        decisions, shadows, outcomes, spooled: Rows blanked or removed.
        kept: What stays, and why, in words.
    """

    subject: str
    decisions: int
    shadows: int
    outcomes: int
    spooled: int
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SyncState:
    """What the process that follows the registry wrote down last.

    Attributes:
        at: When it last looked, ISO 8601 with a zone.
        ok: Whether the registry answered and what it named is deployed.
        cause: Why not; empty where it is well.
        alias: What it follows.
        version: Version of the registered model that is deployed; empty where none is yet.
        age_seconds: Since it last looked.
        good_age_seconds: Since a look was last well; None where none ever was.
    """

    at: str
    ok: bool
    cause: str
    alias: str
    version: str
    age_seconds: float
    good_age_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Resources:
    """What this process and its machine have left.

    Attributes:
        memory_bytes: Resident memory of this process.
        open_files: Of this process.
        open_files_limit: How many it may have.
        threads: Of this process.
        disk_free_bytes: Where the decision log or its spool is kept.
    """

    memory_bytes: int
    open_files: int
    open_files_limit: int
    threads: int
    disk_free_bytes: int


class Surroundings(Protocol):
    """What the machine around a service says."""

    def sync(self) -> SyncState | None:
        """Tell how the sync is; None where none ever ran. Never waits for a network."""
        ...

    def resources(self) -> Resources:
        """Tell what is left."""
        ...


class DecisionLog(Protocol):
    """Where decisions are kept. Safe for use by one event loop and by threads."""

    async def append(self, record: LoggedDecision) -> LoggedDecision:
        """Return when the decision is as durable as the settings ask; many share one commit.

        Returns:
            What the log holds: the record, or the one that an earlier request of this caller
            with the same idempotency key left.

        Raises:
            ScorewrightError: ``log-unavailable`` (the policy asks for more than can be had now),
                ``log-full``.
        """
        ...

    def append_many(self, records: Sequence[LoggedDecision]) -> int:
        """Return when decisions without idempotency keys are as durable as the settings ask.

        One transaction; an id that is in the log already is not written again. For threads and
        processes that have no event loop.

        Returns:
            How many of them the log has; fewer only where the settings allow that some are dropped.

        Raises:
            ScorewrightError: As `append`.
        """
        ...

    def offer(self, record: LoggedDecision) -> bool:
        """Take a shadow's decision, written with the next commit; False where it was dropped."""
        ...

    def find(self, decision_id: str, tenant: str) -> LoggedDecision | None:
        """Return a decision of this tenant, wherever it lies, the spool included."""
        ...

    def repeated(self, caller: str, idempotency: str) -> LoggedDecision | None:
        """Return what this caller's request with this key was answered."""
        ...

    def shadows(self, decision_id: str) -> Sequence[LoggedDecision]:
        """Return what challengers said beside a decision."""
        ...

    def page(self, tenant: str, *, after: str = "", limit: int = 100) -> Sequence[LoggedDecision]:
        """Return decisions in the order of their ids, from the first after ``after``."""
        ...

    def add_outcomes(self, outcomes: Sequence[Outcome], tenant: str) -> OutcomeReceipt:
        """Keep outcomes in one transaction; each (decision, version) once."""
        ...

    def outcomes(self, decision_id: str) -> Sequence[Outcome]:
        """Return the outcomes of a decision, the highest version last."""
        ...

    def erase(self, subject: str) -> Erasure:
        """Blank inputs, tables, answers, ids and pseudonyms of one applicant, everywhere.

        What was decided stays as figures without a person: PD, decision, bundle, policy, time.
        """
        ...

    def state(self) -> LogState:
        """Tell how the log is; never waits for a database."""
        ...

    def applicants(self, propensities: Mapping[str, float]) -> dict[str, int]:
        """Return how many different applicants each variant answered.

        Args:
            propensities: Variant -> probability; only answers given with this one count, so that
                what was answered under other shares does not.
        """
        ...

    def summary(self) -> dict[str, Any]:
        """Return counts by role, variant, decision, bundle and policy, for ``/metrics/summary``."""
        ...

    def close(self, seconds: float) -> None:
        """Write what waits, at most for so long, and let go."""
        ...


class Gatekeeper(Protocol):
    """Recognises who asks, from what the request carries."""

    def caller(self, authorization: str | None, api_key: str | None) -> Caller:
        """Return who asks.

        Args:
            authorization: The ``Authorization`` header.
            api_key: The ``X-API-Key`` header.

        Raises:
            AccessError: ``unauthorised`` (401), ``too-many-requests`` (429).
        """
        ...
