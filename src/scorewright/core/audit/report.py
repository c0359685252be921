"""What an audit says: seven criteria, a score, and findings by rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from scorewright.core.audit.rule import Criterion, Hit
from scorewright.core.audit.subjects import Subject
from scorewright.core.digests import canonical_json
from scorewright.core.findings import Finding, Severity

__all__ = ["AuditFinding", "AuditReport", "CriterionResult", "State"]

State = Literal["pass", "partial", "fail"]

#: So many subjects are named in a sentence; the data names all.
_SHOWN = 5
_NOUNS = {"logged_model": "logged model", "model": "registered model", "version": "model version"}


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """A rule that is broken, with everyone who breaks it.

    Attributes:
        code: Of the rule.
        criterion: Of the rule.
        severity: The worst of its hits.
        title: A few words.
        remedy: What mends it.
        hits: Ways in which it is broken, with who breaks it so.
    """

    code: str
    criterion: Criterion
    severity: Severity
    title: str
    remedy: str
    hits: tuple[Hit, ...]
    _told: list[tuple[Subject, ...]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Everyone concerned, once each."""
        if not self._told:
            self._told.append(tuple(dict.fromkeys(s for hit in self.hits for s in hit.subjects)))
        return self._told[0]

    @property
    def run_ids(self) -> tuple[str, ...]:
        """Ids of the runs concerned, once each."""
        return tuple(s.id for s in self.subjects if s.kind == "run")

    @property
    def counted(self) -> str:
        """How many are concerned, such as "37 runs" or "2 runs, 1 model version"."""
        counts: dict[str, int] = {}
        for subject in self.subjects:
            counts[subject.kind] = counts.get(subject.kind, 0) + 1
        parts = []
        for kind, count in counts.items():
            noun = _NOUNS.get(kind, kind)
            parts.append(f"{count:,} {noun}{'' if count == 1 else 's'}")
        return ", ".join(parts)

    @property
    def headline(self) -> str:
        """One line: "RUN-001 · still RUNNING · 37 runs"."""
        return f"{self.code} · {self.title} · {self.counted}"

    @property
    def cases(self) -> str:
        """The first few that break it, and how: "`churn` (3f1c): RUNNING, begun 40 days ago"."""
        shown, left = [], _SHOWN
        for hit in self.hits:
            if not left:
                break
            few = hit.subjects[:left]
            left -= len(few)
            named = ", ".join(s.label for s in few)
            shown.append(f"{named}: {hit.text}" if hit.text else named)
        total = len(self.subjects)
        more = f"; and {total - _SHOWN:,} more" if total > _SHOWN else ""
        return f"{'; '.join(shown)}{more}"

    @property
    def message(self) -> str:
        """One sentence with the first few."""
        return f"{self.title[0].upper()}{self.title[1:]}, {self.counted}: {self.cases}."

    def to_finding(self) -> Finding:
        """Return it in the form all checks share."""
        return Finding(
            code=self.code,
            severity=self.severity,
            subject=self.counted,
            message=self.message,
            remedy=self.remedy,
            evidence={"hits": [_hit_dict(hit) for hit in self.hits]},
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form that names everyone."""
        return {
            "code": self.code,
            "criterion": self.criterion,
            "severity": self.severity,
            "title": self.title,
            "message": self.message,
            "remedy": self.remedy,
            "count": len(self.subjects),
            "hits": [_hit_dict(hit) for hit in self.hits],
        }


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """How a store does on one criterion.

    Attributes:
        name: The criterion.
        state: ``pass``: nothing but notes. ``fail``: an error of the store itself, or fewer than
            half of the runs keep it. ``partial``: between the two.
        share: Share of the active runs that keep it, in [0, 1]; 1 without runs.
        runs_concerned: Active runs that do not.
        codes: Rules that are broken, notes left out.
    """

    name: Criterion
    state: State
    share: float
    runs_concerned: int
    codes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {
            "name": self.name,
            "state": self.state,
            "share": self.share,
            "runs_concerned": self.runs_concerned,
            "codes": list(self.codes),
        }


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The whole answer.

    Attributes:
        location: The store, passwords masked.
        criteria: In their fixed order.
        findings: By severity, criterion and code.
        counts: Runs, experiments and the like, deleted ones apart.
    """

    location: str
    criteria: tuple[CriterionResult, ...]
    findings: tuple[AuditFinding, ...]
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def passed(self) -> int:
        """Number of criteria passed."""
        return sum(c.state == "pass" for c in self.criteria)

    @property
    def score(self) -> str:
        """Such as "6/7 criteria passed (86 %)"."""
        total = len(self.criteria)
        return f"{self.passed}/{total} criteria passed ({100 * self.passed / total:.0f} %)"

    def reaches(self, severity: Severity) -> bool:
        """Return whether there is a finding of this severity or a worse one."""
        from_here = {
            "error": {"error"}, "warning": {"error", "warning"},
            "info": {"error", "warning", "info"},
        }[severity]  # fmt: skip
        return any(finding.severity in from_here for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form, the same for the same store."""
        return {
            "schema_version": 1,
            "location": self.location,
            "score": self.score,
            "passed": self.passed,
            "counts": dict(self.counts),
            "criteria": [criterion.to_dict() for criterion in self.criteria],
            "findings": [finding.to_dict() for finding in self.findings],
        }

    def to_json(self) -> bytes:
        """Return canonical JSON: the same report gives the same bytes."""
        return canonical_json(self.to_dict())


def _hit_dict(hit: Hit) -> dict[str, Any]:
    """Name everyone; a severity of null is that of the rule."""
    subjects = [{"kind": s.kind, "id": s.id, "name": s.name} for s in hit.subjects]
    return {
        "subjects": subjects,
        "text": hit.text,
        "detail": dict(hit.detail),
        "severity": hit.severity,
    }
