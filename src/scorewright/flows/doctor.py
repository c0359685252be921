"""Doctor: is everything there that the next command will need?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from scorewright.core.errors import ScorewrightError
from scorewright.core.project import Settings

__all__ = ["Check", "Machine", "StoreProbe", "doctor"]

Status = Literal["ok", "warning", "error"]

GIB = 1024**3
OLDEST_PYTHON = (3, 11)

#: Package -> oldest version without a known hole, and what it is needed for.
FLOORS: Mapping[str, tuple[str, str]] = {
    "mlflow": ("3.17.2", "tracking"),
    "lightgbm": ("4.7.0", "training and scoring"),
    "numpy": ("2.3", "everything"),
    "polars": ("2.1", "tables"),
    "scikit-learn": ("1.9", "training"),
    "pydantic": ("2.14", "settings"),
    "cryptography": ("50", "signatures"),
}
SERVE_FLOORS: Mapping[str, tuple[str, str]] = {
    "fastapi": ("0.163", "serving"),
    "starlette": ("1.3.1", "serving"),
    "uvicorn": ("0.54", "serving"),
}


class Machine(Protocol):
    """What doctor asks of the machine."""

    def python(self) -> tuple[int, int]:
        """Return Python's major and minor version."""
        ...

    def packages(self, names: tuple[str, ...]) -> Mapping[str, str]:
        """Return package -> version for those of the names that are installed."""
        ...

    def free_bytes(self, path: Path) -> int:
        """Return free disk space where ``path`` is or would be."""
        ...

    def is_writable(self, path: Path) -> bool:
        """Return whether a file could be made there."""
        ...

    def is_port_free(self, host: str, port: int) -> bool:
        """Return whether nobody listens there."""
        ...


class StoreProbe(Protocol):
    """Looks at the tracking store without opening it with MLflow."""

    def probe(self) -> str:
        """Return one line on the store's state.

        Raises:
            ScorewrightError: What is wrong with it, with a remedy.
        """
        ...


@dataclass(frozen=True, slots=True)
class Check:
    """One answer of the doctor; ``remedy`` is empty where all is well."""

    name: str
    status: Status
    detail: str
    remedy: str = ""


def doctor(
    settings: Settings | None, root: Path, machine: Machine, store: StoreProbe | None
) -> list[Check]:
    """Look at versions, disk, tracking store and port.

    Args:
        settings: The project, or None outside one.
        root: The project's folder, or the present one.
        machine: Port to the machine.
        store: Port to the tracking store, None outside a project.

    Returns:
        One check per subject, in reading order.
    """
    checks = [_python(machine), *_packages(machine, FLOORS, "error", "scorewright")]
    checks += _packages(machine, SERVE_FLOORS, "warning", "scorewright[serve]")
    checks += [_disk(machine, root), _writable(machine, root)]
    if settings is None:
        checks.append(
            Check(
                "project",
                "warning",
                "No scorewright.toml here or above.",
                "scorewright init FILE, or scorewright demo",
            )
        )
        return checks
    checks.append(Check("project", "ok", f"{settings.project.name} in {root}"))
    if store is not None:
        checks.append(_store(store))
    return [*checks, _port(machine, settings)]


def _python(machine: Machine) -> Check:
    version = machine.python()
    text = ".".join(str(v) for v in version)
    if version < OLDEST_PYTHON:
        return Check("python", "error", f"Python {text}", "Install Python 3.11 or newer.")
    return Check("python", "ok", f"Python {text}")


def _parts(version: str) -> tuple[int, ...]:
    numbers = [part for part in version.split(".") if part.isdigit()]
    return tuple(int(part) for part in numbers)


def _packages(
    machine: Machine, floors: Mapping[str, tuple[str, str]], missing: Status, install: str
) -> list[Check]:
    """Compare installed versions with the floors."""
    installed = machine.packages(tuple(floors))
    checks = []
    for name, (floor, purpose) in floors.items():
        found = installed.get(name)
        if found is None:
            detail, status = f"not installed; needed for {purpose}", missing
        elif _parts(found) < _parts(floor):
            detail, status = f"{found} is older than {floor}", "error"
        else:
            checks.append(Check(name, "ok", found))
            continue
        checks.append(Check(name, status, detail, f"pip install --upgrade '{install}'"))
    return checks


def _disk(machine: Machine, root: Path) -> Check:
    free = machine.free_bytes(root)
    detail = f"{free / GIB:.1f} GiB free at {root}"
    if free < GIB:
        return Check("disk", "error", detail, "Free at least 1 GiB before training.")
    return Check("disk", "ok", detail)


def _writable(machine: Machine, root: Path) -> Check:
    if machine.is_writable(root):
        return Check("folder", "ok", f"{root} can be written")
    return Check("folder", "error", f"{root} cannot be written", f"chmod u+w {root}")


def _store(store: StoreProbe) -> Check:
    try:
        return Check("tracking store", "ok", store.probe())
    except ScorewrightError as error:
        return Check("tracking store", "error", error.message, error.remedy)


def _port(machine: Machine, settings: Settings) -> Check:
    host, port = settings.serve.host, settings.serve.port
    if machine.is_port_free(host, port):
        return Check("port", "ok", f"{host}:{port} is free")
    return Check(
        "port",
        "warning",
        f"{host}:{port} is in use",
        f"scorewright serve --port {port + 1}, or set serve.port",
    )
