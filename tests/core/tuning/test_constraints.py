"""Constraints: written as text, measured on figures."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.errors import UsageError
from scorewright.core.tuning import Constraint, known_figures, parse_constraint

KNOWN = known_figures(has_oot=False, has_protected=True, has_interval=True)


@pytest.mark.parametrize(
    ("text", "figure", "low", "high"),
    [
        ("roc_auc_gap <= 0.05", "roc_auc_gap", -math.inf, 0.05),
        ("ks>=.3", "ks", 0.3, math.inf),
        (" approval_rate in [0.6, 9e-1] ", "approval_rate", 0.6, 0.9),
        ("cox_intercept >= -0.1", "cox_intercept", -0.1, math.inf),
    ],
)
def test_three_forms_are_read(text: str, figure: str, low: float, high: float) -> None:
    assert parse_constraint(text, KNOWN) == Constraint(text, figure, low, high)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ks > 0.3", "none of"),
        ("ks", "none of"),
        ("0.3 <= ks", "none of"),
        ("ks >= much", "none of"),
        ("approval_rate in [0.9, 0.6]", "above"),
        ("roc_auk >= 0.7", "roc_auc"),
        ("zzz >= 0.7", "roc_auc_gap, ks and air"),
    ],
)
def test_what_is_no_constraint_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_constraint(text, KNOWN)
    assert refused.value.code == "tuning-constraint"
    assert said in refused.value.message


def test_figures_are_known_only_where_they_are_logged() -> None:
    bare = known_figures(has_oot=False, has_protected=False, has_interval=False)
    full = known_figures(has_oot=True, has_protected=True, has_interval=True)
    assert {"air", "oot_ks", "threshold_low"} <= full - bare
    assert {"mean_ks", "std_brier", "train_roc_auc", "roc_auc_gap", "approval_rate"} <= bare


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(0, 5))
def test_a_violation_is_positive_exactly_outside(value: float, low: float, width: float) -> None:
    inside = low <= value <= low + width
    assert (Constraint("", "f", low, low + width).violation({"f": value}) <= 0) == inside
    assert (Constraint("", "f", low=low).violation({"f": value}) <= 0) == (value >= low)
    assert (Constraint("", "f", high=low).violation({"f": value}) <= 0) == (value <= low)


def test_an_endless_figure_keeps_a_lower_bound() -> None:
    assert Constraint("", "f", low=0.8).violation({"f": math.inf}) <= 0


@pytest.mark.parametrize(
    ("text", "said", "remedy"),
    [
        ("air >= 0.8", "needs a protected group", "[tuning.protected]"),
        ("threshold_low >= 0.1", "bootstrap", "[validation]"),
        ("oot_ks >= 0.1", "no rows are held out of time", '"out_of_time" under [validation]'),
    ],
)
def test_a_figure_the_settings_do_not_ask_for_is_refused_with_what_asks(
    text: str, said: str, remedy: str
) -> None:
    known = known_figures(has_oot=False, has_protected=False, has_interval=False)
    with pytest.raises(UsageError) as refused:
        parse_constraint(text, known)
    assert refused.value.code == "tuning-constraint"
    assert said in refused.value.message
    assert remedy in refused.value.remedy
    everything = known_figures(has_oot=True, has_protected=True, has_interval=True)
    assert parse_constraint(text, everything).text == text
