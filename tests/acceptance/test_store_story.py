"""Someone inherits a mess, and mends it with the command line alone; then takes it all back."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.stores.story import MODEL, Story, build_story

from scorewright.adapters.store_editing import reference_of
from scorewright.core.plans import StoreRef
from scorewright.entry.cli import main

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

Run = Callable[..., Any]

STRUCTURE = """
[store.rationalise]
archive = [
    "credit_scoring_model_selection",
    "credit_scoring_feature_engineering_cv",
    "credit_scoring_optimization_fbeta",
]
delete = ["Test"]
merge = { "credit-scoring-production" = "credit_scoring_final_delivery" }
"""
FIXED = ("RUN-001", "RUN-007", "CONV-001", "CONV-005", "CONV-009", "FILE-002")
ACTIVE = "SELECT * FROM runs WHERE lifecycle_stage = 'active' ORDER BY run_uuid"
#: What nobody can tell afterwards: only another training, or a backup, gives it.
RERUN = {"CONV-004", "CONV-007", "CONV-008", "CONV-010", "MODEL-001", "MODEL-002"}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Call ``scorewright store ... --json`` in this process."""

    def call(*arguments: str | Path, code: int = 0) -> Any:
        command = ["scorewright", "-q", "store", *map(str, arguments), "--json"]
        monkeypatch.setattr(sys, "argv", command)
        capsys.readouterr()
        try:
            main()
            ended = 0
        except SystemExit as end:
            ended = int(end.code or 0)
        said = capsys.readouterr()
        assert ended == code, said.err
        return json.loads(said.out)

    return call


def fingerprint(folder: Path) -> dict[str, str]:
    """Every file with its content, but for what Scorewright keeps itself."""
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and ".scorewright" not in file.parts
    }


def ask(database: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql, values).fetchall()


def codes(report: Any) -> set[str]:
    return {finding["code"] for finding in report["findings"]}


def share(report: Any) -> float:
    return sum(float(criterion["share"]) for criterion in report["criteria"])


@dataclass
class Journey:
    """The way from the mess to one store; every receipt is remembered.

    Attributes:
        run: Calls a command.
        story: The mess.
        references: Digests of its two stores at first.
        receipts: Of what was done, in order.
    """

    run: Run
    story: Story
    references: tuple[StoreRef, StoreRef]
    receipts: list[str] = field(default_factory=list)

    @property
    def database(self) -> Path:
        return self.story.folder / "mlflow.db"

    def sources(self) -> tuple[StoreRef, StoreRef]:
        return reference_of(str(self.story.database)), reference_of(str(self.story.notebooks))

    def apply(self, plan: Any) -> None:
        """Carry a plan out whose lines add up."""
        assert plan["plan"]["steps"]
        for line in plan["plan"]["balance"]:
            fates = ("copied", "merged", "duplicate", "quarantined", "left")
            assert line["found"] == sum(line[fate] for fate in fates), line
        done = self.run("apply", plan["file"], "--holder", "ana")
        assert done["holder"] == "ana"
        self.receipts.append(done["receipt"])


def find_what_was_planted(journey: Journey) -> None:
    run, story = journey.run, journey.story
    planted = codes(run("audit", story.notebooks, "--hash"))
    assert {"RUN-001", "RUN-004", "RUN-007", "RUN-009", "RUN-010"} <= planted
    assert {"CONV-001", "CONV-003", "CONV-009", "FILE-001", "STORE-002", "STORE-003"} <= planted
    assert {"MODEL-001", "RUN-001", "FILE-002"} <= codes(run("audit", story.database, "--hash"))
    run("audit", story.notebooks, "--fail-on", "error", code=1)


def bring_together(journey: Journey) -> None:
    """Two stores become one at the root, and are moved aside; planning changes nothing."""
    run, story = journey.run, journey.story
    before = fingerprint(story.folder)
    plan = run("consolidate", story.database, story.notebooks, "--into", "mlflow.db")
    assert fingerprint(story.folder) == before
    journey.apply(plan)
    assert journey.sources() == journey.references
    assert ask(journey.database, "SELECT COUNT(*) FROM runs") == [(86,)]
    receipt = journey.receipts[-1]
    assert run("verify", "--receipt", receipt, "--read-data")["is_whole"]
    for legacy in (story.notebooks, story.database):
        journey.receipts.append(run("archive", legacy, "--receipt", receipt)["receipt"])
        assert not legacy.exists()
        assert len(list(legacy.parent.glob(f"{legacy.name}.archived-*"))) == 1


