"""Every damaged store through the command line: refused clearly or read honestly, never changed."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.stores.damage import Damage, readable, refused
from typer.main import get_command

from scorewright.adapters.store_editing import Workshops
from scorewright.entry.cli import main

pytestmark = pytest.mark.timeout(900)

FINE, FINDINGS, USAGE, FAILURE = range(4)
#: Why there is no reading a store; nothing else may be said of one that must be refused.
REFUSALS = (
    "store-invalid",
    "store-uri",
    "store-ambiguous",
    "store-locked",
    "store-broken",
    "plan-not-a-database",
)
#: Brought into a new store, proved and taken back: one for each way of being wrong.
CARRIED_OUT = (
    "database run of an unknown experiment",
    "database unknown status",
    "database child of itself",
    "tree run in two experiments",
    "tree tag not UTF-8",
)


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Call:
    """Call ``scorewright -q store ...`` in this process; the commands are put together once."""
    module = sys.modules["scorewright.entry.cli.main"]
    monkeypatch.setattr(module, "app", get_command(module.app))
    # Opening a copy with MLflow takes seconds, and other tests have it.
    defaults = Workshops.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "opens", lambda _: "left out")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "400")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        command = ["scorewright", "-q", "store", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", command)
        capsys.readouterr()
        try:
            main()
            code = FINE
        except SystemExit as end:
            code = int(end.code or FINE)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


Call = Callable[..., tuple[int, str, str]]


def looking(path: Path) -> list[tuple[str | Path, ...]]:
    return [
        ("inventory", path, "--json"),
        ("audit", path, "--fail-on", "error", "--json"),
        ("tree", path),
        ("compare", path, path),
        ("show", "0", "--store", path),
    ]


def changing(path: Path) -> list[tuple[str | Path, ...]]:
    return [
        ("verify", path),
        ("plan", path, "--fix", "all", "-o", "plan/plan.json"),
        ("backup", path, "--to", "backups"),
        ("consolidate", path, "--into", "all/mlflow.db"),
    ]


@contextmanager
def unchanged(case: Damage) -> Iterator[None]:
    """Hold that no byte, right, time of change or name around a store is another afterwards."""
    before = _fingerprint(case)
    yield
    assert _fingerprint(case) == before, case.name


def _fingerprint(case: Damage) -> list[tuple[str, int, int, bytes]]:
    root = case.path
    around = [root, *root.rglob("*")] if case.kind == "file" and root.is_dir() else []
    beside = [Path(entry.path) for entry in os.scandir(root.parent)]
    return [_of_file(path, root) for path in sorted({*around, *beside})]


def _of_file(path: Path, root: Path) -> tuple[str, int, int, bytes]:
    """Only the store's own files are read: its neighbours are other cases."""
    found = path.lstat()
    is_own = path == root or root in path.parents
    content = path.read_bytes() if is_own and path.is_file() else b""
    return str(path), found.st_mode, found.st_mtime_ns, content


def test_200_stores_are_refused_by_every_command(call: Call, tmp_path: Path) -> None:
    """All are looked at, one command of those that change after the other is tried on each."""
    for number, case in enumerate(refused(tmp_path / "stores")):
        looks, changes = looking(case.path), changing(case.path)
        for command in (looks[0], looks[1 + number % 4], changes[number % len(changes)]):
            with unchanged(case):
                code, out, err = call(*command)
            told = f"{case.name}: {command[0]} said {code}: {out[:300]} {err}"
            if command[0] == "backup" and case.kind == "file" and code == FINE:
                # What looks like a tree is copied as it is: it is about to be mended by hand.
                continue
            assert code in {USAGE, FAILURE}, told
            assert any(f"({reason})" in err for reason in REFUSALS), told
            assert "what to do: " in err, told
            # With --json the refusal is a document; else nothing is shown of such a store.
            assert not out or json.loads(out).keys() == {"error"}, told
            assert "Traceback" not in err, told
    assert not list((tmp_path / "here").rglob("mlflow.db"))


def test_the_others_are_read_with_what_is_wrong(call: Call, tmp_path: Path) -> None:
    for number, case in enumerate(readable(tmp_path / "stores")):
        looks, changes = looking(case.path), changing(case.path)
        for command in (*looks[:2], looks[2 + number % 3], changes[number % len(changes)]):
            with unchanged(case):
                code, out, err = call(*command)
            told = f"{case.name}: {command[0]} said {code}: {out[:300]} {err}"
            assert code in _honest(str(command[0])), told
            assert "Traceback" not in err, told
            assert "(unexpected)" not in err, told
            assert "Take the plan back" not in err, told  # there was none
            assert code in {FINE, FINDINGS} or "what to do: " in err, told
            assert code != FAILURE or command[0] == "verify" or "(consolidate-upgrade)" in err, told
            shutil.rmtree(tmp_path / "here" / "all", ignore_errors=True)


def test_what_can_be_read_of_them_is_carried_over_and_taken_back(
    call: Call, tmp_path: Path
) -> None:
    def done(*arguments: str | Path) -> Any:
        code, out, err = call(*arguments, "--json")
        assert code == FINE, f"{case.name}: {arguments[0]}: {out[:300]} {err}"
        return json.loads(out)

    cases = [case for case in readable(tmp_path / "stores") if case.name in CARRIED_OUT]
    assert len(cases) == len(CARRIED_OUT)
    for case in cases:
        target = tmp_path / "here" / case.name / "mlflow.db"
        with unchanged(case):
            made = done("consolidate", case.path, "--into", target)
            applied = done("apply", made["file"])
            assert done("verify", target, "--read-data")["is_whole"], case.name
            parts = {part["kind"]: part for part in done("compare", case.path, target)["parts"]}
            done("undo", applied["receipt"])
        (runs,) = [line for line in made["plan"]["balance"] if line["what"] == "runs"]
        aside = runs["left"] + runs["quarantined"]
        assert (runs["copied"], runs["found"]) == (parts["run"]["same"], runs["copied"] + aside)
        assert bool(aside) == ("unknown" in case.name), case.name
        assert not parts["run"]["only_b"], case.name
        assert not parts["run"]["differing"], case.name
        assert not target.exists(), case.name


def _honest(command: str) -> set[int]:
    match command:
        case "inventory" | "tree" | "compare" | "backup":
            return {FINE}
        case "audit":
            return {FINE, FINDINGS}
        case "show":
            return {USAGE}  # no run is called so
        case "plan":
            return {FINE, FINDINGS, USAGE}  # what cannot be mended is said
        case "consolidate":
            return {FINE, FINDINGS, USAGE, FAILURE}  # what cannot be carried is said
        case _:
            return {FINE, FINDINGS, FAILURE}  # a verification fails
