"""A tracking server read over REST says what its database says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.adapters.server_stores.conftest import Pretender
from tests.stores.fixtures import MadeStore

from scorewright.adapters.database_stores import SqliteStore
from scorewright.adapters.server_stores import (
    Credentials,
    HttpArtifacts,
    HttpStore,
    artifacts,
)
from scorewright.adapters.server_stores.client import RestClient
from scorewright.core.errors import ScorewrightError
from scorewright.core.snapshot import Snapshot, SourceKind
from scorewright.core.store_views import compare_stores
from scorewright.flows.events import Event, ignore


def test_a_real_server_says_what_its_database_says(served: Snapshot, made: MadeStore) -> None:
    direct = SqliteStore(made.path, "any").read(ignore, history=True)
    assert served.source.kind is SourceKind.SERVER
    assert served.source.layout == "server of MLflow 3.17.2"
    found = compare_stores(direct, served)
    parts = {part.kind: part for part in found.parts}
    for kind in ("experiment", "run", "registered model", "model version"):
        assert parts[kind].is_same, parts[kind].to_dict()
    # No server tells of logged models that were deleted.
    gone = direct.logged_models.filter(direct.logged_models["lifecycle_stage"] == "deleted")
    assert parts["logged model"].only_a["id"].to_list() == gone["model_id"].to_list()
    assert parts["logged model"].only_b.is_empty()
    assert parts["logged model"].differences.is_empty()
    assert served.traces.rows() == direct.traces.rows()
    # Of what is kept for the evaluation of answers it tells the number.
    assert served.others.rows() == [("assessments", 1), ("evaluation_datasets", 1)]
    assert served.metrics["points"].null_count() == 0


def test_without_the_history_fewer_questions_are_asked(server: str, served: Snapshot) -> None:
    heard: list[Event] = []
    plain = HttpStore(server).read(heard.append)
    assert plain.history is None
    assert plain.metrics["points"].null_count() == plain.metrics.height
    # Other tests may have added runs.
    assert plain.metrics.join(served.runs, on="run_id", how="semi").height == served.metrics.height
    assert heard


@pytest.mark.usefixtures("served")
def test_what_is_said_of_inputs_and_of_logged_models_is_told(server: str) -> None:
    # Given
    import mlflow
    from mlflow import entities

    client = mlflow.MlflowClient(server, server)
    experiment = client.create_experiment("with_inputs")
    run = client.create_run(experiment).info.run_id
    tags = {"mlflow.data.context": "training", "vintage": "2024Q1"}
    data = entities.Dataset("loans", "3f2a", "local", "loans.csv")
    inputs = entities.DatasetInput(data, [entities.InputTag(k, v) for k, v in tags.items()])
    client.log_inputs(run, [inputs])
    model = client.create_logged_model(experiment, name="pd", source_run_id=run).model_id
    client.log_metric(
        run, "roc_auc", 0.75, model_id=model, dataset_name="loans", dataset_digest="3f2a"
    )
    # When
    found = HttpStore(server).read(ignore)
    # Then
    mine = found.input_tags.filter(found.input_tags["run_id"] == run)
    assert mine.select("key", "value").rows() == [("vintage", "2024Q1")]
    (read,) = found.inputs.filter(found.inputs["run_id"] == run).iter_rows(named=True)
    assert read["context"] == "training"
    assert mine["dataset_id"].to_list() == [read["dataset_id"]]
    of_model = found.logged_model_metrics.filter(found.logged_model_metrics["model_id"] == model)
    assert of_model.select("value", "dataset_name", "dataset_digest").rows() == [
        (0.75, "loans", "3f2a")
    ]
    client.delete_run(run)


@pytest.mark.usefixtures("served")
def test_models_that_a_run_read_are_told_also_where_it_made_some(server: str) -> None:
    # Given a run that read one model, made another, and told no step of the first
    import mlflow
    from mlflow import entities

    client = mlflow.MlflowClient(server, server)
    experiment = client.create_experiment("with_models")
    run = client.create_run(experiment).info.run_id
    read, made = (client.create_logged_model(experiment).model_id for _ in range(2))
    client.log_inputs(run, models=[entities.LoggedModelInput(read)])
    client.log_outputs(run, [entities.LoggedModelOutput(made, 7)])
    # When
    found = HttpStore(server).read(ignore, history=True).run_models
    # Then
    mine = found.filter(found["run_id"] == run).select("model_id", "role", "step")
    assert sorted(mine.rows()) == sorted([(read, "input", 0), (made, "output", 7)])
    client.delete_run(run)


@pytest.mark.usefixtures("served")
def test_artifacts_behind_a_server_are_listed(server: str) -> None:
    import mlflow

    client = mlflow.MlflowClient(server, server)
    experiment = client.create_experiment("with_artifacts")
    run = client.create_run(experiment).info.run_id
    client.log_text(run, "hello", "deep/er/note.txt")
    client.log_text(run, "x", "top.txt")
    snapshot = HttpStore(server).read(ignore)
    found = HttpArtifacts(server).inventory(snapshot, ignore)
    mine = found.files.filter(found.files["owner_id"] == run)
    assert sorted(mine.select("path", "size").rows()) == [("deep/er/note.txt", 5), ("top.txt", 1)]
    client.delete_run(run)


def test_folders_without_end_are_said(
    pretender: Pretender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "_MOST", 5)

    def answers(path: str, _body: Any) -> tuple[int, dict[str, str], bytes]:
        if path.endswith("/experiments/search"):
            return 200, {}, b'{"experiments": [{"experiment_id": "1", "name": "x"}]}'
        if path.endswith("/runs/search"):
            return 200, {}, b'{"runs": [{"info": {"run_id": "a", "experiment_id": "1"}}]}'
        if "/artifacts/list" in path:
            return 200, {}, b'{"files": [{"path": "d", "is_dir": true}]}'
        return 404, {}, b""

    pretender.answers = answers
    snapshot = HttpStore(pretender.url).read(ignore)
    found = HttpArtifacts(pretender.url).inventory(snapshot, ignore)
    (finding,) = found.findings
    assert "more than 5 folders" in finding.message
    assert found.missing["owner_id"].to_list() == ["a"]


def test_pages_are_followed_to_the_end(pretender: Pretender) -> None:
    pages = {"": (["a", "b"], "2"), "2": (["c"], "")}

    def answers(path: str, body: Any) -> tuple[int, dict[str, str], bytes]:
        if path.endswith("/runs/search"):
            runs, token = pages[body.get("page_token", "")]
            rows = [{"info": {"run_id": run, "experiment_id": "1"}} for run in runs]
            return 200, {}, json.dumps({"runs": rows, "next_page_token": token}).encode()
        if path.endswith("/experiments/search"):
            return 200, {}, b'{"experiments": [{"experiment_id": "1", "name": "x"}]}'
        return 404, {}, b""

    pretender.answers = answers
    snapshot = HttpStore(pretender.url).read(ignore, history=True)
    # A server of MLflow 2 knows nothing of logged models: that is no error.
    assert snapshot.runs["run_id"].to_list() == ["a", "b", "c"]
    assert snapshot.source.layout == "server"


def test_a_page_without_end_is_an_error(pretender: Pretender) -> None:
    pretender.answers = lambda _path, _body: (200, {}, b'{"next_page_token": "1"}')
    with pytest.raises(ScorewrightError, match="same page") as caught:
        HttpStore(pretender.url).read(ignore)
    assert caught.value.code == "store-invalid"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((401, {}, b""), "store-refused"),
        ((403, {}, b""), "store-refused"),
        ((404, {}, b"<html>"), "store-invalid"),
        ((200, {}, b"<html>"), "store-invalid"),
        ((200, {}, b"[]"), "store-invalid"),
        ((500, {}, b""), "store-unreachable"),
        ((302, {"Location": "http://127.0.0.1:1/login"}, b""), "store-unreachable"),
    ],
)
def test_what_is_no_answer_is_said_plainly(
    pretender: Pretender, answer: tuple[int, dict[str, str], bytes], code: str
) -> None:
    # Given
    pretender.answers = lambda path, _body: (404, {}, b"") if path == "/version" else answer
    # When
    with pytest.raises(ScorewrightError) as caught:
        HttpStore(pretender.url, Credentials(token="s3cret")).read(ignore)  # noqa: S106 - made up
    # Then
    assert caught.value.code == code
    assert "s3cret" not in str(caught.value.to_dict())


def test_a_short_trouble_is_waited_out(pretender: Pretender) -> None:
    left = [503, 429]

    def answers(_path: str, _body: Any) -> tuple[int, dict[str, str], bytes]:
        return (left.pop(), {}, b"") if left else (200, {}, b'{"a": 1}')

    pretender.answers = answers
    client = RestClient(pretender.url, pauses=(0.0, 0.0))
    assert client.get("/x", {}) == {"a": 1}
    left += [503, 503, 503]
    with pytest.raises(ScorewrightError, match="503"):
        client.get("/x", {})


def test_nobody_answers() -> None:
    with pytest.raises(ScorewrightError) as caught:
        RestClient("http://me:pw@127.0.0.1:9", pauses=()).get("/x", {})
    assert caught.value.code == "store-unreachable"
    assert "pw" not in caught.value.message


@pytest.mark.parametrize(
    ("credentials", "header"),
    [
        (Credentials("me", "pw"), "Basic bWU6cHc="),
        (Credentials("me", "pw", "abc"), "Bearer abc"),
        (None, "Basic dTpw"),
    ],
)
def test_credentials_are_sent(
    pretender: Pretender, credentials: Credentials | None, header: str
) -> None:
    pretender.answers = lambda _path, _body: (200, {}, b"{}")
    RestClient(pretender.url.replace("//", "//u:p@"), credentials).get("/x", {"q": "a b"})
    path, headers = pretender.asked[0]
    assert path == "/x?q=a+b"
    assert headers["Authorization"] == header
    assert "pw" not in repr(credentials)
