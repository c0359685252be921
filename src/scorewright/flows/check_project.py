"""Check a project's data: every contract, and leaks in the application table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scorewright.core.findings import Finding
from scorewright.core.leakage import Settled
from scorewright.core.project import Settings
from scorewright.core.tables import TableReport
from scorewright.flows.check_data import check_data
from scorewright.flows.events import Notify, StageDone, StageStarted
from scorewright.flows.ports import (
    ContractFiles,
    LearnerCatalogue,
    TableFile,
    TableReader,
    TableSource,
)
from scorewright.flows.screening import counted_rows, find_leaks, finding_dict, learning_table

__all__ = ["ProjectCheck", "check_project"]


@dataclass(frozen=True, slots=True)
class ProjectCheck:
    """What the checks found.

    Attributes:
        reports: One per table.
        written: Contracts that were inferred and written.
        leakage: Findings on the application table; None where its contract is broken, because
            rows that cannot be read cannot be judged.
    """

    reports: Sequence[TableReport]
    written: Sequence[Path]
    leakage: Settled | None

    @property
    def is_clean(self) -> bool:
        """Whether training could go on."""
        tables = all(report.is_clean for report in self.reports)
        return tables and self.leakage is not None and not self.leakage.open

    def rows(self) -> list[tuple[str, ...]]:
        """Return the contract problems of all tables for people."""
        return [
            (
                report.table,
                problem.column,
                problem.severity,
                problem.code,
                f"{problem.count:,}",
                ", ".join(str(row) for row in problem.first_rows[:3]) or "-",
                problem.expected,
            )
            for report in self.reports
            for problem in report.errors
        ]

    def leakage_rows(self) -> list[tuple[str, ...]]:
        """Return the leakage findings for people, errors first."""
        if self.leakage is None:
            return []
        findings: list[Finding] = [*self.leakage.open, *self.leakage.notes]
        return [(f.code, f.severity, f.subject, f.message, f.remedy) for f in findings]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``scorewright data check --json``."""
        leakage = self.leakage
        return {
            "schema_version": 1,
            "is_clean": self.is_clean,
            "tables": [report.to_dict() for report in self.reports],
            "contracts_written": [str(path) for path in self.written],
            "leakage": None
            if leakage is None
            else {
                "open": [finding_dict(f) for f in leakage.open],
                "notes": [finding_dict(f) for f in leakage.notes],
                "accepted": [
                    {**finding_dict(f), "reason": accepted.reason}
                    for f, accepted in leakage.accepted
                ],
            },
        }


def check_project(  # noqa: PLR0913 - a port each
    settings: Settings,
    sources: Sequence[TableSource],
    reader: TableReader,
    contracts: ContractFiles,
    learners: LearnerCatalogue,
    notify: Notify,
    *,
    is_too_large: Callable[[TableFile], bool] = lambda _: False,
) -> ProjectCheck:
    """Enforce every contract, inferring those that are missing, and look for leaks.

    Args:
        settings: The project.
        sources: All tables with the files of their contracts.
        reader: Reads tables.
        contracts: Reads and writes contracts.
        learners: For the shuffled-label control.
        notify: Hears the progress.
        is_too_large: As in `check_data`.

    Returns:
        Everything found; nothing is raised for findings.

    Raises:
        UsageError: Files, settings or contracts that cannot be read.
    """
    check = check_data(settings, sources, reader, contracts, notify, is_too_large=is_too_large)
    leakage = None
    report = next(r for r in check.reports if r.table == settings.data.table)
    if report.is_clean:
        notify(StageStarted("leakage"))
        learner = learners.get(settings.learner.name)
        params = learner.parameters(settings.learner.params, settings.project.seed)
        contract = check.contracts[report.table]
        frame, _ = counted_rows(settings, report.frame, contract, notify)
        table = learning_table(settings, frame, contract)
        leakage = find_leaks(settings, table, learner, params)
        notify(StageDone("leakage", f"{len(leakage.open)} open"))
    return ProjectCheck(check.reports, check.written, leakage)
