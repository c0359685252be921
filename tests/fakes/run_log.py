"""A run log in memory, read back as the record the conventions are held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from scorewright.core.bundles import Manifest
from scorewright.core.conventions import RunRecord
from scorewright.core.errors import ScorewrightError
from scorewright.flows.ports import DatasetInput, RunStart


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
        self.status = "FINISHED" if error is None else "FAILED"
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

    def record(self) -> RunRecord:
        """Return what a reader of the store finds."""
        named = {
            "mlflow.runName": self.start.name,
            "mlflow.note.content": self.start.description,
        }
        tags = {**self.start.tags, **self.tags, **named}
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
    """A `RunLog` that keeps its runs."""

    journal: list[str]
    refuses_models: bool = False
    runs: list[MemoryRun] = field(default_factory=list)

    def start(self, start: RunStart) -> MemoryRun:
        number = len(self.runs) + 1
        self.runs.append(MemoryRun(start, f"{number:032x}", self.journal, self.refuses_models))
        return self.runs[-1]

    def location(self) -> str:
        return "memory"
