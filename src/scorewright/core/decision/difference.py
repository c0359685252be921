"""What changed from one policy to another, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scorewright.core.decision.policy import Policy

__all__ = ["FieldChange", "policy_difference"]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs.

    Attributes:
        field: Its name, with dots into nested ones: ``evidence.approval_rate``.
        before: Value in the first policy; None where it has none.
        after: Value in the second.
        change: ``after - before`` where both are numbers.
    """

    field: str
    before: Any
    after: Any
    change: float | None = None


def policy_difference(first: Policy, second: Policy) -> tuple[FieldChange, ...]:
    """Compare two policies, whichever version of the document they are.

    Returns:
        The fields that differ, by name; none for equal policies.
    """
    before, after = dict(_flat(_whole(first))), dict(_flat(_whole(second)))
    names = sorted(set(before) | set(after))
    return tuple(
        FieldChange(name, before.get(name), after.get(name), _step(before, after, name))
        for name in names
        if before.get(name) != after.get(name)
    )


def _whole(policy: Policy) -> dict[str, Any]:
    """Return all fields, so that a document of version 1 compares with one of version 2."""
    columns = policy.loan_costs
    return {
        **policy.to_dict(),
        "refer_from": policy.refer_from,
        "refer_to": policy.refer_to,
        "segments": {
            name: {
                "threshold": rule.threshold,
                "refer_from": rule.refer_from,
                "refer_to": rule.refer_to,
            }
            for name, rule in policy.segments.items()
        },
        "loan_costs": None
        if columns is None
        else {
            "exposure": columns.exposure,
            "loss_given_default": columns.loss_given_default,
            "margin": columns.margin,
        },
    }


def _flat(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _step(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> float | None:
    old, new = before.get(name), after.get(name)
    if isinstance(old, bool) or isinstance(new, bool):
        return None
    if not isinstance(old, (int, float)) or not isinstance(new, (int, float)):
        return None
    return float(new - old)
