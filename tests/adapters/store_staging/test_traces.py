"""Traces of trees and of tracking servers arrive whole, and MLflow shows all that it showed."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.adapters.store_staging.world import consolidated, note_with, planned, rows_of
from tests.stores.serving import serving

from scorewright.adapters.store_staging.trace_rows import Trace, assessment_row, trace_rows

if TYPE_CHECKING:
    from mlflow.entities import TraceInfo

RUN, SPAN, CHILD = "a" * 32, "d23f0824128b2f33", "0c5c7fd0a6a3a450"
ATTACHMENT = "4f0c9a52-0f3e-4d0b-9c50-3a4f6a1c1c11"
LONG = "s" * 300
METADATA = {
    "mlflow.trace.session": "applicant 7",
    "mlflow.trace.tokenUsage": json.dumps({"input_tokens": 3, "output_tokens": 4}),
    "mlflow.trace.cost": json.dumps({"input_cost": 0.25, "total_cost": 0.5}),
    "mlflow.sourceRun": RUN,
    "mlflow.trace.infoFinalized": "true",
}
#: The number of writes is the database's own; places and numbers are others afterwards.
PLACED = frozenset({"db_payload_generation", "experiment_id"})
TABLES = ("trace_info", "trace_tags", "trace_request_metadata", "spans", "assessments")


def _assessments(trace: str) -> list[Any]:
    from mlflow.entities import assessment

    parts: Any = assessment

    error = parts.AssessmentError("timeout", "no answer", "line 1")
    source = parts.AssessmentSource(source_type="HUMAN", source_id="ana")
    made_in = {"mlflow.assessment.sourceRunId": RUN, "note": "é"}
    return [
        parts.Feedback("plausible", "yes", source=source, trace_id=trace, metadata=made_in,
                       rationale="it is", span_id=SPAN),
        parts.Feedback("score", 2.5, trace_id=trace),
        parts.Feedback("approved", value=True, trace_id=trace),
        parts.Feedback("parts", {"a": 1.5, "b": "low"}, trace_id=trace),
        parts.Feedback("failed", error=error, trace_id=trace),
        parts.Expectation("wanted", {"pd": [0.5, "low"]}, trace_id=trace),
        parts.IssueReference("i-1", "too slow", trace_id=trace),
    ]  # fmt: skip


def _info(trace: str, experiment: str, *, prompts: str = "", **metadata: str) -> TraceInfo:
    from mlflow.entities.trace_info import TraceInfo
    from mlflow.entities.trace_location import TraceLocation
    from mlflow.entities.trace_state import TraceState

    return TraceInfo(
        trace_id=trace,
        trace_location=TraceLocation.from_experiment_id(experiment),
        request_time=1717200000123,
        execution_duration=63,
        state=TraceState.ERROR,
        request_preview='{"applicant": 7}',
        response_preview="0.08",
        client_request_id="c-1",
        trace_metadata={**METADATA, **metadata},
        tags={
            "mlflow.traceName": "score one applicant",
            "team": "risk",
            **({"mlflow.linkedPrompts": prompts} if prompts else {}),
        },
    )


@contextmanager
def _opened(target: Path) -> Iterator[Any]:
    """Open a database with MLflow."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    made: Any = SqlAlchemyStore
    store = made(f"sqlite:///{target}", str(target.parent / "mlartifacts"))
    try:
        yield store
    finally:
        store.engine.dispose()
        store._dispose_engine()


def _shown(info: TraceInfo) -> dict[str, Any]:
    """Return what MLflow says of a trace, without what a consolidation gives anew."""
    found = info.to_dict()
    found.pop("trace_location")
    found["tags"].pop("mlflow.artifactLocation")
    said = found.pop("assessments", [])
    found["assessments"] = sorted(said, key=lambda one: one["assessment_id"])
    for one in found["assessments"]:
        one.setdefault("valid", True)  # of a tree MLflow reads it for feedback alone
    return found


