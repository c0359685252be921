"""The problem is as hard as it should be: 0.74 from the application, clearly more from all."""

from __future__ import annotations

from collections.abc import Mapping

import lightgbm as lgb
import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from scorewright.core.portfolio import PortfolioSpec, generate_chunk

pytestmark = pytest.mark.slow

Tables = Mapping[str, pl.DataFrame]
column = pl.col
KEY = "SK_ID_CURR"
SIZE = 30_000


def _histories(tables: Tables) -> list[pl.DataFrame]:
    """A few obvious aggregates of each table."""
    bureau = tables["bureau"].group_by(KEY).agg(
        (column("CREDIT_ACTIVE") == "Active").mean().alias("open"),
        column("DAYS_CREDIT").mean().alias("opened"),
        (column("AMT_CREDIT_SUM_DEBT").sum() / column("AMT_CREDIT_SUM").sum()).alias("debt"),
        column("AMT_CREDIT_MAX_OVERDUE").mean().alias("overdue"),
    )  # fmt: skip
    months = tables["bureau_balance"].join(
        tables["bureau"].select("SK_ID_BUREAU", KEY), on="SK_ID_BUREAU"
    )
    late = column("STATUS").is_in(list("12345"))
    balance = months.group_by(KEY).agg(late.mean().alias("late"), pl.len().alias("months"))
    previous = tables["previous_application"].group_by(KEY).agg(
        (column("NAME_CONTRACT_STATUS") == "Refused").mean().alias("refused"),
        (column("NAME_YIELD_GROUP") == "high").mean().alias("high_yield"),
    )  # fmt: skip
    delay = column("DAYS_ENTRY_PAYMENT") - column("DAYS_INSTALMENT")
    paid = tables["installments_payments"].group_by(KEY).agg(
        delay.mean().alias("delay"),
        (delay > 0).mean().alias("paid_late"),
        (column("AMT_PAYMENT") < column("AMT_INSTALMENT")).mean().alias("paid_short"),
    )  # fmt: skip
    pos = tables["pos_cash_balance"].group_by(KEY).agg(
        (column("SK_DPD") > 0).mean().alias("past_due")
    )  # fmt: skip
    card = tables["credit_card_balance"].group_by(KEY).agg(
        (column("AMT_BALANCE") / column("AMT_CREDIT_LIMIT_ACTUAL")).mean().alias("used"),
        (column("SK_DPD") > 0).mean().alias("card_past_due"),
    )  # fmt: skip
    return [bureau, balance, previous, paid, pos, card]


def _auc(rows: pl.DataFrame) -> float:
    """AUC on the half that the model did not see."""
    target = rows["TARGET"].to_numpy()
    texts = [name for name, dtype in rows.schema.items() if dtype == pl.String]
    codes = [column(name).cast(pl.Categorical).to_physical() for name in texts]
    matrix = (
        rows.with_columns(codes)
        .drop(KEY, "TARGET", "DECISION_DATE", "MATURES_ON")
        .cast(pl.Float64)
        .to_numpy()
    )
    seen = np.arange(target.size) % 2 == 0
    params = {
        "objective": "binary", "learning_rate": 0.05, "num_leaves": 15, "min_data_in_leaf": 40,
        "feature_fraction": 0.5, "lambda_l2": 10.0, "verbosity": -1, "num_threads": 2, "seed": 1,
        "max_bin": 63,
    }  # fmt: skip
    model = lgb.train(params, lgb.Dataset(matrix[seen], target[seen]), 100)
    return float(roc_auc_score(target[~seen], model.predict(matrix[~seen])))


def test_histories_lift_an_honest_auc_from_the_low_to_the_high_seventies() -> None:
    spec = PortfolioSpec(SIZE, seed=42)
    parts = [generate_chunk(spec, index) for index in range(spec.chunks)]
    tables = {table: pl.concat([part[table] for part in parts]) for table in parts[0]}
    alone = tables["application"]
    everything = alone
    for history in _histories(tables):
        everything = everything.join(history, on=KEY, how="left", maintain_order="left")
    first, second = _auc(alone), _auc(everything)
    assert 0.715 < first < 0.765
    assert 0.755 < second < 0.80
    assert second > first + 0.02
