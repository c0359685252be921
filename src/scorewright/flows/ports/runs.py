"""The system of record for runs: writing one, and finding it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from scorewright.core.bundles import Manifest

__all__ = ["DatasetInput", "RunContext", "RunHandle", "RunIndex", "RunLog", "RunStart", "RunView"]


@dataclass(frozen=True, slots=True)
class RunStart:
    """What is known of a run when it starts.

    Attributes:
        experiment: Name of its experiment.
        name: Run name.
        description: For people.
        tags: Tags.
        parent: Run id of the run it belongs to.
        continues: Run id of an earlier run that is opened again instead of a new one.
    """

    experiment: str
    name: str
    description: str
    tags: Mapping[str, str]
    parent: str | None = None
    continues: str | None = None


@dataclass(frozen=True, slots=True)
class DatasetInput:
    """A data set a run used.

    Attributes:
        name: Label, such as ``lending_club``.
        digest: Content digest, 64 hexadecimal characters.
        role: ``training``, ``validation``, ``policy`` or ``test``.
        source: Where it was read from, as text.
        schema: Column name -> type.
        profile: Row counts and the like.
    """

    name: str
    digest: str
    role: str
    source: str
    schema: Mapping[str, str]
    profile: Mapping[str, Any]


class RunHandle(Protocol):
    """One open run. Left by an exception, it ends as FAILED with the reason in a tag."""

    run_id: str
    experiment_id: str

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log parameters."""
        ...

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """Log final metrics (step 0)."""
        ...

    def log_history(self, histories: Mapping[str, Sequence[float]]) -> None:
        """Log metric histories; the position is the step."""
        ...

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags."""
        ...

    def log_input(self, dataset: DatasetInput) -> None:
        """Log a data set as an input with its role."""
        ...

    def log_files(self, files: Mapping[str, bytes]) -> None:
        """Log artifacts by relative path."""
        ...

    def log_model(
        self, name: str, bundle_dir: Path, manifest: Manifest, example: Mapping[str, Any]
    ) -> str:
        """Log the bundle as an MLflow model that needs no pickle; return its model URI."""
        ...


class RunContext(Protocol):
    """A context manager around a run."""

    def __enter__(self) -> RunHandle:
        """Create the run."""
        ...

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """End it: FINISHED, FAILED, or KILLED on an interrupt."""
        ...


class RunLog(Protocol):
    """The system of record for runs."""

    def start(self, start: RunStart) -> RunContext:
        """Open a run: ``with run_log.start(...) as run:``.

        Raises:
            ScorewrightError: ``store-unreachable``, ``store-schema``, ``store-locked``.
        """
        ...

    def location(self) -> str:
        """Return the tracking URI for people."""
        ...


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as it lies in the store.

    Attributes:
        run_id: Its id.
        name: Run name.
        status: ``FINISHED``, ``FAILED``, ``KILLED``, ``RUNNING`` or ``SCHEDULED``.
        tags: All tags.
        params: Parameters as text.
        metrics: Last value by name.
        started, ended: Milliseconds since 1970; ``ended`` is None while it runs.
        inputs: Number of data-set inputs that have a digest and a role.
    """

    run_id: str
    name: str
    status: str
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    started: int
    ended: int | None
    inputs: int = 0


class RunIndex(Protocol):
    """Finds runs again. Runs in MLflow's bin are not found."""

    def find(self, experiment: str, tags: Mapping[str, str]) -> Sequence[RunView]:
        """Return the runs of an experiment that carry all these tags, the oldest first.

        An experiment or store that does not exist holds none.
        """
        ...

    def get(self, run_id: str) -> RunView:
        """Return one run.

        Raises:
            UsageError: ``run-missing``.
        """
        ...

    def histories(self, run_id: str, names: Sequence[str]) -> Mapping[str, Sequence[float]]:
        """Return metric histories in the order of their steps; absent ones are left out."""
        ...

    def artifacts(self, run_id: str) -> frozenset[str]:
        """Return the relative paths of all artifact files of a run."""
        ...

    def artifact(self, run_id: str, path: str) -> bytes:
        """Return one artifact.

        Raises:
            UsageError: ``artifact-missing``.
        """
        ...

    def discard(self, run_id: str, reason: str) -> None:
        """End a run that an interruption left behind as KILLED, and move it to MLflow's bin."""
        ...