def test_what_mlflow_says_of_the_traces_of_a_tree_it_says_of_the_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given traces that MLflow wrote into a tree
    from mlflow.store.tracking.file_store import FileStore

    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    root, target = tmp_path / "mlruns", tmp_path / "new" / "mlflow.db"
    made: Any = FileStore
    tree = made(str(root))
    experiment = tree.create_experiment("scoring")
    tree.start_trace(_info("tr-1", experiment))
    tree.start_trace(_info("tr-2", experiment, **{"mlflow.trace.session": "another"}))
    for one in _assessments("tr-1"):
        tree.create_assessment(one)
    # When the tree becomes a database
    change = consolidated([root], target)
    # Then nothing is left, and MLflow shows the same
    assert all(line.left == 0 for line in change.plan.balance)
    with _opened(target) as store:
        for trace in ("tr-1", "tr-2"):
            before, after = (_shown(one.get_trace_info(trace)) for one in (tree, store))
            assert before == after
            assert len(after["assessments"]) == (7 if trace == "tr-1" else 0)
        # And finds them by what has a column of its own
        (number,) = [
            one.experiment_id for one in store.search_experiments() if one.name != "Default"
        ]
        session = "metadata.`mlflow.trace.session` = 'applicant 7'"
        for text in (session, f"trace.name = 'score one applicant' AND {session}"):
            found, _ = store.search_traces(locations=[number], filter_string=text)
            assert [one.trace_id for one in found] == ["tr-1"]


def _span(trace: str, span: str, parent: str | None, **attributes: object) -> str:
    """Return a span as databases keep it."""
    coded = {
        name: base64.b64encode(bytes.fromhex(value)).decode() if value else None
        for name, value in (("trace_id", "6513270e269e0d37f2a74de452e6b438"), ("span_id", span),
                            ("parent_span_id", parent))
    }  # fmt: skip
    texts = {"mlflow.traceRequestId": trace, "mlflow.spanType": "CHAT_MODEL", **attributes}
    return json.dumps({
        **coded, "name": "ask", "start_time_unix_nano": 1717200000123456789,
        "end_time_unix_nano": 1717200000200000000, "events": [],
        "status": {"code": "STATUS_CODE_ERROR", "message": "no answer"},
        "attributes": {key: json.dumps(value) for key, value in texts.items()}, "links": [],
    })  # fmt: skip


