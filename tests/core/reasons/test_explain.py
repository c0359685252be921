"""From contributions to reasons: the sum kept, the order fixed, nothing prohibited named."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.errors import UsageError
from scorewright.core.reasons import ReasonDictionary, ReasonEntry, explain

FEATURES = ("age", "income", "enquiries_6m", "enquiries_12m", "utilisation")
WORDS = ReasonDictionary(
    "1",
    (
        ReasonEntry("R01", "Number of recent enquiries", ("enquiries_*",)),
        ReasonEntry("R02", "Income", ("income",)),
    ),
    prohibited=("age", "gender*"),
    descriptions={"utilisation": "Share of the credit line in use"},
)
numbers = st.floats(-5.0, 5.0, allow_subnormal=False)


@given(st.lists(numbers, min_size=6, max_size=6))
def test_what_is_shown_sums_to_the_score(values: list[float]) -> None:
    found = explain(np.array(values), FEATURES, WORDS)
    shown = math.fsum([found.baseline, found.undisclosed, *found.contributions.values()])
    assert shown == pytest.approx(found.log_odds, abs=1e-12)
    assert found.log_odds == pytest.approx(math.fsum(values), abs=1e-12)


@given(st.lists(numbers, min_size=6, max_size=6))
def test_reasons_are_at_most_four_toward_decline_the_strongest_first(values: list[float]) -> None:
    reasons = explain(np.array(values), FEATURES, WORDS).reasons
    weights = [reason.contribution for reason in reasons]
    assert len(reasons) <= 4
    assert all(weight > 0.0 for weight in weights)
    assert weights == sorted(weights, reverse=True)


@given(st.lists(numbers, min_size=6, max_size=6), st.permutations(range(5)))
def test_the_order_of_the_columns_changes_nothing(values: list[float], order: list[int]) -> None:
    one = explain(np.array(values), FEATURES, WORDS)
    turned = np.array([*(values[i] for i in order), values[5]])
    other = explain(turned, [FEATURES[i] for i in order], WORDS)
    assert one.reasons == other.reasons
    assert (one.log_odds, one.undisclosed) == (other.log_odds, other.undisclosed)


def test_features_behind_one_reason_add_up() -> None:
    values = np.array([9.0, -0.5, 0.25, 0.5, 0.7, -2.0])
    first, second = explain(values, FEATURES, WORDS).reasons
    assert (first.code, first.contribution) == ("R01", 0.75)
    assert first.features == ("enquiries_12m", "enquiries_6m")
    assert (second.code, second.text) == ("utilisation", "Share of the credit line in use")


def test_equal_weights_stand_in_the_order_of_their_codes() -> None:
    values = np.array([0.0, 0.5, 0.5, 0.0, 0.5, 0.0])
    assert [r.code for r in explain(values, FEATURES, WORDS).reasons] == [
        "R01", "R02", "utilisation",
    ]  # fmt: skip


def test_prohibited_features_are_named_nowhere() -> None:
    found = explain(np.array([9.0, 0.1, 0.2, 0.3, 0.4, -1.0]), FEATURES, WORDS)
    assert "age" not in repr((found.contributions, found.reasons))
    assert found.undisclosed == 9.0


def test_what_is_not_finite_is_refused() -> None:
    for bad in (np.array([math.nan] * 6), np.zeros(5)):
        with pytest.raises(ValueError, match="finite"):
            explain(bad, FEATURES, WORDS)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ((ReasonEntry("A", "x", ("a",)), ReasonEntry("A", "y", ("b",))), "twice"),
        ((ReasonEntry("A", "x", ()),), "names no feature"),
        ((ReasonEntry("A", " ", ("a",)),), "no text"),
    ],
)
def test_an_ambiguous_dictionary_is_refused(entries: tuple[ReasonEntry, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        ReasonDictionary("1", entries)
    assert raised.value.code == "reasons-invalid"


def test_the_digest_changes_with_every_word() -> None:
    other = ReasonDictionary(WORDS.version, WORDS.entries, ("age",), WORDS.descriptions)
    assert len({WORDS.digest, other.digest, ReasonDictionary("1").digest}) == 3
    assert WORDS.digest == ReasonDictionary("1", WORDS.entries, WORDS.prohibited,
                                            dict(WORDS.descriptions)).digest  # fmt: skip


def test_entries_that_name_no_feature_of_the_model_are_found() -> None:
    assert WORDS.unused(("income", "age")) == ("R01",)


def test_brackets_and_question_marks_in_a_name_stand_for_themselves() -> None:
    words = ReasonDictionary("1", prohibited=("gender[F]", "a?e", "sex_*[x]"))
    assert words.is_prohibited("gender[F]")
    assert words.is_prohibited("a?e")
    assert words.is_prohibited("sex_of_client[x]")
    assert not words.is_prohibited("genderF")
    assert not words.is_prohibited("age")
