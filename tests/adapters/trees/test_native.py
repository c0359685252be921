"""LightGBM's library without its package: the same bits, and none of the package's weight."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.adapters.trees.boosters import COLUMNS, SPACE, grown, rows

from scorewright.adapters.trees import LoadedLgbmModel, load_booster
from scorewright.adapters.trees.loaded import PackageBooster
from scorewright.adapters.trees.native import LibraryError, NativeBooster, native_library
from scorewright.core.errors import IntegrityError

Floats = npt.NDArray[np.float64]

VALUES = st.one_of(
    st.floats(allow_nan=True, allow_infinity=False, width=64),
    st.sampled_from([0.0, -0.0, 1e-36, np.nan, 1.0, 2.0, 3.0, 41.0, 1e300]),
)


@pytest.fixture(scope="module")
def booster() -> lgb.Booster:
    return grown(60, num_leaves=15, class_weight=None)


@pytest.fixture(scope="module")
def text(booster: lgb.Booster) -> bytes:
    written: str = booster.model_to_string(num_iteration=-1)
    return written.encode()


@pytest.fixture(scope="module")
def native(text: bytes) -> NativeBooster:
    library = native_library()
    assert library is not None
    return NativeBooster(library, text)


def test_a_thousand_rows_have_the_package_s_bits(
    native: NativeBooster, booster: lgb.Booster, record_property: Callable[[str, object], None]
) -> None:
    x = rows(1000, seed=5)
    x[:50, 5:] = [[99.0, 12.0, 64.0]]  # codes nobody saw
    wanted = np.asarray(booster.predict(x))
    assert native.predict(x).tobytes() == wanted.tobytes()
    alone = np.concatenate([native.predict(x[i : i + 1]) for i in range(len(x))])
    assert alone.tobytes() == wanted.tobytes()
    record_property("guarantee", f"same-bits: {len(x)} rows, all bits equal")


@given(row=st.lists(VALUES, min_size=COLUMNS, max_size=COLUMNS))
@settings(max_examples=300, deadline=None)
def test_any_row_has_the_package_s_bits(
    native: NativeBooster, booster: lgb.Booster, row: list[float]
) -> None:
    x = np.array([row])
    x[:, 5:] = np.clip(np.trunc(x[:, 5:]), -2.0, 100.0)  # categories are codes
    assert native.predict(x).tobytes() == np.asarray(booster.predict(x)).tobytes()


def test_slices_and_strides_are_read_as_rows(native: NativeBooster) -> None:
    x = rows(40, seed=6)
    assert np.array_equal(native.predict(np.asfortranarray(x)), native.predict(x))
    assert np.array_equal(native.predict(np.asfortranarray(x)[3:4]), native.predict(x[3:4]))
    assert native.predict(x[:0]).shape == (0,)


def test_log_odds_gain_and_contributions_are_the_package_s(
    native: NativeBooster, booster: lgb.Booster
) -> None:
    x = rows(50, seed=7)
    raw = booster.predict(x, raw_score=True)
    assert native.sums(x).tobytes() == np.asarray(raw).tobytes()
    wanted = np.asarray(booster.predict(x, pred_contrib=True))
    assert native.contributions(x).tobytes() == wanted.tobytes()
    assert native.contributions(x[:1]).tobytes() == wanted[:1].tobytes()
    assert np.array_equal(native.gain(), booster.feature_importance(importance_type="gain"))


def test_many_threads_at_once_get_their_own_answers(native: NativeBooster) -> None:
    x = rows(200, seed=8)
    wanted = native.predict(x)

    def score(i: int) -> float:
        return float(native.predict(x[i % 200 : i % 200 + 1])[0])

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(score, range(4000)))
    assert got == [wanted[i % 200] for i in range(4000)]


def test_models_come_and_go_without_a_trace(text: bytes) -> None:
    library = native_library()
    assert library is not None
    x = rows(3, seed=9)
    wanted = NativeBooster(library, text).predict(x)
    for _ in range(50):
        assert np.array_equal(NativeBooster(library, text).predict(x), wanted)
    gc.collect()


def test_texts_that_are_no_model_of_two_classes_are_refused() -> None:
    library = native_library()
    assert library is not None
    with pytest.raises(LibraryError):
        NativeBooster(library, b"no model at all")
    x, y = rows(300), np.arange(300) % 3
    params = {"objective": "multiclass", "num_class": 3, "verbosity": -1}
    many = lgb.train(params, lgb.Dataset(x, y), 2)
    with pytest.raises(LibraryError, match="two classes"):
        NativeBooster(library, many.model_to_string().encode())


def test_without_the_library_the_package_reads_the_model(
    text: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = rows(30, seed=4)
    usual = load_booster({"model.txt": text}, SPACE)
    monkeypatch.setattr("scorewright.adapters.trees.loaded.native_library", lambda: None)
    other = load_booster({"model.txt": text}, SPACE)
    assert isinstance(other._predictor, PackageBooster)
    for ask in (LoadedLgbmModel.predict, LoadedLgbmModel.log_odds):
        assert ask(usual, x).tobytes() == ask(other, x).tobytes()
    assert usual.importance() == other.importance()
    assert usual.files() == other.files()
    with pytest.raises(IntegrityError) as caught:
        load_booster({"model.txt": b"tree\nnonsense"}, SPACE)
    assert caught.value.code == "bundle-model"


@pytest.mark.parametrize("files", [{}, {"model.txt": b"\xff\xfe"}, {"model.txt": b"nonsense"}])
def test_what_cannot_be_read_is_a_damaged_bundle(files: dict[str, bytes]) -> None:
    with pytest.raises(IntegrityError) as caught:
        load_booster(files, SPACE)
    assert caught.value.code == "bundle-model"


PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from scorewright.adapters.learners import Learners
from scorewright.core.matrix import Feature, FeatureSpace
space = FeatureSpace(tuple(Feature(str(i)) for i in range(8)))
model = Learners().get("lgbm").load({"model.txt": Path(sys.argv[1]).read_bytes()}, space)
model.predict(np.zeros((1, 8)))
model.contributions(np.zeros((1, 8)))
heavy = {"lightgbm", "scipy", "sklearn", "pandas", "polars", "pyarrow", "mlflow"}
print(sorted(heavy & set(sys.modules)))
"""


def test_a_model_is_loaded_and_explained_without_the_heavy_packages(
    text: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "model.txt"
    file.write_bytes(text)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(file)], capture_output=True, text=True, check=True
    )
    # Nothing else either: the library is not heard on standard output.
    assert done.stdout == "[]\n"
