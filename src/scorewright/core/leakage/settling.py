"""Hold findings against what somebody looked at and took responsibility for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from scorewright.core.findings import Finding

__all__ = ["Acceptance", "Settled", "settle"]


class Acceptance(Protocol):
    """A finding accepted with a reason, as under ``[[leakage.accept]]``."""

    @property
    def code(self) -> str:
        """Code of the finding."""
        ...

    @property
    def column(self) -> str:
        """Its subject."""
        ...

    @property
    def reason(self) -> str:
        """Why it is sound."""
        ...


@dataclass(frozen=True, slots=True)
class Settled:
    """Findings, sorted out.

    Attributes:
        open: Errors nobody accepted; they stop the work.
        accepted: Accepted errors, each with its acceptance.
        notes: Warnings and information.
        unused: Acceptances that match no finding, so that stale ones can be removed.
    """

    open: tuple[Finding, ...]
    accepted: tuple[tuple[Finding, Acceptance], ...]
    notes: tuple[Finding, ...]
    unused: tuple[Acceptance, ...]


def settle(findings: Sequence[Finding], accepted: Sequence[Acceptance]) -> Settled:
    """Sort findings into open, accepted and notes.

    An acceptance covers exactly one code on one subject; of two for the same, the first counts.

    Args:
        findings: In the order they shall keep.
        accepted: Acceptances.
    """
    by_place: dict[tuple[str, str], Acceptance] = {}
    for acceptance in accepted:
        by_place.setdefault((acceptance.code, acceptance.column), acceptance)
    errors = [finding for finding in findings if finding.severity == "error"]
    found = {(finding.code, finding.subject) for finding in findings}
    return Settled(
        open=tuple(f for f in errors if (f.code, f.subject) not in by_place),
        accepted=tuple(
            (f, by_place[f.code, f.subject]) for f in errors if (f.code, f.subject) in by_place
        ),
        notes=tuple(finding for finding in findings if finding.severity != "error"),
        unused=tuple(a for a in accepted if (a.code, a.column) not in found),
    )
