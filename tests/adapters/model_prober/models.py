"""Small models of every library, fitted once, and the table they were fitted on."""

from __future__ import annotations

from functools import cache
from typing import Any

import lightgbm as lgb
import numpy as np
import polars as pl
import pytest

__all__ = ["NAMES", "catboost_model", "lightgbm_model", "table", "xgboost_model"]

NAMES = ("income", "age", "debt")


def table(rows: int, seed: int = 1) -> pl.DataFrame:
    """Three numbers and an outcome that the first of them moves."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3))
    y = (x[:, 0] + rng.normal(size=rows) > 1).astype(int)
    columns: dict[str, Any] = {"id": np.arange(rows) + 1000}
    columns |= {name: x[:, i] for i, name in enumerate(NAMES)}
    return pl.DataFrame({**columns, "default": y})


def _fitted_on() -> tuple[Any, Any]:
    frame = table(300)
    return frame.select(NAMES).to_numpy(), frame["default"].to_numpy()


@cache
def lightgbm_model() -> bytes:
    x, y = _fitted_on()
    data = lgb.Dataset(x, y, feature_name=list(NAMES))
    params = {"objective": "binary", "verbosity": -1, "num_threads": 1}
    text: str = lgb.train(params, data, 8).model_to_string()
    return text.encode("utf-8")


@cache
def xgboost_model() -> bytes:
    """Without names: only a signature beside it tells them."""
    xgb = pytest.importorskip("xgboost")
    x, y = _fitted_on()
    booster = xgb.train({"objective": "binary:logistic", "nthread": 1}, xgb.DMatrix(x, y), 8)
    return bytes(booster.save_raw("ubj"))


@cache
def catboost_model() -> bytes:
    catboost = pytest.importorskip("catboost")
    x, y = _fitted_on()
    pool = catboost.Pool(x, y, feature_names=list(NAMES))
    model = catboost.CatBoostClassifier(
        iterations=8, depth=3, verbose=0, thread_count=1, allow_writing_files=False
    )
    return bytes(model.fit(pool)._serialize_model())
