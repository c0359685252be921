"""Two stores, compared."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.store_views.made import made_files, made_store, point

from scorewright.core.snapshot import HISTORY, Snapshot
from scorewright.core.store_views import Compared, StoreComparison, compare_stores


def part(found: StoreComparison, kind: str) -> Compared:
    return next(one for one in found.parts if one.kind == kind)


def fields(found: StoreComparison, kind: str = "run") -> list[tuple[Any, ...]]:
    return part(found, kind).differences.select("id_a", "field", "a", "b").rows()


def with_history(store: Snapshot, values: list[tuple[str, str, float, int]]) -> Snapshot:
    rows = [(run, key, value, step, step, False) for run, key, value, step in values]
    return replace(store, history=pl.DataFrame(rows, schema=HISTORY, orient="row"))


def test_a_store_is_itself() -> None:
    found = compare_stores(made_store(), made_store())
    assert found.is_same
    assert part(found, "run").same == 6
    assert part(found, "model version").same == 2
    assert not found.only_rows(5)
    assert not found.difference_rows(5)


def test_differences_are_told_field_by_field() -> None:
    other = made_store(
        params=[{"run_id": "best", "key": "max_depth", "value": "7"}],
        metrics=[
            point("child1", "roc_auc", 0.71), point("child2", "mean_roc_auc", 0.73),
            point("gone", "roc_auc", 0.99), point("best", "roc_auc", 0.75, points=4),
            point("failed", "roc_auc", 0.5),
        ],
        registered_model_aliases=[{"name": "credit_lgbm", "alias": "champion", "version": 1}],
    )  # fmt: skip
    found = compare_stores(made_store(), other)
    assert set(fields(found)) == {
        ("best", "param.max_depth", "6", "7"),
        ("best", "metric.roc_auc points", "3", "4"),
        ("failed", "metric.roc_auc", "NaN", "0.5"),
    }
    assert fields(found, "registered model") == [("credit_lgbm", "alias.champion", "2", "1")]
    run = part(found, "run")
    assert (run.same, run.differing) == (4, 2)
    json.dumps(found.to_dict(), allow_nan=False)


def _with_data(vintage: str, profile: str, digest: str, said: str | None) -> Snapshot:
    named = {"name": "loans", "digest": "3f2a", "source_type": "local", "source": "loans.csv"}
    model = {"model_id": "m-1", "experiment_id": "2", "name": "model"}
    read = {"run_id": "best", "dataset_id": "d"}
    return made_store(
        datasets=[{"dataset_id": "d", "experiment_id": "2", "profile": profile, **named}],
        inputs=[{**read, "context": "training"}],
        input_tags=[{**read, "key": "vintage", "value": vintage}],
        logged_models=[{**model, "status_message": said}],
        logged_model_metrics=[
            {
                "model_id": "m-1", "key": "auc", "value": 0.75, "step": 0, "timestamp": 1,
                "dataset_name": "loans", "dataset_digest": digest,
            }
        ],
        model_versions=[
            {"name": "credit_lgbm", "version": 1, "user_id": "ana", "status_message": said}
        ],
    )  # fmt: skip


def test_data_sets_are_compared_with_all_that_is_said_of_them() -> None:
    # Given
    one = _with_data("2024Q1", '{"rows": 5}', "3f2a", None)
    other = _with_data("2024Q2", '{"rows": 6}', "9999", "cut off")
    # When
    found = compare_stores(one, other)
    # Then
    assert compare_stores(one, one).is_same
    assert fields(found) == [("best", "input tag.loans@3f2a vintage", "2024Q1", "2024Q2")]
    assert fields(found, "experiment") == [
        ("credit_final", "data set.loans@3f2a profile", '{"rows": 5}', '{"rows": 6}')
    ]
    assert set(fields(found, "logged model")) == {
        ("m-1", "metric.auc @0 dataset", "loans@3f2a", "loans@9999"),
        ("m-1", "model.status_message", None, "cut off"),
    }
    assert fields(found, "model version") == [
        ("credit_lgbm/1", "version.status_message", None, "cut off")
    ]


def test_places_are_no_difference_and_empty_is_lacking() -> None:
    base = made_store()
    moved = replace(
        base,
        runs=base.runs.with_columns(
            artifact_uri=pl.lit("/new"), experiment_id="1" + pl.col("experiment_id"),
            source_name=pl.lit(""), source_type=pl.lit("UNKNOWN"),
        ),
        experiments=base.experiments.with_columns(
            experiment_id="1" + pl.col("experiment_id"), artifact_location=pl.lit("/new")
        ),
    )  # fmt: skip
    assert compare_stores(base, moved).is_same


def test_runs_of_other_ids_are_known_by_their_content() -> None:
    base = made_store()
    ids = {"best": "b" * 8, "child1": "c" * 8}
    swap = pl.col("run_id").replace(ids)
    other = replace(
        base,
        **{
            table: getattr(base, table).with_columns(run_id=swap)
            for table in ("runs", "params", "tags", "metrics", "model_versions")
        },
    )
    found = compare_stores(base, other)
    run = part(found, "run")
    assert dict(run.by_content.rows()) == ids
    # The version's link is followed: it names the same run by its other id.
    assert part(found, "model version").is_same
    assert part(found, "logged model").is_same
    assert found.is_same
    assert run.only_a.height == run.only_b.height == 0


def test_twins_are_matched_one_to_one() -> None:
    def store(*runs: str) -> Snapshot:
        return made_store(
            runs=[{"run_id": run, "experiment_id": "1", "name": "twin"} for run in runs],
            params=[{"run_id": run, "key": "a", "value": "1"} for run in runs],
            tags=[], metrics=[], model_versions=[], logged_models=[],
        )  # fmt: skip

    run = part(compare_stores(store("a1", "a2", "a3"), store("b1", "b2")), "run")
    assert run.by_content.rows() == [("a1", "b1"), ("a2", "b2")]
    assert run.only_a["id"].to_list() == ["a3"]


def test_histories_are_compared_value_by_value_in_any_order() -> None:
    values = [("best", "roc_auc", 0.7, 0), ("best", "roc_auc", 0.75, 1)]
    a = with_history(made_store(), values)
    assert compare_stores(a, with_history(made_store(), values[::-1])).is_same
    changed = [values[0], ("best", "roc_auc", 0.76, 1)]
    found = compare_stores(a, with_history(made_store(), changed))
    assert [row[1] for row in fields(found)] == ["history.roc_auc digest"]
    shorter = compare_stores(a, with_history(made_store(), values[:1]))
    assert ("best", "history.roc_auc values", "2", "1") in fields(shorter)
    assert shorter.has_history
    assert not compare_stores(a, made_store()).has_history


def test_an_infinite_value_is_what_a_database_makes_of_it() -> None:
    metrics = [point("best", "loss", math.inf)], [point("best", "loss", 1.7976931348623157e308)]
    a, b = (made_store(metrics=one) for one in metrics)
    assert compare_stores(a, b).is_same


def test_unknown_numbers_of_values_are_not_compared() -> None:
    unknown = made_store()
    unknown = replace(
        unknown, metrics=unknown.metrics.with_columns(points=pl.lit(None, dtype=pl.Int64))
    )
    assert compare_stores(made_store(), unknown).is_same


def test_files_are_compared_where_they_were_listed() -> None:
    files = made_files()
    other = files.with_columns(size=pl.col("size") + (pl.col("owner") == "run").cast(pl.Int64))
    found = compare_stores(made_store(), made_store(), (files, other))
    assert fields(found) == [("best", "artifact.roc.png size", "1000", "1001")]
    assert found.has_files


@settings(deadline=None, max_examples=40)
@given(
    st.dictionaries(
        st.sampled_from("abc"), st.dictionaries(st.sampled_from("xyz"), st.text(max_size=3))
    ),
    st.dictionaries(
        st.sampled_from("abc"), st.dictionaries(st.sampled_from("xyz"), st.text(max_size=3))
    ),
)
def test_the_differences_are_exactly_the_fields_that_differ(
    a: dict[str, dict[str, str]], b: dict[str, dict[str, str]]
) -> None:
    def store(params: dict[str, dict[str, str]]) -> Snapshot:
        rows = [
            {"run_id": run, "key": key, "value": value}
            for run, pairs in params.items()
            for key, value in pairs.items()
        ]
        runs = [{"run_id": run, "experiment_id": "1", "name": run} for run in "abc"]
        return made_store(params=rows, runs=runs, tags=[], metrics=[], model_versions=[])

    expected = {
        (run, f"param.{key}")
        for run in "abc"
        for key in "xyz"
        if (a.get(run, {}).get(key) or None) != (b.get(run, {}).get(key) or None)
    }
    found = compare_stores(store(a), store(b))
    assert {(row[0], row[1]) for row in fields(found)} == expected
