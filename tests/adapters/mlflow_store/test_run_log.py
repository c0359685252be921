"""The contract of a run log, over a SQLite store and over a real server."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient

from scorewright.adapters.mlflow_store import MlflowRunLog
from scorewright.adapters.mlflow_store.run_handle import MlflowRun
from scorewright.core.bundles import Bundle
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.flows.ports import DatasetInput, RunStart

pytestmark = pytest.mark.filterwarnings(
    "ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning"
)

Fresh = Callable[[], MlflowClient]


def _artifact(client: MlflowClient, run_id: str, path: str, folder: Path) -> bytes:
    return Path(client.download_artifacts(run_id, path, str(folder))).read_bytes()


def test_name_description_and_tags_are_read_back(
    run_log: MlflowRunLog, start: RunStart, fresh_client: Fresh
) -> None:
    # When
    with run_log.start(start) as run:
        run.set_tags({"stage": "candidate"})
    # Then
    found = fresh_client().get_run(run.run_id)
    assert (found.info.run_name, found.info.status) == ("train_lgbm_5features", "FINISHED")
    assert found.info.end_time is not None
    tags = found.data.tags
    assert tags["mlflow.note.content"] == "Five features."
    assert tags["project"] == "demo"
    assert tags["stage"] == "candidate"
    assert tags["git_commit"] == "a" * 40 + "-dirty"
    assert tags["mlflow.source.git.commit"] == "a" * 40
    assert tags["mlflow.user"]


def test_values_are_read_back(run_log: MlflowRunLog, start: RunStart, fresh_client: Fresh) -> None:
    # When
    with run_log.start(start) as run:
        run.log_params({"max_depth": -1, "rate": 0.03, "class_weight": None, "signs": [1, -1]})
        run.log_metrics({"roc_auc": 0.75, "ks": 0.4})
        run.log_history({"fold_roc_auc": [0.7, 0.8, 0.75]})
    # Then
    found = fresh_client().get_run(run.run_id)
    params = {"max_depth": "-1", "rate": "0.03", "class_weight": "None", "signs": "[1, -1]"}
    assert found.data.params == params
    assert found.data.metrics == {"roc_auc": 0.75, "ks": 0.4, "fold_roc_auc": 0.75}
    history = fresh_client().get_metric_history(run.run_id, "fold_roc_auc")
    assert [(m.step, m.value) for m in history] == [(0, 0.7), (1, 0.8), (2, 0.75)]


def test_more_than_one_request_may_carry(
    run_log: MlflowRunLog, start: RunStart, fresh_client: Fresh
) -> None:
    # Given more parameters, tags and values than MLflow takes at once
    params = {f"p{i}": i for i in range(250)}
    tags = {f"t{i}": str(i) for i in range(250)}
    values = [i / 7 for i in range(2500)]
    # When
    with run_log.start(start) as run:
        run.log_params(params)
        run.set_tags(tags)
        run.log_history({"train_loss": values})
    # Then
    found = fresh_client().get_run(run.run_id)
    assert found.data.params == {k: str(v) for k, v in params.items()}
    assert tags.items() <= found.data.tags.items()
    history = fresh_client().get_metric_history(run.run_id, "train_loss")
    assert [m.value for m in sorted(history, key=lambda m: m.step)] == values


def test_a_long_parameter_is_kept_whole(
    run_log: MlflowRunLog, start: RunStart, fresh_client: Fresh, tmp_path: Path
) -> None:
    # Given two values longer than MLflow keeps, logged one after the other
    first, second = "x" * 9000, ["é"] * 3000
    # When
    with run_log.start(start) as run:
        run.log_params({"first": first, "short": 1})
        run.log_params({"second": second})
    # Then
    params = fresh_client().get_run(run.run_id).data.params
    assert params["short"] == "1"
    assert "params_long.json" in params["first"]
    whole = json.loads(_artifact(fresh_client(), run.run_id, "params_long.json", tmp_path))
    assert whole == {"first": first, "second": json.dumps(second)}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(
    run_log: MlflowRunLog, start: RunStart, fresh_client: Fresh, value: float
) -> None:
    with run_log.start(start) as run:
        with pytest.raises(ScorewrightError) as caught:
            run.log_metrics({"roc_auc": 0.7, "ks": value})
        with pytest.raises(ScorewrightError):
            run.log_history({"fold_ks": [0.1, value]})
    # Then the metric is named and nothing of the batch is there
    assert caught.value.code == "metric-not-finite"
    assert "'ks'" in caught.value.message
    assert fresh_client().get_run(run.run_id).data.metrics == {}


def test_a_data_set_with_digest_and_role(
    run_log: MlflowRunLog, start: RunStart, fresh_client: Fresh
) -> None:
    # Given
    digest = "0123456789abcdef" * 4
    dataset = DatasetInput(
        "loans", digest, "training", "/data/loans.csv",
        {"income": "number", "home": "category"}, {"num_rows": 10},
    )  # fmt: skip
    # When
    with run_log.start(start) as run:
        run.log_input(dataset)
    # Then
    inputs = fresh_client().get_run(run.run_id).inputs
    assert inputs is not None
    [found] = inputs.dataset_inputs
    tags = {tag.key: tag.value for tag in found.tags}
    assert tags == {"mlflow.data.context": "training", "digest": digest}
    assert (found.dataset.name, found.dataset.digest) == ("loans", digest[:32])
    assert json.loads(found.dataset.profile or "") == {"num_rows": 10}
    columns = json.loads(found.dataset.schema or "")["mlflow_colspec"]
    assert [(c["name"], c["type"]) for c in columns] == [("income", "double"), ("home", "string")]


def test_artifacts_by_relative_path(
    run_log: MlflowRunLog, start: RunStart, fresh_client: Fresh, tmp_path: Path
) -> None:
    with run_log.start(start) as run:
        run.log_files({"top.json": b"{}", "curves/roc.png": b"\x89PNG"})
        run.log_files({"curves/pr.png": b"pr"})
        with pytest.raises(ValueError, match="relative path"):
            run.log_files({"../outside.txt": b""})
    assert _artifact(fresh_client(), run.run_id, "curves/roc.png", tmp_path) == b"\x89PNG"
    listed = fresh_client().list_artifacts(run.run_id, "curves")
    assert sorted(item.path for item in listed) == ["curves/pr.png", "curves/roc.png"]


def test_the_model_is_logged_whole(
    run_log: MlflowRunLog,
    start: RunStart,
    fresh_client: Fresh,
    lgbm_bundle: Bundle,
    bundle_directory: Path,
    tmp_path: Path,
) -> None:
    # Given
    manifest, example = lgbm_bundle.manifest(), lgbm_bundle.golden[0].values
    # When
    with run_log.start(start) as run:
        run.log_params({"n_rows": 400})
        run.log_input(DatasetInput("loans", "ab" * 32, "training", "x", {}, {}))
        run.log_metrics({"roc_auc": 0.75})
        run.log_history({"fold_roc_auc": [0.7, 0.8]})
        uri = run.log_model("demo_lgbm", bundle_directory, manifest, example)
    # Then the logged model is ready and linked to its run
    client = fresh_client()
    model = client.get_logged_model(uri.removeprefix("models:/"))
    assert (str(model.status), model.name, model.model_type) == ("READY", "demo_lgbm", "lgbm")
    assert model.source_run_id == run.run_id
    assert model.params == {"n_rows": "400"}
    assert model.tags["bundle"] == manifest.digest
    [metric] = model.metrics or []
    assert (metric.key, metric.value, metric.dataset_name) == ("roc_auc", 0.75, "loans")
    outputs = fresh_client().get_run(run.run_id).outputs
    assert outputs is not None
    assert [output.model_id for output in outputs.model_outputs] == [model.model_id]
    # And the bundle lies in it, byte for byte, here and under the run
    for entry in manifest.files:
        data = _artifact(fresh_client(), run.run_id, f"model/bundle/{entry.path}", tmp_path)
        assert data == (bundle_directory / entry.path).read_bytes()
    # And the run's own metrics are still one value each
    assert len(client.get_metric_history(run.run_id, "roc_auc")) == 1


def test_a_model_that_cannot_be_logged_is_marked(
    run_log: MlflowRunLog,
    start: RunStart,
    fresh_client: Fresh,
    lgbm_bundle: Bundle,
    bundle_directory: Path,
    tmp_path: Path,
) -> None:
    # Given a bundle that is not there
    with (
        pytest.raises(ScorewrightError) as caught,
        run_log.start(start) as run,
    ):
        run.log_model("demo_lgbm", tmp_path / "nowhere", lgbm_bundle.manifest(), {})
    # Then
    assert caught.value.code == "store-write-failed"
    client = fresh_client()
    [model] = client.search_logged_models([run.experiment_id])
    assert str(model.status) == "FAILED"
    assert fresh_client().get_run(run.run_id).info.status == "FAILED"


def test_an_error_ends_the_run_as_failed_with_its_reason(
    run_log: MlflowRunLog, start: RunStart, fresh_client: Fresh
) -> None:
    error = UsageError("The target is not there.", remedy="Name it.", code="data-target")
    with pytest.raises(UsageError) as caught, run_log.start(start) as run:
        raise error
    assert caught.value is error
    found = fresh_client().get_run(run.run_id)
    assert found.info.status == "FAILED"
    assert found.data.tags["failure"] == "UsageError [data-target]: The target is not there."


def test_an_interrupt_ends_the_run_as_killed(
    run_log: MlflowRunLog, start: RunStart, fresh_client: Fresh
) -> None:
    with pytest.raises(KeyboardInterrupt), run_log.start(start) as run:
        raise KeyboardInterrupt
    assert fresh_client().get_run(run.run_id).info.status == "KILLED"


def _interrupted_after(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method whose answer an interrupt keeps from its caller."""

    def interrupted(*arguments: Any, **named: Any) -> Any:
        method(*arguments, **named)
        raise KeyboardInterrupt

    return interrupted


