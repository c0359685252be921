"""Do folds choose the same columns? The index of Nogueira and its interval."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.selection import agreement

NAMES = ("a", "b", "c", "d", "e", "f")
CHOICES = st.lists(st.sets(st.sampled_from(NAMES)), min_size=2, max_size=8)


@given(kept=CHOICES)
def test_the_index_is_one_minus_the_variance_over_that_of_chance(kept: list[set[str]]) -> None:
    found = agreement(kept, NAMES)
    shares = [sum(name in one for one in kept) / len(kept) for name in NAMES]
    assert [found.share[name] for name in NAMES] == pytest.approx(shares)
    mean = sum(len(one) for one in kept) / len(kept) / len(NAMES)
    if all(one == kept[0] for one in kept):
        assert found.stability == 1.0
    else:
        variance = np.mean([np.var([n in one for one in kept], ddof=1) for n in NAMES])
        assert found.stability == pytest.approx(1 - variance / (mean * (1 - mean)))
    assert found.low <= found.stability <= found.high <= 1.0


def test_for_choices_of_one_size_it_is_the_mean_of_kunchevas_index() -> None:
    kept = [{"a", "b"}, {"a", "c"}, {"a", "b"}, {"d", "b"}]
    size, d = 2, len(NAMES)
    pairs = [
        (len(one & two) - size**2 / d) / (size - size**2 / d) for one, two in combinations(kept, 2)
    ]
    assert agreement(kept, NAMES).stability == pytest.approx(float(np.mean(pairs)))


def test_random_choices_agree_by_chance_only() -> None:
    rng = np.random.default_rng(1)
    names = [f"f{i}" for i in range(200)]
    kept = [{names[i] for i in rng.choice(200, 40, replace=False)} for _ in range(50)]
    found = agreement(kept, names)
    assert abs(found.stability) < 0.02
    assert found.low < 0.0 < found.high


def test_the_interval_holds_the_true_stability_about_as_often_as_it_says() -> None:
    # Given columns kept with known chances, all apart from each other
    rng = np.random.default_rng(2)
    chance = np.array([0.95, 0.9, 0.8, 0.5, 0.2, 0.1, 0.05, 0.05])
    mean = chance.mean()
    truth = 1 - np.mean(chance * (1 - chance)) / (mean * (1 - mean))
    names = [f"f{i}" for i in range(len(chance))]
    held = 0
    for _ in range(400):
        z = rng.random((60, len(chance))) < chance
        found = agreement([{n for n, on in zip(names, row, strict=True) if on} for row in z], names)
        held += found.low <= truth <= found.high
    assert 0.9 <= held / 400 <= 0.99


def test_the_document_names_the_most_often_kept_first() -> None:
    document = agreement([{"b", "c"}, {"c"}], NAMES).to_dict()
    assert list(document["share"])[:2] == ["c", "b"]
    assert document["share"]["b"] == 0.5


@pytest.mark.parametrize("kept", [[{"a"}], [{"a"}, {"z"}]])
def test_one_choice_or_unknown_names_cannot_be_compared(kept: list[set[str]]) -> None:
    with pytest.raises(ValueError, match="stability"):
        agreement(kept, NAMES)
