"""Many decisions that were made at once, by column: as a file is scored, and as it is logged."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

from scorewright.core.decision_log.record import LoggedDecision

__all__ = ["DecisionBlock"]


@dataclass(frozen=True, slots=True)
class DecisionBlock(Sequence[LoggedDecision]):
    """Decisions without idempotency keys that differ in little.

    A record is made only where somebody asks for it, which costs more than scoring it did; who
    writes all of them goes by the columns.

    Attributes:
        common: What all of them share; of it the members below are not looked at.
        decision_ids, subjects, pds, decisions, thresholds, flags: Members of the records.
        inputs: Their inputs, each a JSON object.
    """

    common: LoggedDecision
    decision_ids: Sequence[str]
    subjects: Sequence[str | None]
    pds: Sequence[float]
    decisions: Sequence[str]
    thresholds: Sequence[float]
    inputs: Sequence[bytes]
    flags: Sequence[Mapping[str, Any]]

    def __len__(self) -> int:
        """Return the number of decisions."""
        return len(self.decision_ids)

    @overload
    def __getitem__(self, at: int) -> LoggedDecision: ...
    @overload
    def __getitem__(self, at: slice) -> list[LoggedDecision]: ...
    def __getitem__(self, at: int | slice) -> LoggedDecision | list[LoggedDecision]:
        """Return a record, or some."""
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        return replace(
            self.common,
            decision_id=self.decision_ids[at],
            subject=self.subjects[at],
            pd=self.pds[at],
            decision=self.decisions[at],
            threshold=self.thresholds[at],
            inputs=json.loads(self.inputs[at]),
            flags=self.flags[at],
        )
