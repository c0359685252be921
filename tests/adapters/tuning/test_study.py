"""Studies of Optuna: drawn again the same, taken up after a death, told apart."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.storages._cached_storage import _CachedStorage
from optuna.study import Study
from tests.adapters.histories.servers import postgres_binaries, running_postgres

from scorewright.adapters.tuning import OptunaStudies, recovery
from scorewright.adapters.tuning.queueing import ATTEMPTS
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.core.tuning import Choices, Range
from scorewright.flows.tuning import Broken, Done, Drawn, Outcome, Source, Stopped, StudyPlan

SPACE = {
    "x": Range(0.0, 1.0),
    "n": Range(1, 64, log=True, is_integer=True),
    "kind": Choices(("a", "b", False)),
}


def plan(**changes: Any) -> StudyPlan:
    given: dict[str, Any] = {
        "name": "s", "identity": {"data": "1"}, "space": SPACE, "sampler": "random",
        "is_small_better": True, "prune": False, "seed": 3,
    }  # fmt: skip
    return StudyPlan(**(given | changes))


def value(drawn: Drawn) -> Outcome:
    assert drawn.params is not None
    return Done(float(drawn.params["x"]), {"x <= 0.5": drawn.params["x"] - 0.5}, Source("r", "n"))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    pytest.importorskip("psycopg")
    if not postgres_binaries():
        pytest.skip("PostgreSQL's initdb and pg_ctl are not installed")
    with running_postgres() as postgres:
        yield postgres.url


@pytest.fixture(params=["sqlite", "journal", "postgresql"])
def studies(request: pytest.FixtureRequest, tmp_path: Path) -> OptunaStudies:
    storage = {"sqlite": None, "journal": "journal:s.log"}
    if request.param == "postgresql":
        return OptunaStudies(request.getfixturevalue("server"), tmp_path, "s")
    return OptunaStudies(storage[request.param], tmp_path, "s")


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name of its own: the studies of the database outlive a test."""
    return str(request.node.name).split("[")[0]


def test_what_a_trial_found_is_read_back(studies: OptunaStudies, name: str) -> None:
    with studies.open(plan(name=name, prune=True)) as study:

        def stopped(drawn: Drawn) -> Outcome:
            assert drawn.report(0, 0.25) is None
            assert drawn.is_current()
            return Stopped("behind", Source("q", "m", seconds=2.0))

        study.work(value)
        study.work(stopped)
        study.work(lambda _: Broken("bad luck"))
        study.remember("key", "text")
    with studies.open(plan(name=name, prune=True)) as study:
        done, pruned, failed = study.trials()
        assert study.recall("key") == "text"
        assert study.recall("other") is None
    assert done.state == "complete"
    assert done.value == done.params["x"]
    assert done.violations == {"x <= 0.5": done.params["x"] - 0.5}
    assert (done.run_id, done.run_name) == ("r", "n")
    assert set(done.params) == set(SPACE)
    assert (pruned.state, pruned.reason, pruned.seconds) == ("pruned", "behind", 2.0)
    assert pruned.folds == {0: 0.25}
    assert (failed.state, failed.reason) == ("failed", "bad luck")


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_study_that_is_opened_again_goes_on_as_if_it_had_not_been_closed(
    tmp_path: Path, sampler: str
) -> None:
    drawn = []
    for folder, openings in (("one", 1), ("many", 14)):
        studies = OptunaStudies("journal:s.log", tmp_path / folder, "s")
        for _ in range(openings):
            with studies.open(plan(sampler=sampler)) as study:
                for _ in range(14 // openings):
                    study.work(value)
        with studies.open(plan(sampler=sampler)) as study:
            drawn.append([t.params for t in study.trials()])
    assert drawn[0] == drawn[1]
    assert len({json.dumps(params) for params in map(dict, drawn[0])}) == 14


def test_processes_draw_differently(tmp_path: Path) -> None:
    first = []
    for worker in (0, 1):
        studies = OptunaStudies("journal:s.log", tmp_path / str(worker), "s")
        with studies.open(plan(worker=worker)) as study:
            study.work(value)
            first.append(study.trials()[0].params)
    assert first[0] != first[1]


def test_sets_are_queued_once_and_in_their_order(studies: OptunaStudies, name: str) -> None:
    sets = [{"x": 0.25, "other": 7}, {"x": 0.75, "kind": False}]
    with studies.open(plan(name=name)) as study:
        study.enqueue(sets)
        study.work(value)
        study.enqueue(sets)
        study.work(value)
        study.work(value)
        first, second, third = study.trials()
    assert (first.params["x"], first.params["other"]) == (0.25, 7)
    assert (second.params["x"], second.params["kind"]) == (0.75, False)
    assert "other" not in third.params


def test_manual_studies_draw_nothing(studies: OptunaStudies, name: str) -> None:
    seen = []

    def do(drawn: Drawn) -> Outcome:
        seen.append(drawn.params)
        return Broken("nothing left", is_counted=False)

    with studies.open(plan(name=name, sampler="manual", space={})) as study:
        study.enqueue([{"C": [1, 2]}])
        study.work(do)
        study.work(do)
    assert seen == [{"C": [1, 2]}, None]


@pytest.mark.parametrize("ending", [KeyboardInterrupt, SystemExit])
def test_an_interrupted_trial_is_queued_again(
    studies: OptunaStudies, request: pytest.FixtureRequest, ending: type[BaseException]
) -> None:
    def interrupted(_: Drawn) -> Outcome:
        raise ending

    with studies.open(plan(name=f"interrupted_{ending.__name__}")) as study:
        with pytest.raises(ending):
            study.work(interrupted)
        study.work(value)
        first, second = study.trials()
    assert (first.state, second.state) == ("failed", "complete")
    assert first.params == second.params


@pytest.mark.parametrize("moment", ["report", "keep"])
@pytest.mark.parametrize("ending", [KeyboardInterrupt(), SystemExit(143)])
def test_an_interrupt_the_storage_answers_with_an_error_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, ending: BaseException
) -> None:
    # Given an interrupt inside a transaction, which the storage answers with an error of its own
    method = {"report": "set_trial_intermediate_value", "keep": "set_trial_user_attr"}[moment]

    def interrupted(*_: Any) -> None:
        try:
            raise ending
        finally:
            raise StorageInternalError("This transaction is closed")

    def do(drawn: Drawn) -> Outcome:
        monkeypatch.setattr(RDBStorage, method, interrupted)
        monkeypatch.setattr(_CachedStorage, method, interrupted)
        drawn.report(0, 0.5)
        return value(drawn)

    with OptunaStudies(None, tmp_path, "s").open(plan()) as study:
        with pytest.raises(type(ending)):
            study.work(do)
        monkeypatch.undo()
        # Then the trial's parameters are tried again
        study.work(value)
        first, second = study.trials()
    assert (first.state, second.state) == ("failed", "complete")
    assert first.params == second.params


