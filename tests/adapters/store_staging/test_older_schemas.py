"""What MLflow's migrations stumble over or delete is carried all the same, and is told."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from tests.adapters.store_staging.world import KEPT, consolidated, note_with, planned, rows_of
from tests.stores.schema import REVISION, create_database, insert

from scorewright.adapters.store_staging.migrations import Migrations
from scorewright.adapters.store_staging.server_copy import _declared

BEFORE_LAST_METRICS = "7ac759974ad8"
BEFORE_TRACE_COLUMNS = "b7e2c1a4d9f3"
RUN, TRACE = "a" * 32, "tr-1"
TOKENS = "mlflow.trace.tokenUsage"
COST = "mlflow.trace.cost"
SESSION = "mlflow.trace.session"
NAME = "mlflow.traceName"


@cache
def _empty(revision: str) -> Path:
    path = KEPT.folder() / f"at-{revision}.db"
    Migrations(REVISION).make(path, revision)
    return path


@pytest.fixture
def older(tmp_path: Path) -> Callable[[str], sqlite3.Connection]:
    """Opens a store of one run, of an older schema, below ``a``."""

    def made(revision: str) -> sqlite3.Connection:
        path = tmp_path / "a" / "mlflow.db"
        path.parent.mkdir()
        shutil.copyfile(_empty(revision), path)
        connection = sqlite3.connect(path)
        _fill(connection)
        return connection

    return made


def _fill(connection: sqlite3.Connection) -> None:
    for number, name in ((0, "Default"), (1, "credit")):
        place = f"/nowhere/{number}"
        insert(
            connection,
            "experiments",
            experiment_id=number,
            name=name,
            artifact_location=place,
            lifecycle_stage="active",
        )
    insert(
        connection,
        "runs",
        run_uuid=RUN,
        name="r",
        source_type="LOCAL",
        source_name="",
        entry_point_name="",
        source_version="",
        user_id="ana",
        status="FINISHED",
        start_time=1,
        end_time=2,
        lifecycle_stage="active",
        artifact_uri="/nowhere/1/r",
        experiment_id=1,
    )


def _trace(connection: sqlite3.Connection, trace: str, **more: object) -> None:
    row = {"status": "OK", "execution_time_ms": 5, "db_payload_generation": 0, **more}
    insert(connection, "trace_info", request_id=trace, experiment_id=1, timestamp_ms=9, **row)


@pytest.mark.parametrize(("number", "is_last_nan"), [(0.5, False), (-0.5, True)])
def test_a_number_and_a_nan_at_one_step_and_time_are_both_kept(
    older: Callable[[str], sqlite3.Connection], tmp_path: Path, number: float, is_last_nan: bool
) -> None:
    # Given what stops MLflow's own upgrade
    with closing(older(BEFORE_LAST_METRICS)) as connection, connection:
        for value, is_nan, step in ((0.0, 1, 3), (number, 0, 3), (0.1, 0, 2)):
            insert(
                connection,
                "metrics",
                key="auc",
                value=value,
                timestamp=7,
                step=step,
                run_uuid=RUN,
                is_nan=is_nan,
            )
    # When
    consolidated([tmp_path / "a" / "mlflow.db"], tmp_path / "new" / "mlflow.db")
    # Then
    target = tmp_path / "new" / "mlflow.db"
    sql = "SELECT value, is_nan, step FROM metrics ORDER BY step, is_nan"
    assert rows_of(target, sql) == [(0.1, 0, 2), (number, 0, 3), (0.0, 1, 3)]
    # Of two at one step and time MLflow takes the larger as it is stored; a NaN is stored as 0.
    last = (0.0, 1, 3) if is_last_nan else (number, 0, 3)
    assert rows_of(target, "SELECT value, is_nan, step FROM latest_metrics") == [last]


def test_what_the_columns_of_traces_do_not_say_stays(
    older: Callable[[str], sqlite3.Connection], tmp_path: Path
) -> None:
    # Given a trace whose columns will say all, and one whose columns will not
    usage = {"input_tokens": 10, "total_tokens": 10}
    more = {**usage, "reasoning_tokens": 3}
    said = {
        "tr-0": (json.dumps(usage), json.dumps({"total_cost": 0.5}), "s", "n", 4.0),
        TRACE: (json.dumps(more), '{"total_cost": 0.3, "currency": "EUR"}', "s" * 251, "n" * 5000,
                2.5),
        "tr-2": ("no JSON", "[]", "", "", 1.0),
    }  # fmt: skip
    with closing(older(BEFORE_TRACE_COLUMNS)) as connection, connection:
        for trace, (tokens, cost, session, name, cached) in said.items():
            _trace(connection, trace)
            for key, value in ((TOKENS, tokens), (COST, cost), (SESSION, session), ("own", "x")):
                insert(connection, "trace_request_metadata", request_id=trace, key=key, value=value)
            insert(connection, "trace_tags", request_id=trace, key=NAME, value=name)
            key = "cache_read_input_tokens"
            insert(connection, "trace_metrics", request_id=trace, key=key, value=cached)
    # When
    change = consolidated([tmp_path / "a" / "mlflow.db"], tmp_path / "new" / "mlflow.db")
    # Then
    target = tmp_path / "new" / "mlflow.db"
    sql = "SELECT request_id, key, value FROM trace_request_metadata WHERE key <> 'own'"
    assert set(rows_of(target, sql)) == {
        (TRACE, TOKENS, said[TRACE][0]),
        (TRACE, COST, said[TRACE][1]),
        (TRACE, SESSION, said[TRACE][2]),
        ("tr-2", TOKENS, "no JSON"),
        ("tr-2", COST, "[]"),
    }
    assert rows_of(target, "SELECT request_id, value FROM trace_tags") == [(TRACE, "n" * 5000)]
    assert rows_of(target, "SELECT request_id, value FROM trace_metrics") == [(TRACE, 2.5)]
    sql = "SELECT trace_name, session_id, input_tokens, total_cost, cache_read_input_tokens"
    assert rows_of(target, f"{sql} FROM trace_info ORDER BY request_id") == [
        ("n", "s", 10, 0.5, 4),
        ("n" * 4096, "s" * 250, 10, 0.3, None),
        ("", "", None, None, 1),
    ]
    note_with(change.plan.notes, "7 rows of names, sessions, tokens or costs")
    others = next(line for line in change.plan.balance if line.what == "other rows")
    assert (others.found, others.copied) == (10, 10)


def test_spans_and_assessments_of_no_trace_are_left_and_told(
    older: Callable[[str], sqlite3.Connection], tmp_path: Path
) -> None:
    # Given what stops MLflow's own upgrade
    with closing(older(BEFORE_TRACE_COLUMNS)) as connection, connection:
        _trace(connection, TRACE)
        for trace in (TRACE, "gone"):
            insert(
                connection,
                "spans",
                trace_id=trace,
                experiment_id=1,
                span_id="b" * 16,
                name="s",
                status="OK",
                start_time_unix_nano=1,
                content="{}",
            )
            insert(
                connection,
                "assessments",
                assessment_id=f"a-{trace}",
                trace_id=trace,
                name="right",
                assessment_type="feedback",
                value="1",
                created_timestamp=1,
                last_updated_timestamp=1,
                source_type="HUMAN",
                valid=1,
            )
    # When
    change = consolidated([tmp_path / "a" / "mlflow.db"], tmp_path / "new" / "mlflow.db")
    # Then
    target = tmp_path / "new" / "mlflow.db"
    assert rows_of(target, "SELECT trace_id FROM spans") == [(TRACE,)]
    assert rows_of(target, "SELECT trace_id, aggregate_value FROM assessments") == [(TRACE, 1.0)]
    for table in ("spans", "assessments"):
        note_with(change.plan.notes, f"1 rows of '{table}' point at nothing")


def test_views_and_triggers_do_not_stop_the_upgrade(
    older: Callable[[str], sqlite3.Connection], tmp_path: Path
) -> None:
    with closing(older(BEFORE_LAST_METRICS)) as connection, connection:
        connection.execute("CREATE VIEW my_runs AS SELECT run_uuid, name FROM runs")
        connection.execute(
            "CREATE TRIGGER watch AFTER INSERT ON tags BEGIN DELETE FROM params; END"
        )
    change = consolidated([tmp_path / "a" / "mlflow.db"], tmp_path / "new" / "mlflow.db")
    note_with(change.plan.notes, "view 'my_runs', trigger 'watch'")
    target = tmp_path / "new" / "mlflow.db"
    assert rows_of(target, "SELECT run_uuid FROM runs") == [(RUN,)]


def test_texts_that_are_not_utf8_are_mended_before_the_upgrade(
    older: Callable[[str], sqlite3.Connection], tmp_path: Path
) -> None:
    with closing(older(BEFORE_TRACE_COLUMNS)) as connection, connection:
        _trace(connection, TRACE)
        connection.execute(
            "INSERT INTO trace_tags (request_id, key, value) VALUES (?, ?, CAST(? AS TEXT))",
            (TRACE, NAME, b"a\xf1o"),
        )
        # The same key twice, once in each encoding
        for key in (b"a\xf1o", "a\u00f1o".encode()):
            connection.execute(
                "INSERT INTO tags (key, value, run_uuid) VALUES (CAST(? AS TEXT), 'v', ?)",
                (key, RUN),
            )
    change = consolidated([tmp_path / "a" / "mlflow.db"], tmp_path / "new" / "mlflow.db")
    target = tmp_path / "new" / "mlflow.db"
    assert rows_of(target, "SELECT trace_name FROM trace_info") == [("a\u00f1o",)]
    keys = {key for (key,) in rows_of(target, "SELECT key FROM tags WHERE value = 'v'")}
    assert keys == {"a\u00f1o", "a\u00f1o (Latin-1)"}
    note_with(change.plan.notes, "1 text of 'trace_tags' is not UTF-8", "Latin-1")
    note_with(change.plan.notes, "1 text of 'tags' is not UTF-8", "Latin-1")


def test_a_state_of_traces_that_mlflow_cannot_show_is_changed_and_told(tmp_path: Path) -> None:
    source = tmp_path / "a" / "mlflow.db"
    with closing(create_database(source)) as connection, connection:
        _fill(connection)
        states = ("OK", "ERROR", "IN_PROGRESS", "STATE_UNSPECIFIED", "TRACE_STATUS_UNSPECIFIED")
        for number, state in enumerate(states):
            _trace(connection, f"tr-{number}", status=state)
    change = planned([source], tmp_path / "new" / "mlflow.db")
    with closing(sqlite3.connect(change.payload)) as payload:
        found = payload.execute("SELECT status FROM trace_info ORDER BY request_id").fetchall()
    assert [state for (state,) in found] == [*states[:4], "STATE_UNSPECIFIED"]
    note_with(change.plan.notes, "1 trace of the state 'TRACE_STATUS_UNSPECIFIED'")


@pytest.mark.parametrize(
    ("kind", "default", "declared"),
    [
        (sa.BigInteger(), None, '"x" BIGINT'),
        (mysql.BIGINT(display_width=20), None, '"x" BIGINT'),
        (sa.String(250), None, '"x" VARCHAR(250)'),
        (mysql.VARCHAR(length=250, collation="utf8mb4_bin"), None, '"x" VARCHAR(250)'),
        (mysql.DOUBLE(asdecimal=True), None, '"x" FLOAT'),
        (postgresql.DOUBLE_PRECISION(), None, '"x" FLOAT'),
        (mysql.TINYINT(display_width=1), "0", '"x" BOOLEAN DEFAULT 0'),
        (sa.Boolean(), "false", '"x" BOOLEAN DEFAULT 0'),
        (sa.Integer(), None, '"x" INTEGER'),
    ],
)
def test_a_column_of_a_server_is_declared_as_the_migrations_expect_it(
    kind: sa.types.TypeEngine[object], default: str | None, declared: str
) -> None:
    assert _declared({"name": "x", "type": kind, "default": default}) == declared
