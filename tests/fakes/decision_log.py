"""A decision log in memory, ids that count, and a gatekeeper who lets everybody in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scorewright.core.access import Caller
from scorewright.core.decision_log import LoggedDecision, Outcome
from scorewright.core.errors import ScorewrightError
from scorewright.flows.serve import Erasure, LogState, OutcomeReceipt


@dataclass
class CountingIds:
    """Ids 1, 2, 3 ... of equal length, so that they sort."""

    made: int = 0

    def next(self) -> str:
        self.made += 1
        return f"d{self.made:08d}"


class OpenGate:
    """Lets everybody in."""

    def caller(self, authorization: str | None, api_key: str | None) -> Caller:
        return Caller.nobody()


@dataclass
class MemoryLog:
    """A `DecisionLog` of lists. ``trouble`` is raised by the next appends."""

    records: list[LoggedDecision] = field(default_factory=list)
    kept_outcomes: list[tuple[str, Outcome]] = field(default_factory=list)
    trouble: ScorewrightError | None = None
    dropped: int = 0
    room_for_shadows: int = 1_000

    async def append(self, record: LoggedDecision) -> LoggedDecision:
        if self.trouble is not None:
            raise self.trouble
        if record.idempotency is not None:
            earlier = self.repeated(record.caller, record.idempotency)
            if earlier is not None:
                return earlier
        self.records.append(record)
        return record

    def append_many(self, records: Sequence[LoggedDecision]) -> int:
        if self.trouble is not None:
            raise self.trouble
        held = {record.decision_id for record in self.records}
        self.records += [record for record in records if record.decision_id not in held]
        return len(records)

    def offer(self, record: LoggedDecision) -> bool:
        if self.room_for_shadows <= 0:
            self.dropped += 1
            return False
        self.room_for_shadows -= 1
        self.records.append(record)
        return True

    def find(self, decision_id: str, tenant: str) -> LoggedDecision | None:
        found = (r for r in self.records if (r.decision_id, r.tenant) == (decision_id, tenant))
        return next(found, None)

    def repeated(self, caller: str, idempotency: str) -> LoggedDecision | None:
        found = (r for r in self.records if (r.caller, r.idempotency) == (caller, idempotency))
        return next(found, None)

    def shadows(self, decision_id: str) -> Sequence[LoggedDecision]:
        return [r for r in self.records if r.answers == decision_id]

    def page(self, tenant: str, *, after: str = "", limit: int = 100) -> Sequence[LoggedDecision]:
        mine = (r for r in self.records if r.tenant == tenant and r.decision_id > after)
        return sorted(mine, key=lambda r: r.decision_id)[:limit]

    def add_outcomes(self, outcomes: Sequence[Outcome], tenant: str) -> OutcomeReceipt:
        stored = repeated = 0
        unknown, conflicting = [], []
        for outcome in outcomes:
            if self.find(outcome.decision_id, tenant) is None:
                unknown.append(outcome.decision_id)
                continue
            known = {(o.decision_id, o.version): o for _, o in self.kept_outcomes}
            earlier = known.get((outcome.decision_id, outcome.version))
            if earlier is None:
                self.kept_outcomes.append((tenant, outcome))
                stored += 1
            elif earlier == outcome:
                repeated += 1
            else:
                conflicting.append(outcome.decision_id)
        return OutcomeReceipt(stored, repeated, tuple(unknown), tuple(conflicting))

    def outcomes(self, decision_id: str) -> Sequence[Outcome]:
        mine = [o for _, o in self.kept_outcomes if o.decision_id == decision_id]
        return sorted(mine, key=lambda o: o.version)

    def erase(self, subject: str) -> Erasure:
        mine = [r for r in self.records if r.subject == subject]
        self.records = [r.without_person() if r.subject == subject else r for r in self.records]
        shadows = sum(r.role == "shadow" for r in mine)
        return Erasure(subject, len(mine) - shadows, shadows, 0, 0)

    def state(self) -> LogState:
        return LogState("ok", "", len(self.records), 0, self.dropped, None, "memory")

    def applicants(self, propensities: Mapping[str, float]) -> dict[str, int]:
        found: dict[str, set[str]] = {}
        for r in self.records:
            share = propensities.get(r.variant)
            if r.role == "shadow" or share is None or abs(r.propensity - share) > 1e-9:
                continue
            if r.subject is not None:
                found.setdefault(r.variant, set()).add(r.subject)
        return {name: len(subjects) for name, subjects in found.items()}

    def summary(self) -> dict[str, Any]:
        return {"decision": dict(Counter(r.decision for r in self.records))}

    def close(self, seconds: float) -> None:
        """Nothing waits."""
