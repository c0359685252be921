"""Traces as servers of MLflow 3 and 2 tell of them, and what goes wrong with one of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.server_stores.conftest import Pretender

from scorewright.adapters.server_stores import HttpArtifacts, HttpStore, HttpTraces
from scorewright.core.errors import ScorewrightError
from scorewright.flows.events import ignore

Answer = tuple[int, dict[str, str], bytes]

#: As MLflow 2.22.2 answers to GET /api/2.0/mlflow/traces.
OLD = {
    "request_id": "a2a979167ddd44d6941d23c2d9a5721e",
    "experiment_id": "1",
    "timestamp_ms": 1795272760741,
    "execution_time_ms": 8,
    "status": "OK",
    "request_metadata": [
        {"key": "mlflow.trace_schema.version", "value": "2"},
        {"key": "mlflow.sourceRun", "value": "0b441d3a18414fa4a5d2ac274c31efa1"},
    ],
    "tags": [{"key": "mlflow.traceName", "value": "score a folder"}],
}
IN_DATABASE = {"mlflow.trace.spansLocation": "TRACKING_STORE"}
SEARCH, SPANS = "/api/3.0/mlflow/traces/search", "/ajax-api/2.0/mlflow/get-trace-artifact"


def _says(spans: Answer, *traces: dict[str, Any]) -> Callable[[str, Any], Answer]:
    def answers(path: str, _body: Any) -> Answer:
        if path == SEARCH:
            return 200, {}, json.dumps({"traces": traces}).encode()
        if path.startswith(SPANS):
            return spans
        if path.endswith("/experiments/search"):
            return 200, {}, b'{"experiments": [{"experiment_id": "1", "name": "x"}]}'
        return (200, {}, b"{}") if path.endswith("/runs/search") else (404, {}, b"")

    return answers


def test_a_server_of_mlflow_2_is_asked_in_its_own_way(pretender: Pretender, tmp_path: Path) -> None:
    spans = b'{"spans": [], "request": "7"}'

    def answers(path: str, body: Any) -> Answer:
        if path == SEARCH:
            return 404, {}, b""
        if path.startswith("/api/2.0/mlflow/traces?"):
            more = "page_token=2" not in path
            found = [{**OLD, "request_id": "first"}] if more else [OLD]
            page = {"traces": found, "next_page_token": "2" if more else ""}
            return 200, {}, json.dumps(page).encode()
        return _says((200, {}, spans))(path, body)

    pretender.answers = answers
    first, second = HttpTraces(pretender.url).read(["1"], (), ignore)
    assert (first.id, second.id) == ("first", OLD["request_id"])
    assert second.tags == {"mlflow.traceName": "score a folder"}
    assert second.metadata["mlflow.sourceRun"] == "0b441d3a18414fa4a5d2ac274c31efa1"
    assert (second.experiment, second.spans, second.trouble) == ("1", (), "")
    snapshot = HttpStore(pretender.url).read(ignore)
    assert snapshot.traces.rows() == [("1", "OK", 2)]
    # Their spans are files
    files = HttpArtifacts(pretender.url, fetched=tmp_path).inventory(snapshot, ignore, hashed=True)
    found = files.files.filter(files.files["owner"] == "trace")
    assert sorted(found["owner_id"]) == [OLD["request_id"], "first"]
    for folder in found["folder"]:
        assert (Path(folder) / "traces.json").read_bytes() == spans


@pytest.mark.parametrize(
    ("answer", "spans"),
    [
        ('{"spans":[{"a": 1.50,"b":"]}"},\n {"c": []}]}', ('{"a": 1.50,"b":"]}"}', '{"c": []}')),
        ('{"spans": []}', ()),
        ('{"x": {"spans": [1]}, "spans": [{"a":1}]}', ('{"a": 1}',)),
    ],
)
def test_spans_stay_the_texts_that_the_database_keeps(
    pretender: Pretender, answer: str, spans: tuple[str, ...]
) -> None:
    trace = {"trace_id": "tr-1", "tags": IN_DATABASE}
    pretender.answers = _says((200, {}, answer.encode()), trace)
    (told,) = HttpTraces(pretender.url).read(["1"], (), ignore)
    assert (told.spans, told.trouble) == (spans, "")


def test_of_an_archived_trace_the_spans_are_a_file(pretender: Pretender) -> None:
    tags = {
        "mlflow.trace.spansLocation": "ARCHIVE_REPO",
        "mlflow.trace.archiveLocation": "file:///archive/tr-1",
        "team": "risk",
    }
    pretender.answers = _says((200, {}, b'{"spans": []}'), {"trace_id": "tr-1", "tags": tags})
    (told,) = HttpTraces(pretender.url).read(["1"], (), ignore)
    # It is fetched as such, and MLflow looks for it there
    assert told.tags == {"mlflow.trace.spansLocation": "ARTIFACT_REPO", "team": "risk"}


def test_runs_that_have_a_trace_are_told_with_it(pretender: Pretender) -> None:
    spans: Answer = (200, {}, b'{"spans": []}')

    def answers(path: str, body: Any) -> Answer:
        if path == SEARCH and "filter" in body:
            mine = [{"trace_id": "tr-1"}] if "'run-2'" in body["filter"] else []
            return 200, {}, json.dumps({"traces": mine}).encode()
        return _says(spans, {"trace_id": "tr-1"}, {"trace_id": "tr-2"})(path, body)

    pretender.answers = answers
    told = list(HttpTraces(pretender.url).read(["1"], ["run-1", "run-2", "run-3"], ignore))
    assert [(one.id, one.runs) for one in told] == [("tr-1", ("run-2",)), ("tr-2", ())]


def test_a_refusal_after_the_first_page_does_not_end_the_list(pretender: Pretender) -> None:
    def answers(_path: str, body: Any) -> Answer:
        if "page_token" in body:
            return 400, {}, b""
        return 200, {}, b'{"traces": [{"trace_id": "tr-1"}], "next_page_token": "2"}'

    pretender.answers = answers
    with pytest.raises(ScorewrightError, match="400") as caught:
        list(HttpTraces(pretender.url).read(["1"], (), ignore))
    assert caught.value.code == "store-unreachable"


@pytest.mark.parametrize("trace", [b"7", b'{"trace_id": "tr-1", "assessments": 7}'])
def test_a_trace_that_is_no_object_is_refused(pretender: Pretender, trace: bytes) -> None:
    pretender.answers = lambda _path, _body: (200, {}, b'{"traces": [' + trace + b"]}")
    with pytest.raises(ScorewrightError, match="no object") as caught:
        list(HttpTraces(pretender.url).read(["1"], (), ignore))
    assert caught.value.code == "store-invalid"


@pytest.mark.parametrize(
    "body",
    [b'{"spans": ' + b"[" * 100_000, b"<html>", b"[]", b'{"spans": 3}', b"\xff", b"{}"],
    ids=["deep", "page", "list", "number", "bytes", "none"],
)
def test_spans_that_cannot_be_read_are_the_trouble_of_one_trace(
    pretender: Pretender, body: bytes
) -> None:
    pretender.answers = _says((200, {}, body), {"trace_id": "tr-1", "tags": IN_DATABASE})
    (told,) = HttpTraces(pretender.url).read(["1"], (), ignore)
    assert (told.id, told.spans) == ("tr-1", ())
    assert "no list of spans" in told.trouble


def test_a_server_that_does_not_have_the_spans_says_so(pretender: Pretender) -> None:
    pretender.answers = _says((404, {}, b""), {"trace_id": "tr-1", "tags": IN_DATABASE})
    (told,) = HttpTraces(pretender.url).read(["1"], (), ignore)
    assert told.spans == ()
    assert SPANS in told.trouble


def test_who_may_not_read_spans_is_told(pretender: Pretender) -> None:
    pretender.answers = _says((403, {}, b""), {"trace_id": "tr-1", "tags": IN_DATABASE})
    with pytest.raises(ScorewrightError) as caught:
        list(HttpTraces(pretender.url).read(["1"], (), ignore))
    assert caught.value.code == "store-refused"


def test_a_trace_whose_id_leads_elsewhere_gets_no_file(
    pretender: Pretender, tmp_path: Path
) -> None:
    pretender.answers = _says((200, {}, b'{"spans": []}'), {"trace_id": "../../x", "tags": {}})
    snapshot = HttpStore(pretender.url).read(ignore)
    fetched = tmp_path / "fetched"
    found = HttpArtifacts(pretender.url, fetched=fetched).inventory(snapshot, ignore, hashed=True)
    assert found.files.select("owner", "size", "sha256").rows() == [("trace", 0, None)]
    assert [one.code for one in found.findings] == ["FILE-003"]
    assert list(tmp_path.rglob("*.json")) == []
