"""A run log in memory that finds its runs again, and reads them back as records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from scorewright.core.bundles import Manifest
from scorewright.core.conventions import RunRecord
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.flows.ports import DatasetInput, RunStart, RunView


@dataclass
class MemoryRun:
    """A `RunHandle` that remembers, and its own `RunContext`."""

    start: RunStart
    run_id: str
    journal: list[str]
    refuses_models: bool = False
    experiment_id: str = "1"
    status: str = "RUNNING"
    reason: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    histories: dict[str, list[float]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    inputs: list[DatasetInput] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    models: dict[str, Manifest] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self.journal.append("run started")
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        interrupted = isinstance(error, KeyboardInterrupt | SystemExit)
        failed = "KILLED" if interrupted else "FAILED"
        self.status = "FINISHED" if error is None else failed
        self.reason = "" if error is None else str(error)
        self.journal.append(f"run {self.status}")

    def log_params(self, params: Mapping[str, Any]) -> None:
        self.params |= params

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        self.metrics |= metrics

    def log_history(self, histories: Mapping[str, Sequence[float]]) -> None:
        self.histories |= {name: list(values) for name, values in histories.items()}

    def set_tags(self, tags: Mapping[str, str]) -> None:
        self.tags |= tags

    def log_input(self, dataset: DatasetInput) -> None:
        self.inputs.append(dataset)

    def log_files(self, files: Mapping[str, bytes]) -> None:
        self.files |= files

    def log_model(
        self, name: str, bundle_dir: Path, manifest: Manifest, example: Mapping[str, Any]
    ) -> str:
        if self.refuses_models:
            raise ScorewrightError("full", remedy="r", code="store-write")
        self.models[name] = manifest
        self.journal.append("model logged")
        return f"models:/{name}"

    def all_tags(self) -> dict[str, str]:
        """Return the tags with those the store adds."""
        named = {
            "mlflow.runName": self.start.name,
            "mlflow.note.content": self.start.description,
        }
        if self.start.parent is not None:
            named["mlflow.parentRunId"] = self.start.parent
        return {**self.start.tags, **self.tags, **named}

    def view(self, number: int) -> RunView:
        """Return the run as an index shows it."""
        return RunView(
            run_id=self.run_id,
            name=self.start.name,
            status=self.status,
            tags=self.all_tags(),
            params={name: str(value) for name, value in self.params.items()},
            metrics={**self.metrics, **{name: v[-1] for name, v in self.histories.items()}},
            started=number,
            ended=None if self.status == "RUNNING" else number + 1,
            inputs=sum(1 for data in self.inputs if data.digest and data.role),
        )

    def record(self) -> RunRecord:
        """Return what a reader of the store finds."""
        tags = self.all_tags()
        return RunRecord(
            name=self.start.name,
            experiment=self.start.experiment,
            status=self.status,
            metrics=self.metrics,
            histories=self.histories,
            params={name: str(value) for name, value in self.params.items()},
            tags=tags,
            artifacts=frozenset(self.files),
            has_model=bool(self.models),
            inputs=sum(1 for data in self.inputs if data.digest and data.role),
            model_type=tags.get("model_type", ""),
        )


@dataclass
class MemoryRunLog:
    """A `RunLog` that keeps its runs, and the `RunIndex` over them."""

    journal: list[str]
    refuses_models: bool = False
    runs: list[MemoryRun] = field(default_factory=list)
    bin: list[MemoryRun] = field(default_factory=list)

    def start(self, start: RunStart) -> MemoryRun:
        if start.continues is not None:
            run = self._run(start.continues)
            run.start, run.status, run.reason = start, "RUNNING", ""
            return run
        number = len(self.runs) + len(self.bin) + 1
        self.runs.append(MemoryRun(start, f"{number:032x}", self.journal, self.refuses_models))
        return self.runs[-1]

    def location(self) -> str:
        return "memory"

    def find(self, experiment: str, tags: Mapping[str, str]) -> Sequence[RunView]:
        return [
            run.view(number)
            for number, run in enumerate(self.runs)
            if run.start.experiment == experiment and tags.items() <= run.all_tags().items()
        ]

    def get(self, run_id: str) -> RunView:
        run = self._run(run_id)
        return run.view(self.runs.index(run))

    def histories(self, run_id: str, names: Sequence[str]) -> Mapping[str, Sequence[float]]:
        run = self._run(run_id)
        known = {**{name: [value] for name, value in run.metrics.items()}, **run.histories}
        return {name: known[name] for name in names if name in known}

    def artifacts(self, run_id: str) -> frozenset[str]:
        run = self._run(run_id)
        return frozenset(run.files) | ({"model/MLmodel"} if run.models else frozenset())

    def artifact(self, run_id: str, path: str) -> bytes:
        files = self._run(run_id).files
        if path not in files:
            raise UsageError(f"no {path}", remedy="r", code="artifact-missing")
        return files[path]

    def discard(self, run_id: str, reason: str) -> None:
        run = self._run(run_id)
        run.status, run.reason = ("KILLED" if run.status == "RUNNING" else run.status), reason
        self.runs.remove(run)
        self.bin.append(run)
        self.journal.append(f"discarded {run.start.name}")

    def _run(self, run_id: str) -> MemoryRun:
        found = next((run for run in self.runs if run.run_id == run_id), None)
        if found is None:
            raise UsageError(f"no run {run_id}", remedy="r", code="run-missing")
        return found
