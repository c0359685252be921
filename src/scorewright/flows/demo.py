"""The demo: the whole path on real loans, in a fresh folder."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from scorewright.core.audit import AuditReport
from scorewright.core.errors import IntegrityError
from scorewright.flows.events import Notify, StageDone, StageStarted
from scorewright.flows.lift import Lift, histories_lift
from scorewright.flows.ports import Clock
from scorewright.flows.summary import summary_rows
from scorewright.flows.train import TrainResult

__all__ = ["DemoProject", "DemoResult", "RunningService", "run_demo"]

TOLERANCE = 1e-9


class RunningService(Protocol):
    """A service that answers."""

    url: str

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the JSON answer to a POST."""
        ...


class DemoProject(Protocol):
    """A project the demo can walk through."""

    def train(self, notify: Notify) -> TrainResult:
        """Train and deploy."""
        ...

    def write_report(
        self, result: TrainResult, file: Path | None, notify: Notify, lift: Lift | None = None
    ) -> Path:
        """Write the HTML report."""
        ...

    def service(self) -> AbstractContextManager[RunningService]:
        """Start the service in a process of its own."""
        ...

    def audit(self, notify: Notify) -> AuditReport:
        """Judge the project's own store."""
        ...

    @property
    def root(self) -> Path:
        """The project's folder."""
        ...


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo did and found.

    Attributes:
        title: Name of the data and its source.
        seconds: Wall time of all of it.
        training: The training's result.
        report: The HTML report.
        answer: What the API said to one application.
        audit: What the audit said of the store the training wrote.
        lift: What the histories add, where there are any.
    """

    title: str
    seconds: float
    root: Path
    training: TrainResult
    report: Path
    answer: Mapping[str, Any]
    audit: AuditReport
    lift: Lift | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``scorewright demo --json``."""
        return {
            "schema_version": 1,
            "seconds": round(self.seconds, 2),
            "project": str(self.root),
            "report": str(self.report),
            "training": self.training.to_dict(),
            "answer": dict(self.answer),
            "audit": self.audit.to_dict(),
            "lift": self.lift.to_dict() if self.lift else None,
            "next": self.next_commands(),
        }

    def summary(self) -> list[tuple[str, str]]:
        """Return the rows of the summary table."""
        return summary_rows(self.training)

    def answer_line(self) -> str:
        """Say what the API decided, in one line."""
        return (
            f"PD {self.answer['pd']:.4f}, {self.answer['decision']} "
            f"(threshold {self.answer['threshold']:.4f})"
        )

    def reason_lines(self) -> list[str]:
        """Return what raised the PD most, a line each, the strongest first."""
        return [
            f"{reason['rank']}. {reason['text']} (+{reason['contribution']:.2f} in log-odds)"
            for reason in self.answer.get("reasons", ())
        ]

    def next_commands(self) -> list[str]:
        """Return the three commands to go on with."""
        config = f"--config {self.root / 'scorewright.toml'}"
        return [
            f"scorewright {config} serve",
            f"scorewright {config} ui",
            "scorewright init YOUR_TABLE.csv",
        ]


def run_demo(title: str, project: DemoProject, clock: Clock, notify: Notify) -> DemoResult:
    """Train, report, serve, and score one application through the running API.

    Args:
        title: What the demo runs on.
        project: A fresh project.
        clock: For the wall time.
        notify: Hears the progress.

    Returns:
        Everything the command line shows.

    Raises:
        IntegrityError: ``demo-mismatch`` when the API answers another PD than training did, or
            the replay of the logged decision another than the API.
    """
    began = clock.elapsed()
    training = project.train(notify)
    relational = training.validated.prepared.relational
    lift = None if relational is None else histories_lift(training.validated.prepared, notify)
    report = project.write_report(training, None, notify, lift)
    notify(StageStarted("serve"))
    golden = training.bundle.golden[len(training.bundle.golden) // 2]
    with project.service() as service:
        body: dict[str, Any] = {"application_id": "demo-1", "features": dict(golden.values)}
        if golden.tables:
            body["tables"] = {name: list(rows) for name, rows in golden.tables.items()}
        answer = service.post("/predict?reasons=true", body)
        replayed = service.post(f"/decisions/{answer['decision_id']}/replay", {})
    if not replayed["equal"]:
        raise IntegrityError(
            f"The logged decision {answer['decision_id']} came out otherwise when it was replayed.",
            remedy="Report this with the output of 'scorewright doctor --json'.",
            code="demo-mismatch",
        )
    if abs(answer["pd"] - golden.pd) > TOLERANCE:
        raise IntegrityError(
            f"The API answered a PD of {answer['pd']}, training computed {golden.pd}.",
            remedy="Report this with the output of 'scorewright doctor --json'.",
            code="demo-mismatch",
        )
    notify(StageDone("serve", f"PD {answer['pd']:.4f}, {answer['decision']}"))
    audit = project.audit(notify)
    seconds = clock.elapsed() - began
    return DemoResult(title, seconds, project.root, training, report, answer, audit, lift)
