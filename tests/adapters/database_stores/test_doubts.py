"""What is read with a doubt is read, and said."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.adapters.database_stores.reading import HEAD, columns, evidence, read
from tests.adapters.database_stores.small import RUN, small_store
from tests.stores.schema import insert

from scorewright.adapters.database_stores import SqliteStore
from scorewright.flows.events import ignore

_GONE = "f" * 32


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mlflow.db"


@pytest.fixture
def store(file: Path) -> Iterator[sqlite3.Connection]:
    """A small store that keeps no foreign keys, as SQLite does unless it is asked to."""
    with closing(small_store(file)) as connection:
        yield connection


def test_a_sound_store_raises_no_doubt(store: sqlite3.Connection, file: Path) -> None:
    assert read(file).findings == ()


def test_rows_that_point_at_nothing_are_counted_with_examples(
    store: sqlite3.Connection, file: Path
) -> None:
    lost = [f"{i:032x}" for i in range(12)]
    for run in lost:
        insert(store, "params", key="a", value="1", run_uuid=run)
        insert(store, "params", key="b", value="2", run_uuid=run)
    insert(store, "metrics", key="a", value=1.0, timestamp=1, step=0, is_nan=0, run_uuid=_GONE)
    insert(store, "experiment_tags", key="a", value="1", experiment_id=77)
    insert(store, "runs", run_uuid="e" * 32, experiment_id=99, lifecycle_stage="active")
    link = {"source_type": "DATASET", "destination_type": "RUN"}
    insert(store, "inputs", input_uuid="1", source_id="d", destination_id=RUN, **link)
    insert(store, "inputs", input_uuid="2", source_id="e", destination_id=_GONE, **link)
    insert(store, "model_versions", name="nobody", version=1, workspace="default")
    store.commit()
    found = evidence(read(file), "STORE-021")
    assert found == {
        "params": {"runs": {"rows": 24, "missing": 12, "examples": lost[:10]}},
        "metrics": {"runs": {"rows": 1, "missing": 1, "examples": [_GONE]}},
        "experiment_tags": {"experiments": {"rows": 1, "missing": 1, "examples": ["77"]}},
        "runs": {"experiments": {"rows": 1, "missing": 1, "examples": ["99"]}},
        "inputs": {
            "runs": {"rows": 1, "missing": 1, "examples": [_GONE]},
            "datasets": {"rows": 2, "missing": 2, "examples": ["d", "e"]},
        },
        "model_versions": {"registered_models": {"rows": 1, "missing": 1, "examples": ["nobody"]}},
    }


def test_an_alias_of_a_deleted_version_points_at_nothing(
    store: sqlite3.Connection, file: Path
) -> None:
    insert(store, "registered_models", name="m", workspace="default")
    for version, stage in ((1, "Deleted_Internal"), (2, "None")):
        insert(
            store,
            "model_versions",
            name="m",
            version=version,
            current_stage=stage,
            workspace="default",
        )
        for alias, target in ((f"a{version}", version), (f"b{version}", version + 7)):
            insert(
                store,
                "registered_model_aliases",
                name="m",
                alias=alias,
                version=target,
                workspace="default",
            )
    store.commit()
    snapshot = read(file)
    lost = evidence(snapshot, "STORE-021")["registered_model_aliases"]["model_versions"]
    assert lost == {"rows": 3, "missing": 3, "examples": ["m 1", "m 8", "m 9"]}
    assert set(snapshot.model_versions["stage"]) == {"Deleted_Internal", "None"}


def test_metrics_without_a_last_value_and_last_values_without_metrics(
    store: sqlite3.Connection, file: Path
) -> None:
    store.execute("DELETE FROM latest_metrics WHERE key = 'loss'")
    store.execute("DELETE FROM metrics WHERE key = 'auc'")
    store.commit()
    found = columns(read(file).metrics, "key", "value", "step", "points", "is_nan")
    assert found == [("auc", 0.75, 0, 0, False), ("loss", 0.25, 1, 2, False)]


@pytest.mark.parametrize("points", [3, 40])
@pytest.mark.parametrize(
    "key", ["", "a\x1fb", "a\x1e7", "a b", "a\nb", "\U0001f600", "with\x00nul"]
)
def test_any_key_is_counted_right(
    store: sqlite3.Connection, file: Path, key: str, points: int
) -> None:
    for step in range(points):
        insert(store, "metrics", key=key, value=0.5, timestamp=1, step=step, is_nan=0, run_uuid=RUN)
    insert(store, "latest_metrics", key=key, value=0.5, timestamp=1, step=2, is_nan=0, run_uuid=RUN)
    store.commit()
    counts = dict(read(file).metrics.select("key", "points").rows())
    assert counts == {"auc": 1, "loss": 2, key: points}


def test_numbers_that_are_none(store: sqlite3.Connection, file: Path) -> None:
    for table in ("metrics", "latest_metrics"):
        insert(store, table, key="n", value=0, timestamp=1, step=0, is_nan=1, run_uuid=RUN)
    store.commit()
    snapshot = read(file, history=True)
    assert snapshot.history is not None
    for frame in (snapshot.metrics, snapshot.history):
        ((value, is_nan),) = frame.filter(key="n").select("value", "is_nan").rows()
        assert math.isnan(value)
        assert is_nan


@pytest.mark.parametrize("kind", ["text", "history"])
def test_texts_that_are_not_utf8_are_read_as_latin1(
    store: sqlite3.Connection, file: Path, kind: str
) -> None:
    store.execute(
        "INSERT INTO tags VALUES ('city', CAST(x'C1766961' AS TEXT), ?), ('ville', 'Évry', ?)",
        (RUN, RUN),
    )
    store.commit()
    snapshot = read(file, history=kind == "history")
    tags = dict(snapshot.tags.select("key", "value").rows())
    assert (tags["city"], tags["ville"]) == ("\xc1via", "Évry")
    assert evidence(snapshot, "STORE-028") == {"tags": {"texts": 1}}


def test_values_of_another_type_are_converted_or_left_out(
    store: sqlite3.Connection, file: Path
) -> None:
    store.execute("UPDATE runs SET start_time = 1.5e12, end_time = 'yesterday', name = x'61'")
    store.execute("INSERT INTO params VALUES ('depth2', x'33', ?)", (RUN,))
    store.commit()
    snapshot = read(file)
    assert snapshot.runs.select("name", "start_time", "end_time").rows() == [
        ("a", 1_500_000_000_000, None)
    ]
    assert dict(snapshot.params.select("key", "value").rows())["depth2"] == "3"
    assert evidence(snapshot, "STORE-031") == {
        "runs": {"values": 1, "examples": ["end_time: yesterday"]}
    }


@pytest.mark.parametrize(
    ("statement", "severity", "shown"),
    [
        ("UPDATE experiments SET experiment_id = 5 WHERE experiment_id = 0", "error", ("5", None)),
        ("UPDATE experiments SET name = 'Main' WHERE experiment_id = 0", "info", (None, "Main")),
        ("DELETE FROM experiments WHERE experiment_id = 0", "info", (None, None)),
    ],
)
def test_default_is_experiment_zero(
    store: sqlite3.Connection,
    file: Path,
    statement: str,
    severity: str,
    shown: tuple[str | None, str | None],
) -> None:
    store.execute(statement)
    store.commit()
    (finding,) = read(file).findings
    assert (finding.code, finding.severity) == ("STORE-024", severity)
    assert tuple(finding.evidence.values()) == shown


def test_more_than_one_workspace_is_said(store: sqlite3.Connection, file: Path) -> None:
    insert(
        store,
        "experiments",
        experiment_id=9,
        name="Default",
        lifecycle_stage="active",
        workspace="team",
    )
    store.commit()
    snapshot = read(file)
    assert [finding.code for finding in snapshot.findings] == ["STORE-032"]
    assert snapshot.findings[0].evidence == {"rows": {"default": 2, "team": 1}}


def test_damage_that_can_be_read_past_is_said(store: sqlite3.Connection, file: Path) -> None:
    """Pages that nothing owns any more: the index that had them is gone from the schema."""
    store.execute("PRAGMA writable_schema = ON")
    store.execute("DELETE FROM sqlite_master WHERE name = 'index_params_run_uuid'")
    store.commit()
    snapshot = read(file)
    assert list(evidence(snapshot, "STORE-020")) == [str(file)]
    assert "never used" in snapshot.findings[0].message
    assert snapshot.params.height == 1


def test_the_thorough_check_looks_at_indexes(store: sqlite3.Connection, file: Path) -> None:
    rows = store.execute("SELECT COUNT(*) FROM params").fetchone()[0]
    page = store.execute("PRAGMA page_size").fetchone()[0]
    (root,) = store.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'index_params_run_uuid'"
    ).fetchone()
    store.close()
    data = bytearray(file.read_bytes())
    start = (root - 1) * page
    place = data.index(RUN.encode(), start, start + page)
    data[place] ^= 1
    file.write_bytes(bytes(data))
    assert read(file).findings == ()
    thorough = SqliteStore(file, HEAD, thorough=True).read(ignore)
    (finding,) = thorough.findings
    assert (finding.code, finding.severity) == ("STORE-020", "error")
    assert "index_params_run_uuid" in finding.message
    assert thorough.params.height == rows
