"""Rows made between two rows: values between values, and no trace of having been made."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from imblearn.over_sampling import SMOTE
from sklearn.neighbors import NearestNeighbors

from scorewright.core.sampling import Blend, Sample

Floats = npt.NDArray[np.float64]
VALUES = st.one_of(st.just(float("nan")), st.integers(-50, 50).map(float))


def blended(x: Floats, blend: Blend) -> Floats:
    out = np.empty((len(blend.near), x.shape[1]))
    blend.fill(x, out)
    return out


def pairs(near: list[int], far: list[int], step: list[float], p: int, **kinds: list[bool]) -> Blend:
    flags = {name: np.array(kinds.get(name, [False] * p)) for name in ("is_category", "is_whole")}
    return Blend(np.array(near), np.array(far), np.array(step), **flags)


@given(
    x=arrays(np.float64, (6, 3), elements=VALUES),
    near=st.lists(st.integers(0, 5), min_size=4, max_size=4),
    far=st.lists(st.integers(0, 5), min_size=4, max_size=4),
    step=st.lists(st.floats(0.0, 0.5), min_size=4, max_size=4),
)
def test_made_values_lie_between_their_two_rows(
    x: Floats, near: list[int], far: list[int], step: list[float]
) -> None:
    kinds = {"is_category": [False, True, False], "is_whole": [False, False, True]}
    out = blended(x, pairs(near, far, step, 3, **kinds))
    a, b = x[near], x[far]
    # What is missing, and every category, is the nearer row's
    np.testing.assert_array_equal(np.isnan(out), np.isnan(a))
    np.testing.assert_array_equal(out[:, 1], a[:, 1])
    # Numbers lie between the two, and are the nearer row's where the other has none
    low, high = np.fmin(a, b), np.fmax(a, b)
    assert np.all(np.isnan(out) | ((out >= low) & (out <= high)))
    alone = np.isnan(b)
    np.testing.assert_array_equal(out[alone], a[alone])
    # Whole numbers stay whole; where both agree the value is theirs to the last bit
    assert np.array_equal(out[:, 2], np.rint(out[:, 2]), equal_nan=True)
    np.testing.assert_array_equal(out[a == b], a[a == b])


def test_the_same_pairs_give_the_rows_of_imbalanced_learn() -> None:
    # Given complete numbers, and the draws imbalanced-learn makes from its own seed
    rng = np.random.default_rng(3)
    x, bads, count = rng.normal(size=(60, 4)), 20, 20
    y = np.repeat([1, 0], [bads, 40])
    state = np.random.RandomState(7)
    found = NearestNeighbors(n_neighbors=6).fit(x[:bads]).kneighbors(return_distance=False)[:, :5]
    drawn = state.randint(0, found.size, count)
    step = state.uniform(size=count)
    base, other = drawn // 5, found[drawn // 5, drawn % 5]
    # When the rows are made by both
    theirs = SMOTE(k_neighbors=5, random_state=7).fit_resample(x, y)[0][60:]
    near = np.where(step <= 0.5, base, other)
    far = np.where(step <= 0.5, other, base)
    ours = blended(x, pairs([*near], [*far], [*np.minimum(step, 1 - step)], 4))
    # Then
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_a_sample_puts_made_rows_below_the_kept_ones() -> None:
    x = np.arange(8.0).reshape(4, 2)
    y = np.array([1, 0, 1, 0], dtype=np.int8)
    blend = pairs([0], [2], [0.25], 2)
    made = np.array([1], dtype=np.int8)
    by_recipe = Sample(np.array([0, 1, 2]), made_y=made, blend=blend)
    by_rows = Sample(np.array([0, 1, 2]), made_y=made, made_x=np.array([[1.0, 2.0]]))
    expected = np.array([[0, 1], [2, 3], [4, 5], [1, 2]])
    np.testing.assert_array_equal(by_recipe.matrix(x), expected)
    np.testing.assert_array_equal(by_rows.matrix(x), expected)
    np.testing.assert_array_equal(by_recipe.labels(y), [1, 0, 1, 1])
    assert by_recipe.weights() is None


def test_made_rows_weigh_one() -> None:
    sample = Sample(np.array([0]), np.array([3.0]), made_y=np.array([1], dtype=np.int8))
    weights = sample.weights()
    assert weights is not None
    np.testing.assert_array_equal(weights, [3.0, 1.0])
