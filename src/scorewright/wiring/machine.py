"""The machine: clock, packages, ports, learners, and the MLflow UI."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scorewright.core.errors import UsageError

if TYPE_CHECKING:
    from scorewright.flows.ports import (
        Clock,
        LearnerCatalogue,
        Prover,
        SamplerCatalogue,
    )

__all__ = [
    "MlflowUi",
    "clock",
    "learners",
    "library_versions",
    "need",
    "prover",
    "refuse_taken",
    "samplers",
]


def learners() -> LearnerCatalogue:
    """Return the installed learners."""
    from scorewright.adapters.learners import Learners

    return Learners()


def samplers() -> SamplerCatalogue:
    """Return the installed samplers."""
    from scorewright.adapters.samplers import Samplers

    return Samplers()


def clock() -> Clock:
    """Return the system's clock."""
    from scorewright.adapters.machine import SystemClock

    return SystemClock()


def library_versions() -> dict[str, str]:
    """Return the versions of the packages that decide a score."""
    from scorewright.adapters.machine import library_versions as versions

    return versions()


def prover(root: Path | None, *, is_anew: bool = False) -> Prover:
    """Return what proves bundles in a child process, each once on this machine.

    Args:
        root: The project's folder, which keeps the notes; without it nothing is noted or believed.
        is_anew: Prove again what was proved before.
    """
    from scorewright.adapters.bundles import CanaryProver, RememberedProofs
    from scorewright.adapters.machine import library_versions, processor

    if root is None:
        return CanaryProver()
    setting = {**library_versions(), "processor": processor()}
    folder = root / ".scorewright" / "engines"
    return RememberedProofs(CanaryProver(), folder, setting, is_anew=is_anew)


def need(package: str, extra: str) -> None:
    """Refuse early, with the command that installs what is missing."""
    from importlib.util import find_spec

    from scorewright.core.errors import MissingExtraError

    if find_spec(package) is None:
        raise MissingExtraError(package, extra)


def refuse_taken(host: str, port: int, command: str) -> None:
    """Refuse a port somebody listens on.

    Raises:
        UsageError: ``port-in-use``.
    """
    from scorewright.adapters.machine import SystemMachine

    if not SystemMachine().is_port_free(host, port):
        raise UsageError(
            f"Port {port} on {host} is in use.",
            remedy=f"scorewright {command} --port {port + 1}, or stop what listens there.",
            code="port-in-use",
        )


@dataclass(frozen=True, slots=True)
class MlflowUi:
    """The MLflow UI, ready to run."""

    tracking_uri: str
    artifact_root: Path
    port: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def run(self) -> int:
        """Run until interrupted; return the exit code."""
        from scorewright.adapters.mlflow_store import run_ui

        return run_ui(self.tracking_uri, self.artifact_root, self.port)
