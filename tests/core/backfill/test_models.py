"""Native models are read as text, and agree with the libraries that wrote them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.backfill import read_model

NAMES = ["income", "debt", "age", "job"]


def _data() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 4))
    return x, (x[:, 0] - 0.5 * x[:, 1] + rng.normal(size=400) > 0).astype(int)


@pytest.fixture(scope="module")
def booster() -> Any:
    lgb = pytest.importorskip("lightgbm")
    x, y = _data()
    params = {
        "objective": "binary", "num_leaves": 5, "verbosity": -1, "feature_fraction": 0.5,
        "lambda_l2": 3, "seed": 42, "monotone_constraints": [1, 0, 0, 0], "num_threads": 1,
    }  # fmt: skip
    trained = lgb.train(params, lgb.Dataset(x, y, feature_name=NAMES), 5)
    return lgb.Booster(model_str=trained.model_to_string())


@pytest.fixture(scope="module")
def xgboost_model() -> Any:
    xgb = pytest.importorskip("xgboost")
    x, y = _data()
    params = {"objective": "binary:logistic", "max_depth": 2, "nthread": 1}
    return xgb.train(params, xgb.DMatrix(x, y), 3)


def test_lightgbm_gains_are_those_of_the_library(booster: Any) -> None:
    model = read_model(booster.model_to_string().encode())
    assert model is not None
    gain = booster.feature_importance("gain").tolist()
    assert dict(model.importance) == dict(zip(NAMES, gain, strict=True))
    assert model.model_type == "lgbm"


def test_lightgbm_parameters_have_their_scikit_names(booster: Any) -> None:
    model = read_model(booster.model_to_string().encode())
    assert model is not None
    wanted = {
        "n_estimators": 5, "num_leaves": 5, "colsample_bytree": 0.5, "reg_lambda": 3,
        "random_state": 42, "monotone_constraints": [1, 0, 0, 0], "is_unbalance": False,
        "learning_rate": 0.1,
    }  # fmt: skip
    assert wanted.items() <= dict(model.params).items()


@pytest.mark.parametrize("form", ["json", "ubj"])
def test_xgboost_gains_are_those_of_the_library(xgboost_model: Any, form: str) -> None:
    model = read_model(bytes(xgboost_model.save_raw(form)))
    assert model is not None
    gain = xgboost_model.get_score(importance_type="total_gain")
    wanted = {f"f{i}": gain.get(f"f{i}", 0.0) for i in range(4)}
    assert dict(model.importance) == pytest.approx(wanted, rel=1e-6)
    assert (model.model_type, model.params["n_estimators"]) == ("xgboost", 3)


def test_inputs_are_renamed_by_position(xgboost_model: Any) -> None:
    model = read_model(bytes(xgboost_model.save_raw("ubj")))
    assert model is not None
    assert list(model.renamed(NAMES).importance) == NAMES
    assert model.renamed(["income"]) is model


@given(cut=st.integers(0, 10_000), form=st.sampled_from(["ubj", "json", "text"]))
def test_what_is_cut_is_no_model(xgboost_model: Any, booster: Any, cut: int, form: str) -> None:
    if form == "text":
        whole = booster.model_to_string().partition("end of trees")[0].encode()
    else:
        whole = bytes(xgboost_model.save_raw(form))
    assert read_model(whole[: cut % len(whole)]) is None


@given(
    place=st.integers(0, 10_000), byte=st.integers(0, 255), form=st.sampled_from(["ubj", "json"])
)
def test_a_damaged_model_never_raises(xgboost_model: Any, place: int, byte: int, form: str) -> None:
    content = bytearray(xgboost_model.save_raw(form))
    content[place % len(content)] = byte
    found = read_model(bytes(content))
    assert found is None or found.model_type == "xgboost"


@given(st.binary(max_size=200))
def test_garbage_is_no_model(content: bytes) -> None:
    for head in (b"", b"{", b"tree\n", b"{L\x00\x00\x00\x00\x00\x00\x00\x07learner"):
        assert read_model(head + content) is None


@pytest.mark.parametrize(
    "content",
    [
        b"{i\x01a[$Z#l\x00\x00\xff\xff}",
        b"{i\x01a" + b"[" * 100_000,
        b'{"a":' * 100_000,
        json.dumps(
            {
                "learner": {
                    "gradient_booster": {"model": {"trees": []}},
                    "learner_model_param": {"num_feature": "1000000000000"},
                }
            }
        ).encode(),
    ],
)
def test_a_small_file_claims_little(content: bytes) -> None:
    assert read_model(content) is None
