"""The policy: the decision rule, a document of its own, apart from the model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from scorewright.core.digests import canonical_json, refuse_other_version, sha256_hex
from scorewright.core.errors import IntegrityError

__all__ = ["CostMatrix", "Decision", "Policy"]

Decision = Literal["approve", "decline"]


@dataclass(frozen=True, slots=True)
class CostMatrix:
    """What the two mistakes cost, in any one unit.

    Attributes:
        false_negative: Cost of approving an application that defaults.
        false_positive: Cost of declining one that would have paid.
    """

    false_negative: float = 10.0
    false_positive: float = 1.0


@dataclass(frozen=True, slots=True)
class Policy:
    """Which PDs are declined, for which model, decided by whom, since when.

    Attributes:
        id: Stable name of the policy, ``{project}_default``.
        version: Counts up with every change.
        segment: ``all``, or the segment it applies to.
        threshold: Applications with PD >= threshold are declined.
        costs: The cost matrix the threshold was fitted with.
        model_digest: The only model it may be used with.
        bundle: Digest of the bundle it was made for.
        calibration_digest: Digest of the calibration inside that model.
        data_version: Data it was fitted on.
        data_role: ``out_of_fold`` or ``policy_sample``; never ``training``.
        method: ``exact_minimum_cost``, ``bayes``, ``manual``.
        owner: The business owner.
        approver: Who approved it, None while nobody has.
        effective_from, effective_to: ISO 8601, UTC; ``effective_to`` None means open.
        reason: Why this version exists.
        evidence: Figures at the threshold: cost, interval, approval rate and the like.
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
    schema_version: int = 1

    def decide(self, pd: float) -> Decision:
        """Return ``decline`` where ``pd >= threshold``, else ``approve``."""
        return "decline" if pd >= self.threshold else "approve"

    def to_bytes(self) -> bytes:
        """Return the JSON that is signed: sorted keys, indented, so that versions diff well."""
        text = json.dumps(asdict(self), sort_keys=True, indent=2, allow_nan=False)
        return (text + "\n").encode("utf-8")

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form."""
        return sha256_hex(canonical_json(asdict(self)))

    @classmethod
    def from_bytes(cls, data: bytes) -> Policy:
        """Read the form written by `to_bytes`.

        Raises:
            IntegrityError: ``policy-invalid``.
        """
        try:
            document = json.loads(data)
            costs = CostMatrix(**document.pop("costs"))
            policy = cls(costs=costs, **document)
            refuse_other_version(policy.schema_version)
            # A text would compare with a PD only by raising, far from here.
            threshold = policy.threshold + 0.0
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise IntegrityError(
                f"The policy cannot be read: {error}.",
                remedy="Train again or restore the policy file; do not edit it.",
                code="policy-invalid",
            ) from error
        return replace(policy, threshold=threshold)
