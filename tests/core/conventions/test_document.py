"""The conventions as data."""

from __future__ import annotations

from typing import Any

import pytest

from scorewright.core.conventions import Conventions, TagRule
from scorewright.core.errors import UsageError


def test_the_dictionary_form_reads_back(conventions: Conventions) -> None:
    assert Conventions.from_dict(conventions.to_dict()) == conventions


def test_one_line_is_replaced_and_the_rest_stays(conventions: Conventions) -> None:
    # When
    mine = conventions.merged({"metrics": {"ranking": ["roc_auc"]}})
    # Then
    assert mine.metrics.ranking == ("roc_auc",)
    assert mine.metrics.calibration == conventions.metrics.calibration
    assert mine.names == conventions.names


def test_no_override_changes_nothing(conventions: Conventions) -> None:
    assert conventions.merged({}) == conventions


def test_a_project_may_add_tags_and_model_types(conventions: Conventions) -> None:
    # When
    mine = conventions.merged(
        {"tags": {"team": {"values": ["risk"]}}, "params": {"models": {"xgboost": ["eta"]}}}
    )
    # Then
    assert mine.tags["team"] == TagRule(values=("risk",))
    assert mine.params.models["xgboost"] == ("eta",)
    assert set(conventions.tags) < set(mine.tags)


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        ({"nmes": {}}, "'nmes'"),
        ({"metrics": {"rankin": []}}, "'metrics.rankin'"),
        ({"metrics": {"ranking": "roc_auc"}}, "'metrics.ranking'"),
        ({"metrics": 3}, "'metrics'"),
        ({"tags": {"stage": {"vals": []}}}, "'tags.stage.vals'"),
        ({"tags": {"team": {"vals": []}}}, "'tags.team.vals'"),
        ({"names": {"run": {"pattern": "("}}}, "'names.run.pattern'"),
        ({"tags": {"team": {"pattern": "["}}}, "'tags.team.pattern'"),
        ({"metrics": {"cross_validated": {"groups": ["speed"]}}}, "'speed'"),
        ({"schema_version": 2}, "'schema_version'"),
    ],
)
def test_a_wrong_override_is_named(
    conventions: Conventions, overrides: dict[str, Any], named: str
) -> None:
    with pytest.raises(UsageError) as caught:
        conventions.merged(overrides)
    assert caught.value.code == "conventions-invalid"
    assert named in caught.value.message


def test_a_slip_of_the_pen_lists_near_misses(conventions: Conventions) -> None:
    with pytest.raises(UsageError) as caught:
        conventions.merged({"metrics": {"rankin": []}})
    assert "ranking" in caught.value.remedy


@pytest.mark.parametrize(
    ("rule", "value", "allowed"),
    [
        (TagRule(), "anything", True),
        (TagRule(), "  ", False),
        (TagRule(values=("a",)), "a", True),
        (TagRule(values=("a",)), "b", False),
        (TagRule(values=("a",), pattern="[0-9]+"), "12", True),
        (TagRule(pattern="[0-9]+"), "12x", False),
    ],
)
def test_a_tag_rule(rule: TagRule, value: str, allowed: bool) -> None:
    assert rule.allows(value) is allowed
