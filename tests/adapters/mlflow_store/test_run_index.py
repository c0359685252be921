"""The contract of a run index, over a SQLite store and over a real server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType

from scorewright.adapters.mlflow_store import MlflowRunIndex, MlflowRunLog
from scorewright.core.bundles import Bundle
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.flows.ports import DatasetInput, RunStart

pytestmark = pytest.mark.filterwarnings(
    "ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning"
)

Fresh = Callable[[], MlflowClient]


@pytest.fixture
def index(tracking_uri: str) -> MlflowRunIndex:
    return MlflowRunIndex(tracking_uri)


def _marked(start: RunStart, mark: str) -> RunStart:
    return replace(start, tags={**start.tags, "scorewright.cell": mark})


def test_a_run_is_read_back_whole(
    run_log: MlflowRunLog, start: RunStart, index: MlflowRunIndex
) -> None:
    # Given
    data = DatasetInput("loans", "a" * 64, "training", "x.csv", {"income": "number"}, {})
    with run_log.start(start) as run:
        run.log_params({"rate": 0.1})
        run.log_metrics({"roc_auc": 0.75})
        run.log_history({"fold_roc_auc": [0.7, 0.9, 0.8]})
        run.log_input(data)
        run.log_files({"a.json": b"{}", "model/deep/b.txt": b"deep"})
    # When
    view = index.get(run.run_id)
    # Then
    assert (view.run_id, view.name, view.status) == (run.run_id, start.name, "FINISHED")
    assert view.tags["project"] == "demo"
    assert view.params == {"rate": "0.1"}
    assert view.metrics == {"roc_auc": 0.75, "fold_roc_auc": 0.8}
    assert view.inputs == 1
    assert view.ended is not None
    assert 0 < view.started <= view.ended
    assert index.histories(run.run_id, ["fold_roc_auc", "fold_ks"]) == {
        "fold_roc_auc": (0.7, 0.9, 0.8)
    }
    assert index.artifacts(run.run_id) == {"a.json", "model/deep/b.txt"}
    assert index.artifact(run.run_id, "model/deep/b.txt") == b"deep"
    assert index.artifact(run.run_id, "a.json") == b"{}"


def test_runs_are_found_by_their_tags_the_oldest_first(
    run_log: MlflowRunLog, start: RunStart, index: MlflowRunIndex
) -> None:
    # Given
    ids = []
    for mark in ("a" * 64, "b" * 64, "a" * 64):
        with run_log.start(_marked(start, mark)) as run:
            ids.append(run.run_id)
    # When, then
    found = index.find(start.experiment, {"scorewright.cell": "a" * 64})
    assert [view.run_id for view in found] == [ids[0], ids[2]]
    assert [view.run_id for view in index.find(start.experiment, {})] == ids
    both = {"scorewright.cell": "b" * 64, "project": "demo"}
    assert [view.run_id for view in index.find(start.experiment, both)] == [ids[1]]
    assert index.find(start.experiment, {"scorewright.cell": "c" * 64}) == ()
    assert index.find(start.experiment, {"project": "dem"}) == ()


def test_a_tag_with_quotes_is_compared_and_not_parsed(
    run_log: MlflowRunLog, start: RunStart, index: MlflowRunIndex
) -> None:
    odd = """it's "odd" ` %"""
    with run_log.start(_marked(start, odd)) as run:
        pass
    with run_log.start(_marked(start, "plain")):
        pass
    found = index.find(start.experiment, {"scorewright.cell": odd})
    assert [view.run_id for view in found] == [run.run_id]


def test_what_is_not_there(run_log: MlflowRunLog, start: RunStart, index: MlflowRunIndex) -> None:
    with run_log.start(start) as run:
        run.log_files({"folder/a.json": b"{}"})
    assert index.find("demo_model_selection_of_nobody", {}) == ()
    for wrong in ("b.json", "folder", "folder/b.json", "../a.json", "nowhere/a.json"):
        with pytest.raises(UsageError) as caught:
            index.artifact(run.run_id, wrong)
        assert caught.value.code == "artifact-missing"
    for asked in (index.get, index.artifacts, lambda i: index.discard(i, "gone")):
        with pytest.raises(UsageError) as caught:
            asked("0" * 32)
        assert caught.value.code == "run-missing"