def restructure(journey: Journey) -> None:
    """Three experiments are archived, one is for production, the test is deleted softly."""
    wish = journey.story.folder.parent / "structure.toml"
    wish.write_text(STRUCTURE, "utf-8")
    journey.apply(journey.run("plan", journey.database, "--structure", "--declaration", wish))
    stages = dict(ask(journey.database, "SELECT name, lifecycle_stage FROM experiments"))
    assert len([name for name in stages if name.startswith("archive_")]) == 3
    assert stages["Test"] == stages["credit-scoring-production"] == "deleted"
    assert stages["credit_scoring_final_delivery"] == "active"


def mend(journey: Journey) -> None:
    """What a plan can mend is mended, and what the runs' own evidence gives is added."""
    run, story, database = journey.run, journey.story, journey.database
    journey.apply(run("plan", database, *(word for code in FIXED for word in ("--fix", code))))
    journey.apply(run("plan", database, "--backfill"))
    served = ask(database, "SELECT run_uuid FROM tags WHERE key='stage' AND value='production'")
    assert served == [(story.champion[2],)]
    assert ask(database, "SELECT COUNT(*) FROM runs WHERE status = 'RUNNING'") == [(0,)]
    names = {name for (name,) in ask(database, ACTIVE.replace("*", "name"))}
    assert names.isdisjoint(story.trials)


def test_an_inherited_mess_is_mended_and_everything_can_be_taken_back(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    story = build_story(tmp_path / "credit")
    monkeypatch.chdir(story.folder)
    at_first = fingerprint(story.folder)
    references = reference_of(str(story.database)), reference_of(str(story.notebooks))
    journey = Journey(run, story, references)
    find_what_was_planted(journey)

    # When
    bring_together(journey)
    one = run("audit", journey.database, "--hash")
    restructure(journey)
    mend(journey)

    # Then the score is better, and what is left is what only a rerun mends.
    after = run("audit", journey.database, "--hash")
    assert share(after) > share(one)
    left = codes(after)
    assert left.isdisjoint({"RUN-001", "RUN-007", "CONV-001", "CONV-009", "STORE-002"})
    assert left >= RERUN & codes(one)
    assert all(finding["remedy"] for finding in after["findings"])
    assert not run("plan", journey.database, "--fix", "RUN-001,CONV-001")["plan"]["steps"]
    assert_gc_removes_nothing_alive(story, tmp_path / "copy")

    # And everything is taken back, the last first.
    for receipt in reversed(journey.receipts):
        assert run("undo", receipt)["kind"] == "undo"
    assert journey.sources() == references
    assert fingerprint(story.folder) == at_first


def assert_gc_removes_nothing_alive(story: Story, copy: Path) -> None:
    """Let MLflow clear a copy of the result: it deletes rows and files of deleted runs for good."""
    shutil.copytree(story.folder, copy)
    database = copy / "mlflow.db"
    places = (
        ("runs", "artifact_uri"), ("experiments", "artifact_location"),
        ("model_versions", "source"), ("model_versions", "storage_location"),
    )  # fmt: skip
    with closing(sqlite3.connect(database)) as connection, connection:
        for table, column in places:
            connection.execute(
                f"UPDATE {table} SET {column} = REPLACE({column}, ?, ?)",  # noqa: S608 - ours
                (str(story.folder), str(copy)),
            )
    alive = ACTIVE.replace("*", "run_uuid, name")
    registry = "SELECT name, version, run_id, source FROM model_versions ORDER BY 1, 2"
    before = ask(database, alive), ask(database, registry)
    files = {
        name: digest
        for name, digest in fingerprint(copy / "mlartifacts").items()
        if any(run in name for run, _ in before[0])
    }
    assert files
    uri = f"sqlite:///{database}"
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_TRACKING_URI": uri}
    done = subprocess.run(
        [sys.executable, "-m", "mlflow", "gc", "--backend-store-uri", uri],
        env=environment, cwd=copy, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert ask(database, "SELECT COUNT(*) FROM runs WHERE lifecycle_stage = 'deleted'") == [(0,)]
    assert (ask(database, alive), ask(database, registry)) == before
    kept = fingerprint(copy / "mlartifacts")
    assert {name: kept.get(name) for name in files} == files
    assert ask(database, "SELECT alias, version FROM registered_model_aliases") == [("champion", 2)]
    assert MODEL in {name for name, *_ in ask(database, registry)}
