"""Doctor: each thing that can be wrong gives a state and a remedy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scorewright.core.errors import ScorewrightError
from scorewright.core.project import DataSettings, ProjectSettings, Settings, TableSettings
from scorewright.flows.doctor import FLOORS, GIB, SERVE_FLOORS, Check, doctor

GOOD = {name: floor for name, (floor, _) in {**FLOORS, **SERVE_FLOORS}.items()}


@dataclass
class FakeMachine:
    """A machine where all is well unless told otherwise."""

    version: tuple[int, int] = (3, 12)
    installed: Mapping[str, str] = field(default_factory=lambda: dict(GOOD))
    free: int = 10 * GIB
    writable: bool = True
    port_free: bool = True

    def python(self) -> tuple[int, int]:
        return self.version

    def packages(self, names: tuple[str, ...]) -> Mapping[str, str]:
        return {n: v for n, v in self.installed.items() if n in names}

    def free_bytes(self, path: Path) -> int:
        return self.free

    def is_writable(self, path: Path) -> bool:
        return self.writable

    def is_port_free(self, host: str, port: int) -> bool:
        return self.port_free


@dataclass
class FakeStore:
    """A store with one line to say, or something wrong."""

    problem: ScorewrightError | None = None

    def probe(self) -> str:
        if self.problem:
            raise self.problem
        return "schema is current"


def settings() -> Settings:
    return Settings(
        project=ProjectSettings(name="loans"),
        tables={"loans": TableSettings(files="loans.csv")},
        data=DataSettings(table="loans", target="bad"),
    )


def examine(machine: FakeMachine, store: FakeStore | None = None) -> dict[str, Check]:
    checks = doctor(settings(), Path("/project"), machine, store or FakeStore())
    return {check.name: check for check in checks}


def test_all_is_well() -> None:
    checks = examine(FakeMachine())
    assert {check.status for check in checks.values()} == {"ok"}
    assert {"python", "mlflow", "disk", "folder", "tracking store", "port"} <= set(checks)


def test_each_problem_has_a_remedy() -> None:
    store = FakeStore(
        ScorewrightError("The store is older.", remedy="mlflow db upgrade", code="store-schema")
    )
    machine = FakeMachine((3, 10), {"mlflow": "3.4.0"}, 10, writable=False, port_free=False)

    checks = examine(machine, store)

    assert checks["python"].status == "error"
    assert checks["mlflow"].detail == "3.4.0 is older than 3.17.2"
    assert checks["lightgbm"].status == "error"
    assert checks["fastapi"].status == "warning"
    assert "scorewright[serve]" in checks["fastapi"].remedy
    assert checks["disk"].status == "error"
    assert checks["folder"].status == "error"
    assert checks["tracking store"].remedy == "mlflow db upgrade"
    assert checks["port"].status == "warning"
    assert "8801" in checks["port"].remedy
    assert all(check.remedy for check in checks.values() if check.status != "ok")


def test_versions_are_compared_as_numbers() -> None:
    machine = FakeMachine(installed={**GOOD, "mlflow": "3.100.0", "starlette": "1.10.0"})
    checks = examine(machine)
    assert checks["mlflow"].status == "ok"
    assert checks["starlette"].status == "ok"


def test_outside_a_project_it_says_how_to_start_one() -> None:
    checks = {c.name: c for c in doctor(None, Path("/tmp"), FakeMachine(), None)}  # noqa: S108
    assert "scorewright init" in checks["project"].remedy
    assert "port" not in checks
