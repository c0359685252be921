"""The policy: the decision rule, a document of its own, apart from the model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.core.decision.reading import NEW_IN_2, policy_fields
from scorewright.core.decision.rules import (
    CostMatrix,
    Decision,
    LoanColumns,
    Rule,
    segment_text,
)
from scorewright.core.digests import canonical_json, sha256_hex

__all__ = ["Policy"]

Floats = npt.NDArray[np.float64]
Segments = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Policy:
    """Which PDs are declined, for which model, decided by whom, since when.

    Attributes:
        id: Stable name of the policy, ``{project}_default``.
        version: Counts up with every change; 0 is a draft.
        segment: ``all``, or the segment it applies to.
        threshold: Applications with PD >= threshold are declined, where there is no band.
        costs: The cost matrix the threshold was fitted with.
        model_digest: The only model it may be used with.
        bundle: Digest of the bundle it was made for.
        calibration_digest: Digest of the calibration inside that model.
        data_version: Data it was fitted on.
        data_role: ``out_of_fold`` or ``policy_sample``; never ``training``.
        method: ``exact_minimum_cost``, ``bayes``, a target, ``manual``.
        owner: The business owner.
        approver: Who approved it, None while nobody has.
        effective_from, effective_to: ISO 8601 with a zone; ``effective_to`` None means open.
        reason: Why this version exists.
        evidence: Figures at the threshold: cost, interval, approval rate and the like.
        refer_from, refer_to: The band in which a person decides; both or neither.
        segment_column: Column whose values have rules of their own, where any have.
        segments: Those rules by value, written as text; all others keep the common rule.
        loan_costs: Columns of the costs, where every loan has its own.
        data_digest: SHA-256 of the figures or rows it was fitted on.
        made_at: When it was written, ISO 8601.
        schema_version: 2; documents of version 1 know nothing from ``refer_from`` on.
    """

    id: str
    version: int
    segment: str
    threshold: float
    costs: CostMatrix
    model_digest: str
    bundle: str
    calibration_digest: str
    data_version: str
    data_role: str
    method: str
    owner: str
    approver: str | None
    effective_from: str
    effective_to: str | None
    reason: str
    evidence: Mapping[str, Any]
    refer_from: float | None = None
    refer_to: float | None = None
    segment_column: str | None = None
    segments: Mapping[str, Rule] = field(default_factory=dict)
    loan_costs: LoanColumns | None = None
    data_digest: str | None = None
    made_at: str | None = None
    schema_version: int = 2

    @property
    def rule(self) -> Rule:
        """The rule of every application whose segment has none of its own."""
        return Rule(self.threshold, self.refer_from, self.refer_to)

    @property
    def has_referrals(self) -> bool:
        """Whether a person decides on some applications."""
        return any(r.refer_from is not None for r in (self.rule, *self.segments.values()))

    def rule_of(self, segment: object = None) -> Rule:
        """Return the rule of an application.

        Args:
            segment: Its value of ``segment_column``; None where it is missing.
        """
        name = segment_text(segment) if self.segments else None
        return self.rule if name is None else self.segments.get(name, self.rule)

    def decide(self, pd: float, segment: object = None) -> Decision:
        """Return ``decline`` where ``pd >= threshold``, else ``approve``; in a band ``refer``.

        Args:
            pd: Probability of default.
            segment: The application's value of ``segment_column``.
        """
        return self.rule_of(segment).decide(pd)

    def decide_all(
        self, pd: Floats, segments: Segments | None = None
    ) -> tuple[npt.NDArray[np.str_], Floats]:
        """Decide on many applications.

        Args:
            pd: PDs of shape (n,).
            segments: Their values of ``segment_column``, n of them; None where there is none.

        Returns:
            Decisions and the thresholds that held, both of shape (n,).
        """
        if segments is None or not self.segments:
            which, rules = np.zeros(len(pd), dtype=np.intp), [self.rule]
        else:
            names = list(self.segments)
            place = {name: i for i, name in enumerate(names, start=1)}
            texts = (segment_text(value) for value in segments)
            which = np.array([0 if t is None else place.get(t, 0) for t in texts], dtype=np.intp)
            rules = [self.rule, *(self.segments[name] for name in names)]
        low = np.array([_low(rule) for rule in rules])[which]
        high = np.array([_high(rule) for rule in rules])[which]
        decided = np.where(pd >= high, "decline", np.where(pd >= low, "refer", "approve"))
        return decided, np.array([rule.threshold for rule in rules])[which]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form, that of the document's own version."""
        document = asdict(self)
        if self.schema_version == 1:
            return {k: v for k, v in document.items() if k not in NEW_IN_2}
        return document

    def to_bytes(self) -> bytes:
        """Return the JSON that is signed: sorted keys, indented, so that versions diff well."""
        text = json.dumps(self.to_dict(), sort_keys=True, indent=2, allow_nan=False)
        return (text + "\n").encode("utf-8")

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form."""
        return sha256_hex(canonical_json(self.to_dict()))

    @classmethod
    def from_bytes(cls, data: bytes) -> Policy:
        """Read the form written by `to_bytes`, of this version or the first.

        Raises:
            IntegrityError: ``policy-invalid``, naming the field.
        """
        return cls(**policy_fields(data, tuple(cls.__dataclass_fields__)))


def _low(rule: Rule) -> float:
    return rule.threshold if rule.refer_from is None else rule.refer_from


def _high(rule: Rule) -> float:
    return rule.threshold if rule.refer_to is None else rule.refer_to
