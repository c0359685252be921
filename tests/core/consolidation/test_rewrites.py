"""Every rule that rewrites a column, one case each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scorewright.core.consolidation import COLUMNS, REWRITES, Moves, Rewrite, rewrite

PLACES = {
    Moves.place_key("file:///old/1/run1/artifacts"): "/new/7/run1/artifacts",
    Moves.place_key("mlflow-artifacts:/1/run2/artifacts"): "/new/7/run2/artifacts",
}
MOVES = Moves(
    experiments={1: 7, 2: 8},
    homes={7: "/new/7", 8: "/new/8"},
    datasets={"d1": "d9"},
    inputs={"i1": "i9"},
    schemas={"ls-1": "ls-9"},
    versions={("clf", 1): 5, ("ask/me", 2): 6, ("old", 3): 4},
    names={"old": "old-b"},
    places=PLACES,
)
#: What is no name with a version.
_ODD = '{"name": "clf", "version": false}, 1, {"name": ["clf"], "version": 1}, {"name": "clf"}'


def _linked(name: str, number: int) -> str:
    return json.dumps([{"name": name, "version": str(number)}])


def _span_with(prompts: str) -> str:
    return json.dumps({"name": "é", "attributes": {"mlflow.linkedPrompts": prompts, "n": "1"}})


#: (table, column, first condition) -> [(needs, old, new)].
CASES: dict[tuple[str, ...], list[tuple[tuple[Any, ...], Any, Any]]] = {
    ("experiments", "artifact_location"): [
        ((1,), "/old/1", "/new/7"),
        ((1,), "s3://bucket/1", "s3://bucket/1"),
        ((1,), None, None),
    ],
    ("runs", "artifact_uri"): [
        ((1, "run1"), "file:///C:/old/1/run1/artifacts", "/new/7/run1/artifacts"),
        ((2, "run1"), "./mlruns/2/run1/artifacts", "/new/8/run1/artifacts"),
        ((2, "run1"), "mlflow-artifacts:/2/run1/artifacts", "/new/8/run1/artifacts"),
    ],
    ("logged_models", "artifact_location"): [
        ((1, "m-1"), "/old/1/models/m-1/artifacts", "/new/7/models/m-1/artifacts")
    ],
    ("trace_tags", "value", "mlflow.artifactLocation"): [
        ((2, "tr-1"), "/old/2/traces/tr-1/artifacts", "/new/8/traces/tr-1/artifacts")
    ],
    ("tags", "value", "mlflow.linkedPrompts"): [
        (
            (),
            '[{"name": "clf", "version": "1"}, {"name": "x", "version": "1"}]',
            '[{"name": "clf", "version": "5"}, {"name": "x", "version": "1"}]',
        ),
        ((), '[{"name":"x","version":"1"}]', '[{"name":"x","version":"1"}]'),
        ((), "no JSON", "no JSON"),
        (
            (),
            '[{"name": "old", "version": "1"}, {"name": "old", "version": "3"}]',
            '[{"name": "old-b", "version": "1"}, {"name": "old-b", "version": "4"}]',
        ),
    ],
    ("trace_tags", "value", "mlflow.linkedPrompts"): [
        ((), '[{"name": "clf", "version": 1}]', '[{"name": "clf", "version": 5}]')
    ],
    ("logged_model_tags", "tag_value", "mlflow.linkedPrompts"): [((), "{}", "{}")],
    ("logged_model_tags", "tag_value", "mlflow.modelVersions"): [
        (
            (),
            '[{"name": "clf", "version": 1}, {"name": "clf", "version": "1"}]',
            '[{"name": "clf", "version": 5}, {"name": "clf", "version": "5"}]',
        ),
        (
            (),
            '[{"name": "\u00e9", "version": 1}, {"name": "clf", "version": 1, "more": [1.0]}]',
            '[{"name": "\\u00e9", "version": 1}, {"name": "clf", "version": 5, "more": [1.0]}]',
        ),
        (
            (),
            f'[{_ODD}, {{"name": "clf", "version": 1}}]',
            f'[{_ODD}, {{"name": "clf", "version": 5}}]',
        ),
        *(
            ((), same, same)
            for same in (
                '[ {"version":2,  "name":"clf"},{"name":"x","version":"1"}]\n',
                '[{"name": "clf", "version": "one"}, {"name": "clf", "version": 1.0}]',
                '[{"name": "clf", "version": true}, {"name": "clf", "version": null}]',
                '{"name": "clf", "version": 1}',
                '["clf", 1]',
                '[{"name": "clf", "version": 1}',
                '[{"name": "clf", "version": "' + "1" * 5000 + '"}]',
                "[" * 200_000,
                "null",
                "",
            )
        ),
    ],
    ("spans", "content"): [
        (
            (),
            '{"attributes": {"mlflow.experimentId": "\\"1\\"", "n": "1"}}',
            '{"attributes": {"mlflow.experimentId": "\\"7\\"", "n": "1"}}',
        ),
        ((), '{"mlflow.experimentId": "2"}', '{"mlflow.experimentId": "8"}'),
        ((), _span_with(_linked("clf", 1)), _span_with(_linked("clf", 5))),
        ((), _span_with(_linked("old", 1)), _span_with(_linked("old-b", 1))),
        (
            (),
            _span_with(json.dumps(_linked("clf", 1))),
            _span_with(json.dumps(_linked("clf", 5))),
        ),
        *(
            ((), same, same)
            for same in (
                _span_with(_linked("x", 1)),
                _span_with(json.dumps(_linked("x", 1))),
                _span_with("no JSON"),
                json.dumps({"mlflow.spanInputs": _span_with(_linked("clf", 1))}),
                '{"mlflow.linkedPrompts": "\\x"}',
            )
        ),
    ],
    ("inputs", "source_id", "DATASET"): [((), "d1", "d9"), ((), "d2", "d2")],
    ("input_tags", "input_uuid"): [((), "i1", "i9"), ((), "i2", "i2")],
    ("review_queue_label_schemas", "schema_id"): [((), "ls-1", "ls-9"), ((), "ls-2", "ls-2")],
    ("logged_model_metrics", "dataset_uuid"): [((), "d1", "d9"), ((), None, None)],
    ("entity_associations", "destination_id", "experiment"): [((), "1", "7"), ((), "x", "x")],
    ("entity_associations", "source_id", "prompt_version"): [
        ((), "ask/me/2", "ask/me/6"),
        ((), "old/1", "old-b/1"),
    ],
    ("entity_associations", "destination_id", "prompt_version"): [((), "clf/9", "clf/9")],
    ("registered_model_tags", "value", "_mlflow_experiment_ids"): [
        ((), ",2,1,", ",8,7,"),
        # The source has no experiment 3: that of the target is another one.
        ((), ",1,3,2,", ",7,8,"),
        ((), ",3,", ""),
        ((), "", ""),
    ],
    **{
        (table, "name"): [((), "old", "old-b"), ((), "clf", "clf")]
        for table in (
            "registered_models",
            "registered_model_tags",
            "model_versions",
            "model_version_tags",
            "registered_model_aliases",
        )
    },
    ("model_versions", "version"): [(("clf",), 1, 5), (("clf",), 2, 2)],
    ("model_version_tags", "version"): [(("clf",), 1, 5)],
    ("registered_model_aliases", "version"): [(("clf",), 1, 5)],
    ("model_versions", "source"): [
        ((), "/old/1/run1/artifacts/model", "/new/7/run1/artifacts/model"),
        ((), "mlflow-artifacts:/1/run2/artifacts/a/b", "/new/7/run2/artifacts/a/b"),
        ((), "/old/1/run10/artifacts/model", "/old/1/run10/artifacts/model"),
        ((), "models:/clf/1", "models:/clf/5"),
        ((), "models:/m-0123", "models:/m-0123"),
        ((), "models:/old/3", "models:/old-b/4"),
        ((), "models:/old@best", "models:/old-b@best"),
        ((), "models:/clf@best", "models:/clf@best"),
        ((), "models:/old", "models:/old"),
        ((), "runs:/run1/model", "runs:/run1/model"),
        ((), "dummy-source", "dummy-source"),
    ],
    ("model_versions", "storage_location"): [
        ((), "file:///old/1/run1/artifacts", "/new/7/run1/artifacts")
    ],
    ("model_versions", "run_link"): [
        ((), "#/experiments/1/runs/run1", "#/experiments/7/runs/run1"),
        ((), "https://old/#/experiments/1/runs/run1", "https://old/#/experiments/1/runs/run1"),
        ((), "", ""),
    ],
}


def _name(rule: Rewrite) -> tuple[str, ...]:
    return (rule.table, rule.column, *([rule.when[1]] if rule.when else []))


@pytest.mark.parametrize("rule", REWRITES, ids=lambda rule: "-".join(_name(rule)))
def test_a_rule_has_a_case_and_does_what_it_says(rule: Rewrite) -> None:
    cases = CASES.get(_name(rule))
    if cases is None:
        assert rule.column == "experiment_id"
        cases = [((), 1, 7), ((), None, None), ((), 3, 3)]
    for needs, old, new in cases:
        assert len(needs) == len(rule.needs)
        assert rewrite(rule.kind, old, needs, MOVES) == new


def test_every_case_has_a_rule() -> None:
    assert CASES.keys() <= {_name(rule) for rule in REWRITES}


def test_every_rule_names_columns_that_are_there() -> None:
    for rule in REWRITES:
        named = [rule.column, *(n for n in rule.needs if not n.startswith("@"))]
        named += [rule.when[0]] if rule.when else []
        assert set(named) <= set(COLUMNS[rule.table]), rule


def test_every_number_of_an_experiment_is_rewritten() -> None:
    ruled = {(rule.table, rule.column) for rule in REWRITES}
    tables = {
        (table, "experiment_id") for table, names in COLUMNS.items() if "experiment_id" in names
    }
    assert tables <= ruled
