"""One run, found and shown."""

from __future__ import annotations

import json

import pytest
from tests.core.store_views.made import made_files, made_store

from scorewright.core.errors import UsageError
from scorewright.core.store_views import card_of, find_run


@pytest.mark.parametrize(
    ("reference", "run"),
    [("best", "best"), ("named_by_tag", "best"), ("chil", None), ("child1", "child1")],
)
def test_a_run_is_found_by_id_name_or_beginning(reference: str, run: str | None) -> None:
    if run is None:
        with pytest.raises(UsageError, match="means 2 runs") as caught:
            find_run(made_store(), reference)
        assert caught.value.code == "run-ambiguous"
        assert caught.value.details["run_ids"] == ["child1", "child2"]
    else:
        assert find_run(made_store(), reference) == run


def test_of_one_name_the_only_living_run_is_meant() -> None:
    runs = [
        {"run_id": "aaaa1", "experiment_id": "1", "name": "x", "lifecycle_stage": "deleted"},
        {"run_id": "aaaa2", "experiment_id": "1", "name": "x", "lifecycle_stage": "active"},
    ]
    assert find_run(made_store(runs=runs), "x") == "aaaa2"
    assert find_run(made_store(runs=runs[:1]), "x") == "aaaa1"


@pytest.mark.parametrize("reference", ["nobody", "bes", ""])
def test_nobody_is_no_run(reference: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_run(made_store(), reference)
    assert caught.value.code == "run-unknown"


def test_a_card_holds_everything() -> None:
    card = card_of(made_store(), made_files(), "best")
    document = json.loads(json.dumps(card.to_dict(), allow_nan=False))
    assert document["params"] == {"max_depth": "6"}
    assert document["metrics"][0]["points"] == 3
    assert [one["path"] for one in document["artifacts"]] == ["roc.png", "MLmodel"]
    assert document["versions"][0]["label"] == "credit_lgbm/2@champion"
    assert document["models"][0]["model_id"] == "m-1"
    assert document["parent"] is None
    pairs = dict(card.pairs())
    assert pairs["experiment"] == "credit_final (2)"
    assert pairs["files"] == "2 files, 1.5 KiB"


def test_parents_and_children_are_named() -> None:
    card = card_of(made_store(), made_files(), "parent")
    assert [child["name"] for child in card.children] == ["trial_1", "trial_2"]
    child = card_of(made_store(), made_files(), "child1")
    assert child.parent == {"run_id": "parent", "name": "study"}
    lost = made_store(tags=[{"run_id": "best", "key": "mlflow.parentRunId", "value": "lost"}])
    assert dict(card_of(lost, made_files(), "best").pairs())["parent"] == "lost (not in the store)"


def test_what_is_no_number_is_said_as_a_word() -> None:
    card = card_of(made_store(), made_files(), "failed")
    assert card.to_dict()["metrics"][0]["value"] == "nan"
    assert card.metric_rows() == [("roc_auc", "nan", "0", "1")]