@dataclass(frozen=True)
class Served:
    """A server, the database behind it, and the artifacts of the traces there."""

    url: str
    database: Path
    attached: bytes
    as_file: bytes


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A real server with traces of each kind: spans in the database, and as a file."""
    from mlflow.entities import Span
    from mlflow.entities.model_registry import PromptVersion

    folder = tmp_path_factory.mktemp("served")
    database, attached = folder / "mlflow.db", b"\x00\xff picture"
    prompt_version: Any = PromptVersion
    with _opened(database) as store:
        experiment = store.create_experiment("scoring")
        run = store.create_run(experiment, "ana", 1717200000000, [], "evaluation").info.run_id
        asked = f"mlflow-attachment://{ATTACHMENT}?content_type=image%2Fpng&trace_id=tr-rows"
        rows = [
            _span("tr-rows", SPAN, None, **{"mlflow.spanInputs": {"name": "é", "picture": asked}}),
            _span("tr-rows", CHILD, SPAN, **{
                "mlflow.llm.cost": {"input_cost": 0.25, "total_cost": 0.5},
                "mlflow.llm.model": "m-1", "mlflow.llm.provider": "local",
            }),
        ]  # fmt: skip
        prompts = '[{"name": "ask", "version": "3"}]'
        store.start_trace(_info("tr-rows", experiment, prompts=prompts))
        store.log_spans(experiment, [Span.from_dict(json.loads(one)) for one in rows])
        store.start_trace(_info("tr-file", experiment, **{"mlflow.trace.session": "another"}))
        store.start_trace(_info("tr-none", experiment))
        store.link_traces_to_run(["tr-rows", "tr-none"], run)
        store.link_prompts_to_trace("tr-rows", [prompt_version("ask", 3, "{{ applicant }}")])
        for one in _assessments("tr-rows"):
            store.create_assessment(one)
        places = {
            trace: Path(str(store.get_trace_info(trace).tags["mlflow.artifactLocation"]))
            for trace in ("tr-rows", "tr-file")
        }
    (places["tr-rows"] / "attachments").mkdir(parents=True)
    (places["tr-rows"] / "attachments" / ATTACHMENT).write_bytes(attached)
    as_file = json.dumps({"spans": [json.loads(rows[1])]}, indent=1).encode()
    places["tr-file"].mkdir(parents=True)
    (places["tr-file"] / "traces.json").write_bytes(as_file)
    with serving(f"sqlite:///{database}", folder) as url:
        yield Served(url, database, attached, as_file)


def _rows(database: Path, table: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        found = [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608
    kept = [
        {key: value for key, value in row.items() if key not in PLACED}
        for row in found
        if row.get("key") != "mlflow.artifactLocation"
    ]
    for row in kept:  # a server tells the parts of an object in any order
        for name in ("value", "assessment_metadata"):
            if table == "assessments" and row[name] is not None:
                row[name] = json.loads(row[name])
    keys = ("assessment_id", "span_id", "request_id", "key")
    return sorted(kept, key=lambda row: [str(row.get(key)) for key in keys])


def test_the_traces_of_a_server_arrive_as_its_database_has_them(
    served: Served, tmp_path: Path
) -> None:
    target = tmp_path / "new" / "mlflow.db"
    # When a store is made of what the server tells
    change = consolidated([served.url], target)
    # Then every column of every row is that of its database
    for table in TABLES:
        before, after = _rows(served.database, table), _rows(target, table)
        assert len(before) == {"trace_info": 3, "spans": 2, "assessments": 7}.get(
            table, len(before)
        )
        assert before == after, table
    lines = {line.what: line for line in change.plan.balance}
    assert (lines["traces"].found, lines["traces"].copied, lines["traces"].left) == (3, 3, 0)
    assert all(line.left == 0 for line in change.plan.balance if line.what != "artifact files")
    # Links that MLflow looks for there alone are there
    links = (
        "SELECT source_type, source_id, destination_type, destination_id FROM entity_associations"
        " WHERE source_type = 'trace' ORDER BY 2, 3"
    )
    assert rows_of(target, links) == rows_of(served.database, links)
    assert len(rows_of(target, links)) == 3
    # And the files of the traces lie where the result says
    tags = dict(
        rows_of(
            target,
            "SELECT request_id, value FROM trace_tags WHERE key = 'mlflow.artifactLocation'",
        )
    )
    assert (Path(tags["tr-rows"]) / "attachments" / ATTACHMENT).read_bytes() == served.attached
    assert (Path(tags["tr-file"]) / "traces.json").read_bytes() == served.as_file
    assert not (Path(tags["tr-rows"]) / "traces.json").exists()
    # The spans of one trace are nowhere: that is said, and its rows are there
    note_with(change.plan.notes, "1 artifact file not copied: they cannot be read")
    assert (lines["artifact files"].copied, lines["artifact files"].left) == (2, 1)


@pytest.mark.parametrize(
    ("tag", "links"),
    [
        ('[{"name": "ask", "version": "3"}, {"name": "ask", "version": "3"}]', ["ask/3"]),
        ('[{"name": "ask"}, 7, {"name": "b", "version": 1}]', ["b/1"]),
        (
            json.dumps([{"name": "n" * 35, "version": "1"}, {"name": "n" * 34, "version": "1"}]),
            ["n" * 34 + "/1"],
        ),
        ("{}", []),
        ("[", []),
    ],
)
def test_versions_of_prompts_are_linked_as_the_tag_says(tag: str, links: list[str]) -> None:
    trace = Trace("tr-1", {"timestamp_ms": 1}, {"mlflow.linkedPrompts": tag}, {})
    rows = [row for table, row in trace_rows(trace, 1) if table == "entity_associations"]
    assert [row["destination_id"] for row in rows] == links


def test_where_archived_spans_stay_is_said(tmp_path: Path) -> None:
    source = tmp_path / "old" / "mlflow.db"
    source.parent.mkdir()
    with _opened(source) as store:
        store.start_trace(_info("tr-1", store.create_experiment("scoring")))
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute(
            "INSERT INTO trace_tags (request_id, key, value) VALUES ('tr-1', ?, 's3://old/tr-1')",
            ("mlflow.trace.archiveLocation",),
        )
    change = planned([source], tmp_path / "new" / "mlflow.db")
    note_with(change.plan.notes, "1 archived trace", "s3://old/tr-1", "Keep that folder")


def test_mlflow_shows_the_spans_of_a_server_in_the_result(served: Served, tmp_path: Path) -> None:
    target = tmp_path / "new" / "mlflow.db"
    consolidated([served.url], target)
    with _opened(served.database) as before, _opened(target) as after:
        found = [store.get_trace("tr-rows") for store in (before, after)]
        one, two = (_shown(trace.info) for trace in found)
        assert one == two
        first, second = ([span.to_dict() for span in trace.data.spans] for trace in found)
    assert first == second
    assert len(first) == 2


def test_nothing_that_a_server_is_asked_writes_to_its_database(
    served: Served, tmp_path: Path
) -> None:
    def content() -> list[str]:
        with closing(sqlite3.connect(served.database)) as connection:
            return list(connection.iterdump())

    before = content()
    planned([served.url], tmp_path / "new" / "mlflow.db")
    assert content() == before


def test_what_a_server_only_counts_is_left_and_named(served: Served, tmp_path: Path) -> None:
    with _opened(served.database) as store:
        made = store.create_dataset("questions", experiment_ids=["1"])
        try:
            change = planned([served.url], tmp_path / "new" / "mlflow.db")
        finally:
            store.delete_dataset(made.dataset_id)
    note_with(change.plan.notes, "1 of evaluation_datasets", "the server's database")
    (line,) = [one for one in change.plan.balance if one.what == "other rows"]
    assert (line.left, line.difference) == (1, 0)


@pytest.mark.parametrize(
    ("key", "text", "column", "value", "is_kept"),
    [
        ("mlflow.trace.session", LONG, "session_id", LONG[:250], True),
        ("mlflow.trace.session", "s", "session_id", "s", False),
        ("mlflow.trace.tokenUsage", '{"input_tokens": 3.0}', "input_tokens", 3, False),
        ("mlflow.trace.tokenUsage", '{"input_tokens": "3"}', "input_tokens", 3, True),
        ("mlflow.trace.tokenUsage", '{"input_tokens": 1e999999}', "input_tokens", None, True),
        ("mlflow.trace.tokenUsage", '{"input_tokens": true}', "input_tokens", None, True),
        ("mlflow.trace.tokenUsage", '{"more": 1, "total_tokens": 2}', "total_tokens", 2, True),
        ("mlflow.trace.tokenUsage", "3 tokens", "total_tokens", None, True),
        ("mlflow.trace.cost", '{"total_cost": 0.5}', "total_cost", 0.5, False),
        ("mlflow.trace.cost", '{"total_cost": NaN}', "total_cost", None, True),
        ("mlflow.trace.cost", "[0.5]", "total_cost", None, True),
    ],
)
def test_what_has_a_column_is_read_as_mlflow_reads_it_and_nothing_is_lost(
    key: str, text: str, column: str, value: object, is_kept: bool
) -> None:
    from mlflow.store.tracking.utils.trace_analytics import analytics_columns_from_metadata

    trace = Trace("tr-1", {"timestamp_ms": 1}, {}, {key: text})
    rows = list(trace_rows(trace, 1))
    info = rows[0][1]
    assert info.get(column) == value
    if len(text) < 250:  # MLflow refuses a longer session
        assert info.items() >= analytics_columns_from_metadata({key: text}).items()
    kept = [row["value"] for table, row in rows if table == "trace_request_metadata"]
    assert kept == ([text] if is_kept else [])


@pytest.mark.parametrize("value", [True, 3, 2.5, "Yes", " no ", "maybe", None, [1], 10**400])
def test_an_assessment_counts_in_averages_as_with_mlflow(value: object) -> None:
    from mlflow.store.tracking.utils.trace_analytics import assessment_aggregate

    said = {
        "assessment_id": "a-1", "assessment_name": "n", "feedback": {"value": value},
        "source": {"source_type": "HUMAN"}, "create_time": "2024-06-01T00:00:00Z",
        "last_update_time": "2024-06-01T00:00:00Z",
    }  # fmt: skip
    row = assessment_row(said, Trace("tr-1", {"timestamp_ms": 1}, {}, {}), 1)
    expected, is_number = assessment_aggregate(value)
    assert (row["aggregate_value"], row["is_numeric_value"]) == (expected, int(is_number))


def test_a_value_without_end_is_refused() -> None:
    value: object = "more"
    for _ in range(40):  # as YAML's aliases can: each line names the one before ten times
        value = [value] * 10
    said = {
        "assessment_id": "a-1", "assessment_name": "n", "feedback": {"value": value},
        "source": {"source_type": "HUMAN"}, "create_time": "2024-06-01T00:00:00Z",
        "last_update_time": "2024-06-01T00:00:00Z",
    }  # fmt: skip
    with pytest.raises(ValueError, match="more than 10,000,000 characters"):
        assessment_row(said, Trace("tr-1", {"timestamp_ms": 1}, {}, {}), 1)