def test_looking_makes_no_store(tmp_path: Path) -> None:
    file = tmp_path / "mlruns" / "mlflow.db"
    index = MlflowRunIndex(f"sqlite:///{file}")
    assert index.find("demo_model_selection", {}) == ()
    with pytest.raises(UsageError, match="no run"):
        index.get("0" * 32)
    assert not file.parent.exists()


def test_a_leftover_goes_to_the_bin_with_the_model_it_began(
    run_log: MlflowRunLog, start: RunStart, index: MlflowRunIndex, fresh_client: Fresh
) -> None:
    # Given a run whose process died while it logged its model
    context = run_log.start(_marked(start, "dead"))
    run = context.__enter__()
    client = fresh_client()
    model = client.create_logged_model(
        run.experiment_id, name="demo_lgbm", source_run_id=run.run_id
    )
    assert index.get(run.run_id).status == "RUNNING"
    assert index.get(run.run_id).ended is None
    # When
    index.discard(run.run_id, "Left behind by an interruption.")
    # Then
    assert index.find(start.experiment, {"scorewright.cell": "dead"}) == ()
    with pytest.raises(UsageError) as caught:
        index.get(run.run_id)
    assert caught.value.code == "run-missing"
    (left,) = client.search_runs([run.experiment_id], run_view_type=ViewType.DELETED_ONLY)
    assert (left.info.run_id, left.info.status) == (run.run_id, "KILLED")
    assert left.data.tags["failure"] == "Left behind by an interruption."
    assert model.model_id not in {
        m.model_id for m in client.search_logged_models([run.experiment_id])
    }


def test_a_finished_model_stays(
    run_log: MlflowRunLog,
    start: RunStart,
    index: MlflowRunIndex,
    fresh_client: Fresh,
    bundle_directory: Path,
    lgbm_bundle: Bundle,
) -> None:
    example: dict[str, Any] = lgbm_bundle.golden[0].example()
    with run_log.start(start) as kept:
        kept.log_model("demo_lgbm", bundle_directory, lgbm_bundle.manifest(), example)
    context = run_log.start(start)
    left = context.__enter__()
    index.discard(left.run_id, "left")
    (model,) = fresh_client().search_logged_models([kept.experiment_id])
    assert model.source_run_id == kept.run_id
    assert "model/MLmodel" in index.artifacts(kept.run_id)


def test_a_run_has_a_parent(run_log: MlflowRunLog, start: RunStart, index: MlflowRunIndex) -> None:
    with (
        run_log.start(replace(start, name="matrix_cv_1cells")) as parent,
        run_log.start(replace(start, parent=parent.run_id)) as child,
    ):
        pass
    assert index.get(child.run_id).tags["mlflow.parentRunId"] == parent.run_id


def test_a_run_goes_on(run_log: MlflowRunLog, start: RunStart, index: MlflowRunIndex) -> None:
    # Given a run that failed
    context = run_log.start(start)
    run = context.__enter__()
    run.log_metrics({"roc_auc": 0.7})
    context.__exit__(ValueError, ValueError("first"), None)
    assert "failure" in index.get(run.run_id).tags
    # When it is opened again
    again = replace(start, continues=run.run_id, tags={**start.tags, "stage": "candidate"})
    with run_log.start(again) as reopened:
        during = index.get(run.run_id)
        reopened.log_metrics({"ks": 0.3})
    # Then it is the same run, its figures kept, its failure forgotten
    assert reopened.run_id == run.run_id
    assert (during.status, during.ended) == ("RUNNING", None)
    after = index.get(run.run_id)
    assert after.status == "FINISHED"
    assert after.metrics == {"roc_auc": 0.7, "ks": 0.3}
    assert after.tags["stage"] == "candidate"
    assert "failure" not in after.tags
    assert [view.run_id for view in index.find(start.experiment, {})] == [run.run_id]


def test_only_a_run_that_is_there_goes_on(
    run_log: MlflowRunLog, start: RunStart, index: MlflowRunIndex
) -> None:
    with run_log.start(start) as run:
        pass
    index.discard(run.run_id, "gone")
    for run_id in (run.run_id, "0" * 32):
        with (
            pytest.raises(UsageError) as caught,
            run_log.start(replace(start, continues=run_id)),
        ):
            pass
        assert caught.value.code == "run-missing"


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    file.write_bytes(b"not a database")
    with pytest.raises(ScorewrightError) as caught:
        MlflowRunIndex(f"sqlite:///{file}").find("demo_model_selection", {})
    assert caught.value.code == "store-invalid"