def test_a_storage_that_fails_in_a_trial_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise StorageInternalError from OSError("no space left")

    def do(drawn: Drawn) -> Outcome:
        monkeypatch.setattr(_CachedStorage, "set_trial_intermediate_value", broken)
        drawn.report(0, 0.5)
        return value(drawn)

    with (
        OptunaStudies(None, tmp_path, "s").open(plan()) as study,
        pytest.raises(ScorewrightError, match="no space left") as failed,
    ):
        study.work(do)
    assert failed.value.code == "tuning-storage-unreachable"


@pytest.mark.parametrize("moment", ["drawn", "reported", "kept"])
def test_a_disk_that_is_full_in_a_trial_is_named_and_the_study_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def do(drawn: Drawn) -> Outcome:
        if moment == "reported":
            monkeypatch.setattr(os, "fsync", full)
        drawn.report(0, 0.5)
        if moment == "kept":
            monkeypatch.setattr(os, "fsync", full)
        return value(drawn)

    studies = OptunaStudies("journal:s.log", tmp_path, "s")
    with studies.open(plan()) as study:
        if moment == "drawn":
            monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(ScorewrightError, match="No space left") as failed:
            study.work(do)
        assert failed.value.code == "tuning-storage-unreachable"
        assert "finished trials are kept" in failed.value.remedy
    monkeypatch.undo()
    with studies.open(plan()) as study:
        study.recover()
        study.work(value)
        assert [t.state for t in study.trials()][-1] == "complete"
        assert "running" not in {t.state for t in study.trials()}


def test_a_trial_keeps_what_it_took_from_the_settings(studies: OptunaStudies, name: str) -> None:
    with studies.open(plan(name=name, base={"other": 1, "x": 9.0})) as study:
        study.enqueue([{"x": 0.25, "other": 7}])
        study.work(value)
        study.work(value)
    with studies.open(plan(name=name, base={"other": 2})) as study:
        first, second = study.trials()
    assert (first.params["other"], second.params["other"]) == (7, 1)
    assert second.params["x"] != 9.0


