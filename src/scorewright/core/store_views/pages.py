"""An audit as a page."""

from __future__ import annotations

from scorewright.core.audit import AuditFinding, AuditReport
from scorewright.core.report import Figure, ReportContent, Section, Table, Tone

__all__ = [
    "CRITERION_COLUMNS",
    "audit_page",
    "criterion_rows",
    "finding_subjects",
]

#: Headings of `criterion_rows`.
CRITERION_COLUMNS = ("criterion", "state", "share", "runs concerned", "rules broken")
_SHOWN = 5
_STATES: dict[str, Tone] = {"pass": "good", "partial": "warn", "fail": "bad"}


def criterion_rows(report: AuditReport) -> list[tuple[str, ...]]:
    """Return the seven criteria for people.

    Args:
        report: What the audit says.
    """
    return [
        (
            one.name, one.state, f"{one.share:.0%}", f"{one.runs_concerned:,}",
            ", ".join(one.codes) or "none",
        )
        for one in report.criteria
    ]  # fmt: skip


def finding_subjects(finding: AuditFinding) -> str:
    """Return the first few that break a rule, and how many more there are.

    Args:
        finding: A rule that is broken.
    """
    labels = [subject.label for subject in finding.subjects]
    more = len(labels) - _SHOWN
    return ", ".join(labels[:_SHOWN]) + (f" ... {more:,} more" if more > 0 else "")


def audit_page(report: AuditReport) -> ReportContent:
    """Return an audit as a page.

    Args:
        report: What the audit says.
    """
    share = report.passed / len(report.criteria)
    tone: Tone = "good" if share == 1 else "warn" if share >= 0.5 else "bad"  # noqa: PLR2004 - half
    verdict = [Figure("Criteria passed", f"{report.passed} of {len(report.criteria)}", tone=tone)]
    for severity, name in (("error", "Errors"), ("warning", "Warnings"), ("info", "Notes")):
        count = sum(finding.severity == severity for finding in report.findings)
        bad: Tone = "bad" if severity == "error" else "warn"
        judged: Tone = "neutral" if severity == "info" else bad if count else "good"
        verdict.append(Figure(name, f"{count:,}", "rules broken", judged))
    table = Table(CRITERION_COLUMNS, tuple(criterion_rows(report)), report.score)
    sections = [
        Section(
            "criteria",
            "The seven criteria",
            "Share is the part of the active runs that keep a criterion.",
            table=table,
            wide=True,
        )
    ]
    for one in report.criteria:
        mine = [finding for finding in report.findings if finding.criterion == one.name]
        if mine:
            rows = tuple((f.code, f.severity, f.title, f.counted, f.cases, f.remedy) for f in mine)
            columns = (
                "code",
                "severity",
                "what",
                "how many",
                "who, and what was found",
                "what to do",
            )
            sections.append(
                Section(
                    f"findings-{one.name}",
                    f"{one.name.capitalize()}: {one.state}",
                    f"{one.runs_concerned:,} runs concerned.",
                    table=Table(columns, rows),
                    wide=True,
                )
            )
    counts = ", ".join(
        f"{name.replace('_', ' ')}: {count:,}" for name, count in report.counts.items()
    )
    return ReportContent(
        title="Audit of a tracking store",
        subtitle=report.location,
        verdict=tuple(verdict),
        sections=tuple(sections),
        footer={"store": report.location, "counted": counts},
    )