@pytest.mark.parametrize("moment", ["made", "entered", "reopened"])
def test_an_interrupt_before_the_work_begins_leaves_no_run_open(
    run_log: MlflowRunLog,
    start: RunStart,
    fresh_client: Fresh,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    # Given an interrupt while the run is made, just after, or while it is opened again
    if moment == "reopened":
        with run_log.start(start) as run:
            pass
        start = replace(start, continues=run.run_id)
    context = run_log.start(start)
    if moment == "made":
        monkeypatch.setattr(MlflowClient, "create_run", _interrupted_after(MlflowClient.create_run))
    elif moment == "reopened":
        monkeypatch.setattr(MlflowClient, "update_run", _interrupted_after(MlflowClient.update_run))
    else:
        monkeypatch.setattr(
            "scorewright.adapters.mlflow_store.run_log.MlflowRun", _interrupted_after(MlflowRun)
        )
    # When
    with pytest.raises(KeyboardInterrupt), context:
        pytest.fail("the run was entered")
    # Then
    monkeypatch.undo()
    client = fresh_client()
    experiment = client.get_experiment_by_name(start.experiment)
    assert experiment is not None
    (found,) = client.search_runs([experiment.experiment_id])
    assert found.info.status == "KILLED"
    assert found.info.end_time is not None


def test_a_run_that_cannot_be_made_is_not_looked_for(
    run_log: MlflowRunLog, start: RunStart, fresh_client: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a run of the same name that is open, and an interrupt before one is made
    with run_log.start(start) as other:
        context = run_log.start(start)

        def interrupted(*_: Any, **__: Any) -> Any:
            raise KeyboardInterrupt

        monkeypatch.setattr(MlflowClient, "create_run", interrupted)
        with pytest.raises(KeyboardInterrupt), context:
            pytest.fail("the run was entered")
        monkeypatch.undo()
        # Then the other one is left alone
        assert fresh_client().get_run(other.run_id).info.status == "RUNNING"


def test_an_experiment_is_made_once(
    run_log: MlflowRunLog, start: RunStart, fresh_client: Fresh
) -> None:
    with run_log.start(start) as first:
        pass
    with run_log.start(start) as second:
        pass
    assert first.experiment_id == second.experiment_id
    assert first.run_id != second.run_id


def test_a_deleted_experiment_is_refused_until_restored(
    run_log: MlflowRunLog, start: RunStart, fresh_client: Fresh
) -> None:
    # Given
    with run_log.start(start) as run:
        pass
    client = fresh_client()
    client.delete_experiment(run.experiment_id)
    # When
    with pytest.raises(ScorewrightError) as caught:
        run_log.start(start)
    # Then
    assert caught.value.code == "experiment-deleted"
    assert f"--experiment-id {run.experiment_id}" in caught.value.remedy
    client.restore_experiment(run.experiment_id)
    with run_log.start(start) as again:
        assert again.experiment_id == run.experiment_id


def test_what_mlflow_refuses_is_said_in_one_line(
    run_log: MlflowRunLog, start: RunStart, fresh_client: Fresh
) -> None:
    with run_log.start(start) as run:
        run.log_params({"depth": 3})
        with pytest.raises(ScorewrightError) as caught:
            run.log_params({"depth": 5})
    assert caught.value.code == "store-refused"
    assert "\n" not in caught.value.message


#: What pytest and MLflow's telemetry keep for themselves.
_PASSING = ("PYTEST_CURRENT_TEST", "_MLFLOW_TELEMETRY_SESSION_ID")


def _state() -> dict[str, Any]:
    loggers = {
        name: (
            logger.level,
            tuple(logger.filters),
            # A library that is imported for the first time gives its own logger an empty handler.
            tuple(h for h in logger.handlers if type(h) is not logging.NullHandler),
        )
        for name in ("mlflow", "mlflow.store.db.utils", "alembic", "root")
        for logger in [logging.getLogger(name)]
    }
    return {
        "tracking": mlflow.get_tracking_uri(),
        "registry": mlflow.get_registry_uri(),
        "active run": mlflow.active_run(),
        "last run": mlflow.last_active_run(),
        "environment": {k: v for k, v in os.environ.items() if k not in _PASSING},
        "folder": Path.cwd(),
        "loggers": loggers,
    }


def test_the_users_mlflow_is_left_alone(
    run_log: MlflowRunLog,
    start: RunStart,
    fresh_client: Fresh,
    lgbm_bundle: Bundle,
    bundle_directory: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Given
    manifest, example = lgbm_bundle.manifest(), lgbm_bundle.golden[0].values
    before = _state()
    # When everything a training does has been done
    with run_log.start(start) as run:
        run.log_params({"a": 1})
        run.log_metrics({"roc_auc": 0.7})
        run.log_model("demo_lgbm", bundle_directory, manifest, example)
    # Then
    assert _state() == before
    assert capsys.readouterr().out == ""
