"""One decision as it is kept: who asked, what answered, what it answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

__all__ = ["Keep", "LoggedDecision", "Outcome", "Role"]

#: ``champion`` and ``challenger`` answered; ``shadow`` only scored beside the answer.
Role = Literal["champion", "challenger", "shadow"]
#: What is kept of a column: its value, a keyed digest of it, or nothing.
Keep = Literal["full", "hashed", "none"]


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """A row of the decision log.

    Attributes:
        decision_id: Made by the service, sortable by time; unique.
        at: When it was decided, microseconds since 1970, UTC.
        request_id: Of the request; several decisions may share it.
        role: How the bundle came to score.
        variant: Name of the champion or challenger, as the settings have it; ``champion``.
        propensity: Probability with which this variant was chosen to answer; 1 without a split.
        answers: For a shadow, the decision it stands beside; else None.
        caller: Id of the API key or subject of the token; empty in development.
        tenant: Whose decision it is; others cannot read it.
        idempotency: Keyed digest of the caller's ``Idempotency-Key``; None without one.
        subject: Pseudonym of the applicant, ``KEYID:HEX``; None where no id was sent.
        bundle: Digest of the bundle.
        model_digest: Digest of the files that decide the score.
        policy: ``ID@VERSION``.
        policy_digest: SHA-256 of the policy.
        pd: Probability of default, in [0, 1], unrounded.
        decision: ``approve``, ``refer`` or ``decline``.
        threshold: The threshold that held.
        inputs: Column -> value as the model got it, or ``{"hashed": HEX}``; columns of which
            nothing is kept are absent.
        tables: Table -> rows of the histories, treated likewise.
        flags: As the answer had them.
        reasons: As the answer had them; empty where none were asked for.
        answer: The answer without the caller's own id, for a request that may be repeated; empty
            where it came without an idempotency key.
    """

    decision_id: str
    at: int
    request_id: str
    role: Role
    variant: str
    propensity: float
    answers: str | None
    caller: str
    tenant: str
    idempotency: str | None
    subject: str | None
    bundle: str
    model_digest: str
    policy: str
    policy_digest: str
    pd: float
    decision: str
    threshold: float
    inputs: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, Any] = field(default_factory=dict)
    flags: Mapping[str, Any] = field(default_factory=dict)
    reasons: tuple[Mapping[str, Any], ...] = ()
    answer: Mapping[str, Any] = field(default_factory=dict)

    def without_person(self) -> LoggedDecision:
        """Return the figures alone: what was decided, when, and by what; about nobody.

        The request's id goes too: it is the caller's, and may be the applicant's.
        """
        return replace(
            self,
            request_id="",
            idempotency=None,
            subject=None,
            inputs={},
            tables={},
            flags={},
            reasons=(),
            answer={},
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a decided application.

    Attributes:
        decision_id: The decision.
        outcome: 1 is bad, 0 is good.
        observed_at: When it was known, ISO 8601 with a zone.
        source: Who says so.
        version: Counts up where an outcome is corrected; the highest holds.
    """

    decision_id: str
    outcome: Literal[0, 1]
    observed_at: str
    source: str
    version: int = 1