DYING = """
import os, signal, sys
from pathlib import Path
from tests.adapters.tuning.test_study import plan
from scorewright.adapters.tuning import OptunaStudies
storage = None if sys.argv[1] == "-" else sys.argv[1]
with OptunaStudies(storage, Path(sys.argv[2]), "s").open(plan(name=sys.argv[3])) as study:
    study.work(lambda drawn: os.kill(os.getpid(), signal.SIGKILL))
"""


def killed(storage: str | None, folder: Path, name: str, script: str = DYING) -> None:
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", script, storage or "-", str(folder), name],
        cwd=root, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr


KILLED_DRAWING = """
import os, signal, sys
from pathlib import Path
import optuna
from tests.adapters.tuning.test_study import plan
from scorewright.adapters.tuning import OptunaStudies
ask = optuna.study.Study.ask
def killed(*given):
    ask(*given)
    os.kill(os.getpid(), signal.SIGKILL)
optuna.study.Study.ask = killed
storage = None if sys.argv[1] == "-" else sys.argv[1]
with OptunaStudies(storage, Path(sys.argv[2]), "s").open(plan(name=sys.argv[3])) as study:
    study.enqueue([{"x": 0.25}])
    study.work(None)
"""


@pytest.mark.parametrize("storage", [None, "journal:s.log"])
def test_a_process_killed_between_drawing_and_signing_leaves_its_parameters(
    storage: str | None, tmp_path: Path
) -> None:
    # Given another process that lives, and works on a trial of its own
    studies = OptunaStudies(storage, tmp_path, "s")
    with studies.open(plan()) as study, studies.open(plan()) as other:

        def do(drawn: Drawn) -> Outcome:
            killed(storage, tmp_path, "s", KILLED_DRAWING)
            assert other.alive() == frozenset({0, 1})
            # Then the trial is known at once to be nobody's, and only this one
            assert other.recover() == [1]
            assert other.recover() == []
            assert other.alive() == frozenset({0})
            return value(drawn)

        study.work(do)
        other.work(value)
        states = [(t.state, t.reason, t.params.get("x")) for t in study.trials()]
    assert states[1:] == [("failed", "its process died", 0.25), ("complete", "", 0.25)]


@pytest.mark.filterwarnings("ignore:Heartbeat of storage")
@pytest.mark.parametrize("storage", [None, "journal:s.log"])
@pytest.mark.parametrize("sampler", ["random", "manual"])
def test_of_a_lost_trial_a_set_is_done_again_and_a_draw_is_not_repeated(
    storage: str | None, sampler: str, tmp_path: Path
) -> None:
    # Given trials that nobody signed
    sets = [{"x": 0.25}, {"x": 0.75}] if sampler == "manual" else []
    with OptunaStudies(storage, tmp_path, "s").open(plan(sampler=sampler)) as study:
        study.enqueue(sets)
        study.study.ask()
        assert study.recover() == [0]
        for _ in range(2):
            study.work(value)
        tried = [t.params["x"] for t in study.trials() if t.state == "complete"]
        left = [t.number for t in study.trials() if t.state == "waiting"]
    assert len(set(tried)) == 2
    assert sampler == "random" or sorted(tried) == [0.25, 0.75]
    assert left == []


