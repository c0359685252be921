"""A rule of the audit, and what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from scorewright.core.audit.subjects import Subject
from scorewright.core.audit.view import StoreView
from scorewright.core.findings import Severity

__all__ = ["CRITERIA", "SEVERITIES", "Check", "Criterion", "Hit", "Rule"]

Criterion = Literal[
    "location", "naming", "metrics", "parameters", "tags", "database", "completeness"
]
#: In the order of the report.
CRITERIA: tuple[Criterion, ...] = get_args(Criterion)
#: The worst first.
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


@dataclass(frozen=True, slots=True)
class Hit:
    """One way a rule is broken, by one subject or by several in the same way.

    Attributes:
        subjects: Who breaks it.
        text: What is wrong with them, a part of a sentence; "" where the title says it all.
        detail: The same as data, JSON-ready.
        severity: Where it differs from the rule's.
    """

    subjects: tuple[Subject, ...]
    text: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity | None = None


Check = Callable[[StoreView], Iterable[Hit]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        code: Stable, such as ``RUN-001``.
        criterion: The criterion it speaks for.
        severity: ``info`` is shown, but never fails a criterion.
        title: A few words that can stand before "37 runs".
        remedy: What to do; ``{location}`` stands for the store.
        check: Finds who breaks it.
        is_overridden: Whether a person set the severity, which then holds for every hit.
    """

    code: str
    criterion: Criterion
    severity: Severity
    title: str
    remedy: str
    check: Check
    is_overridden: bool = False

    def weight(self, hit: Hit) -> Severity:
        """Return the severity of a hit."""
        return self.severity if self.is_overridden or hit.severity is None else hit.severity
