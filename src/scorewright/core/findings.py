"""A finding: something wrong, with its evidence and the step that mends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Finding", "Severity"]

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        code: Stable, such as ``LEAK-001``; each has a heading in the docs.
        severity: ``error`` stops the work unless accepted, the others are shown.
        subject: What it is about: a column, a run, a file.
        message: One sentence.
        evidence: Figures and examples behind the sentence, JSON-ready.
        remedy: What to do, ideally a command.
    """

    code: str
    severity: Severity
    subject: str
    message: str
    remedy: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