@pytest.mark.parametrize("storage", [None, "journal:s.log"])
@pytest.mark.parametrize("ending", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("is_given", [True, False])
def test_an_interrupt_between_drawing_and_signing_leaves_no_trial_running(
    storage: str | None,
    ending: type[BaseException],
    is_given: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(study: Study, *given: Any) -> None:
        ask(study, *given)
        raise ending

    ask = Study.ask
    studies = OptunaStudies(storage, tmp_path, "s")
    with studies.open(plan()) as study:
        study.enqueue([{"x": 0.25}] if is_given else [])
        monkeypatch.setattr(Study, "ask", interrupted)
        with pytest.raises(ending):
            study.work(value)
        monkeypatch.undo()
        assert study.alive() == frozenset()
        study.work(value)
        first, second = study.trials()
    assert (first.state, first.reason) == ("failed", "it was interrupted")
    assert second.state == "complete"
    assert not is_given or second.params["x"] == 0.25


def test_a_trial_that_is_being_signed_is_not_taken_from_its_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a process that has drawn, and one that looks for lost trials meanwhile
    studies = OptunaStudies(None, tmp_path, "s")
    found: list[Any] = []
    with studies.open(plan()) as study, studies.open(plan()) as other:
        ask, looking = Study.ask, threading.Thread(target=lambda: found.extend(other.recover()))

        def slow(of: Study, *given: Any) -> Any:
            trial = ask(of, *given)
            looking.start()
            looking.join(0.3)
            assert looking.is_alive()
            return trial

        def do(drawn: Drawn) -> Outcome:
            looking.join(30)
            assert drawn.is_current()
            return value(drawn)

        monkeypatch.setattr(Study, "ask", slow)
        study.work(do)
        assert [t.state for t in study.trials()] == ["complete"]
    assert found == []


@pytest.mark.filterwarnings("ignore:Heartbeat of storage")
def test_elsewhere_a_process_has_time_to_sign(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a database: the locks of other machines are not seen
    with OptunaStudies(server, tmp_path, "s").open(plan(name="elsewhere")) as study:
        study.enqueue([{"x": 0.25}])
        study.study.ask()
        assert study.recover() == []
        assert study.alive() == frozenset({0})
        monkeypatch.setattr(recovery, "UNSIGNED", 0.0)
        assert study.recover() == [0]
        study.work(value)
        assert [t.params["x"] for t in study.trials()] == [0.25, 0.25]


@pytest.mark.parametrize("kind", ["sqlite", "journal", "postgresql"])
def test_the_trial_of_a_killed_process_is_done_by_another(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    storage = {"sqlite": None, "journal": "journal:s.log"}.get(kind)
    if kind == "postgresql":
        storage = request.getfixturevalue("server")
    killed(storage, tmp_path, "killed")
    with OptunaStudies(storage, tmp_path, "s").open(plan(name="killed")) as study:
        assert [t.state for t in study.trials()] == ["running"]
        assert study.alive() == frozenset()
        # At once, without waiting for a heartbeat to fail; and only once
        assert study.recover() == [0]
        assert study.recover() == []
        study.work(value)
        first, second = study.trials()
    assert (first.state, second.state) == ("failed", "complete")
    assert first.params == {n: second.params[n] for n in first.params}
    assert list(tmp_path.rglob("*.worker")) == []  # of the dead one, too


def test_parameters_that_kill_every_process_are_left_alone(tmp_path: Path) -> None:
    studies = OptunaStudies("journal:s.log", tmp_path, "s")
    with studies.open(plan()) as study:
        for _ in range(ATTEMPTS):
            study.work(lambda _: Broken("locked", again=True))
        states = [t.state for t in study.trials()]
    assert states == ["failed"] * ATTEMPTS


def test_a_living_trial_is_not_taken_from_its_process(studies: OptunaStudies, name: str) -> None:
    with studies.open(plan(name=name)) as study, studies.open(plan(name=name)) as other:

        def do(drawn: Drawn) -> Outcome:
            assert other.recover() == []
            assert other.alive() == frozenset({0})
            assert drawn.is_current()
            return value(drawn)

        study.work(do)
        assert [t.state for t in study.trials()] == ["complete"]


def test_a_study_of_something_else_is_refused_by_name(tmp_path: Path) -> None:
    studies = OptunaStudies(None, tmp_path, "s")
    with studies.open(plan()):
        pass
    with (
        pytest.raises(UsageError, match="other data, folds") as refused,
        studies.open(plan(identity={"data": "2", "folds": "1"})),
    ):
        pass
    assert refused.value.code == "tuning-other-study"


def test_two_writers_wait_for_each_other(tmp_path: Path) -> None:
    # Given somebody who holds the file for a while
    studies = OptunaStudies(None, tmp_path, "s")
    with studies.open(plan()) as study:
        study.work(value)
        other = sqlite3.connect(
            tmp_path / ".scorewright" / "tuning" / "s.db", check_same_thread=False
        )
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(7.0, other.rollback)  # longer than SQLite's own five seconds
        timer.start()
        study.work(value)
        timer.join()
        other.close()
        assert [t.state for t in study.trials()] == ["complete", "complete"]


def test_importance_names_the_parameter_that_decides(tmp_path: Path) -> None:
    with OptunaStudies("journal:s.log", tmp_path, "s").open(plan()) as study:
        assert study.importance() == {}
        for _ in range(30):
            study.work(value)
        importance = study.importance()
    assert max(importance, key=lambda n: importance[n]) == "x"
    assert sum(importance.values()) == pytest.approx(1.0)


def test_one_after_the_other(tmp_path: Path) -> None:
    studies = OptunaStudies(None, tmp_path, "s")
    order: list[str] = []

    def second(alone: Callable[[], Any]) -> None:
        with alone():
            order.append("second")

    with studies.open(plan()) as study, studies.open(plan()) as other:
        with study.alone("x"):
            thread = threading.Thread(target=second, args=(lambda: other.alone("x"),))
            thread.start()
            thread.join(0.3)
            order.append("first")
        thread.join(30)
    assert order == ["first", "second"]
