"""The project's own store: made in one piece, with its artifacts in the project."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient
from tests.stores.torn import TABLE, tear

from scorewright.adapters.mlflow_store import LocalStoreProbe, MlflowRunIndex, MlflowRunLog
from scorewright.core.bundles import Bundle
from scorewright.core.errors import ScorewrightError
from scorewright.flows.ports import RunStart

pytestmark = pytest.mark.filterwarnings(
    "ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning"
)


def _uri(root: Path) -> str:
    return f"sqlite:///{root}/mlruns/mlflow.db"


def _locations(root: Path) -> dict[str, str]:
    client = MlflowClient(_uri(root), _uri(root))
    return {e.name: e.artifact_location for e in client.search_experiments()}


@pytest.mark.parametrize("first", ["index", "log", "probe"])
def test_what_a_killed_program_was_writing_is_rolled_back(
    tmp_path: Path, start: RunStart, first: str
) -> None:
    # Given a program that died in the midst of a transaction of the store
    with MlflowRunLog(_uri(tmp_path)).start(start) as run:
        run.log_params({"kept": "1"})
    file = tmp_path / "mlruns" / "mlflow.db"
    tear(file)
    # When the next command comes, whatever it opens the store for
    if first == "log":
        with MlflowRunLog(_uri(tmp_path)).start(replace(start, name="after")):
            pass
    elif first == "probe":
        assert "1 runs" in LocalStoreProbe(_uri(tmp_path)).probe()
    # Then nothing of the transaction is left, and nothing else is lost
    views = MlflowRunIndex(_uri(tmp_path)).find(start.experiment, {})
    assert {view.params.get("kept") for view in views} >= {"1"}
    with closing(sqlite3.connect(file)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        assert TABLE not in tables
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_artifacts_lie_in_the_project_wherever_the_program_is_started(
    tmp_path: Path, start: RunStart, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a project whose path needs quoting, and another current folder
    root = tmp_path / "my projects" / "crédit 1%"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    # When
    with MlflowRunLog(_uri(root), root / "mlruns").start(start) as run:
        run.log_files({"a/b.txt": b"hello"})
    # Then every experiment, Default included, keeps its artifacts under the project
    found = _locations(root)
    assert found == {
        "Default": str(root / "mlruns" / "0"),
        start.experiment: str(root / "mlruns" / run.experiment_id),
    }
    artifact = root / "mlruns" / run.experiment_id / run.run_id / "artifacts" / "a" / "b.txt"
    assert artifact.read_bytes() == b"hello"
    assert list(elsewhere.iterdir()) == []


def test_a_second_experiment_keeps_to_it(tmp_path: Path, start: RunStart) -> None:
    log = MlflowRunLog(_uri(tmp_path), tmp_path / "mlruns")
    for experiment in ("demo_retraining", "demo_final_delivery"):
        with log.start(replace(start, experiment=experiment)):
            pass
    roots = {Path(location).parent for location in _locations(tmp_path).values()}
    assert roots == {tmp_path / "mlruns"}


def test_nothing_but_the_store_is_left(tmp_path: Path, start: RunStart) -> None:
    with MlflowRunLog(_uri(tmp_path), tmp_path / "mlruns").start(start):
        pass
    left = {path.name for path in (tmp_path / "mlruns").iterdir()}
    assert left - {".making.lock"} == {"mlflow.db"}


def test_an_interrupt_while_the_store_is_made_leaves_nothing(
    tmp_path: Path, start: RunStart, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given an interrupt in the middle of the migrations
    from alembic import command

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(command, "upgrade", interrupt)
        log = MlflowRunLog(_uri(tmp_path), tmp_path / "mlruns")
        with pytest.raises(KeyboardInterrupt):
            log.start(start)
    # Then there is no half-made database, and the next start makes one
    assert [p.name for p in (tmp_path / "mlruns").iterdir() if "db" in p.name] == []
    with log.start(start) as run:
        assert run.run_id


def test_a_store_half_made_by_a_killed_program_goes_when_the_next_one_makes_it(
    tmp_path: Path, start: RunStart
) -> None:
    (tmp_path / "mlruns").mkdir()
    for ending in ("", "-journal"):
        (tmp_path / "mlruns" / f".partial-0123456789abcdef.db{ending}").touch()

    with MlflowRunLog(_uri(tmp_path), tmp_path / "mlruns").start(start):
        pass

    assert not list((tmp_path / "mlruns").glob(".partial-*"))


def test_two_programs_that_start_together_share_one_store(tmp_path: Path) -> None:
    # Given two processes that find no store
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from scorewright.adapters.mlflow_store import MlflowRunLog\n"
        "from scorewright.flows.ports import RunStart\n"
        "log = MlflowRunLog(sys.argv[1], Path(sys.argv[2]))\n"
        "with log.start(RunStart('demo_retraining', 'train_a', 'x', {})) as run:\n"
        "    run.log_metrics({'roc_auc': 0.7})\n"
    )
    command = [sys.executable, "-c", code, _uri(tmp_path), str(tmp_path / "mlruns")]
    # When
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    outputs = [process.communicate(timeout=120)[1] for process in processes]
    # Then both logged into the same experiment
    assert [process.returncode for process in processes] == [0, 0], outputs
    client = MlflowClient(_uri(tmp_path), _uri(tmp_path))
    experiment = client.get_experiment_by_name("demo_retraining")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    assert [run.info.status for run in runs] == ["FINISHED", "FINISHED"]


def test_making_a_store_says_nothing(
    tmp_path: Path, start: RunStart, capfd: pytest.CaptureFixture[str]
) -> None:
    with MlflowRunLog(_uri(tmp_path), tmp_path / "mlruns").start(start):
        pass
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_a_project_that_was_moved_is_not_written_to_its_old_place(
    tmp_path: Path, start: RunStart
) -> None:
    # Given
    old, new = tmp_path / "old", tmp_path / "new"
    with MlflowRunLog(_uri(old), old / "mlruns").start(start):
        pass
    old.rename(new)
    log = MlflowRunLog(_uri(new), new / "mlruns")
    # When
    with pytest.raises(ScorewrightError) as caught:
        log.start(start)
    # Then
    assert caught.value.code == "store-moved"
    assert not old.exists()
    with log.start(replace(start, experiment="demo_retraining")) as run:
        run.log_files({"a.txt": b"a"})
    assert not old.exists()


def test_an_experiment_with_artifacts_elsewhere_is_used_as_it_is(
    tmp_path: Path, start: RunStart
) -> None:
    # Given an experiment somebody made with MLflow itself
    log = MlflowRunLog(_uri(tmp_path), tmp_path / "mlruns")
    with log.start(start):
        pass
    place = tmp_path / "shared" / "artifacts"
    place.mkdir(parents=True)
    client = MlflowClient(_uri(tmp_path), _uri(tmp_path))
    client.create_experiment("demo_retraining", artifact_location=str(place))
    # When
    with log.start(replace(start, experiment="demo_retraining")) as run:
        run.log_files({"a.txt": b"a"})
    # Then
    assert (place / run.run_id / "artifacts" / "a.txt").read_bytes() == b"a"


def test_artifacts_that_cannot_be_written_end_the_run(tmp_path: Path, start: RunStart) -> None:
    # Given a file where the run's folder would be
    log = MlflowRunLog(_uri(tmp_path), tmp_path / "mlruns")
    context = log.start(start)
    run = context.__enter__()
    folder = tmp_path / "mlruns" / run.experiment_id
    folder.mkdir()
    (folder / run.run_id).write_bytes(b"")
    # When
    with pytest.raises(ScorewrightError) as caught:
        run.log_files({"a.txt": b"a"})
    context.__exit__(ScorewrightError, caught.value, None)
    # Then
    assert caught.value.code == "store-write-failed"
    found = MlflowClient(_uri(tmp_path), _uri(tmp_path)).get_run(run.run_id)
    assert found.info.status == "FAILED"
    assert "[store-write-failed]" in found.data.tags["failure"]


def test_a_store_locked_in_the_middle_is_said_to_be(
    tmp_path: Path, start: RunStart, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a run whose store another program locks for good; MLflow would wait 20 seconds
    log = MlflowRunLog(_uri(tmp_path), tmp_path / "mlruns")
    error = sqlite3.OperationalError("database is locked")
    with log.start(start) as run:
        from mlflow.exceptions import MlflowException

        def locked(*_: object, **__: object) -> None:
            raise MlflowException(f"(sqlite3.OperationalError) {error}")

        with monkeypatch.context() as patched:
            patched.setattr(MlflowClient, "log_batch", locked)
            with pytest.raises(ScorewrightError) as caught:
                run.log_metrics({"roc_auc": 0.7})
    assert caught.value.code == "store-locked"


def test_others_may_read_the_artifacts(
    tmp_path: Path, start: RunStart, lgbm_bundle: Bundle, bundle_directory: Path
) -> None:
    """MLflow copies the permissions of a folder along, and temporary ones are private."""
    with MlflowRunLog(_uri(tmp_path), tmp_path / "mlruns").start(start) as run:
        run.log_files({"a.txt": b"a"})
        run.log_model("demo_lgbm", bundle_directory, lgbm_bundle.manifest(), {})
    experiment = tmp_path / "mlruns" / run.experiment_id
    plain = stat.S_IMODE((tmp_path / "mlruns").stat().st_mode)
    folders = [experiment / run.run_id / "artifacts", *experiment.glob("models/*/artifacts")]
    assert len(folders) == 2
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {plain}
