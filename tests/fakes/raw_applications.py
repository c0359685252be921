"""Raw applications with three histories, one of them deep, and a model that reads them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.adapters.learners import Learners
from scorewright.core.bundles import Bundle, GoldenRow
from scorewright.core.calibration import Calibration, Platt
from scorewright.core.contracts import Column, ColumnType, Contract, UnknownPolicy, Use
from scorewright.core.features import (
    ENTITY,
    AsOf,
    AsOfUnit,
    Feature,
    FeaturePlan,
    History,
    Relations,
    compile_plan,
    compute,
    parse,
    with_entity,
)
from scorewright.core.matrix import FeatureSpace, feature_space, to_matrix
from scorewright.core.scoring import Scorer
from scorewright.flows.ports import FitTask, FittedModel

Row = dict[str, Any]
Tables = dict[str, list[Row]]

TEXT, NUMBER, INTEGER = ColumnType.TEXT, ColumnType.NUMBER, ColumnType.INTEGER
DATE, CATEGORY, BOOLEAN = ColumnType.DATE, ColumnType.CATEGORY, ColumnType.BOOLEAN
STATUSES = ("open", "closed", "sold")

RELATIONS = Relations(
    Contract(
        table="applications",
        columns=(
            Column("application", TEXT, nullable=False),
            Column("decided", DATE, nullable=False),
            Column("income", NUMBER, nullable=False, minimum=0.0, unit="USD"),
            Column("age", INTEGER, minimum=18, maximum=100),
            Column("purpose", CATEGORY, categories=("car", "home")),
            Column("sex", CATEGORY, categories=("f", "m"), use=Use.MONITORING),
            Column("bad", INTEGER, nullable=False),
        ),
        key="application",
        target="bad",
        bad_value="1",
        as_of="decided",
    ),
    (
        History(
            Contract(
                table="payments",
                columns=(
                    Column("loan", INTEGER, nullable=False),
                    Column("days", INTEGER, nullable=False),
                    Column("due", NUMBER, nullable=False, minimum=0.0),
                    Column("paid", NUMBER, minimum=0.0, unit="USD"),
                    Column("late", BOOLEAN),
                    Column("note", TEXT),
                ),
            ),
            parent="loans",
            on="loan",
            as_of=AsOf(("days",), AsOfUnit.DAYS),
        ),
        History(
            Contract(
                table="loans",
                columns=(
                    Column("application", TEXT, nullable=False),
                    Column("loan", INTEGER, nullable=False),
                    Column("granted", DATE, nullable=False),
                    Column("updated", DATE),
                    Column("amount", NUMBER),
                    Column("status", CATEGORY, categories=STATUSES),
                    Column("branch", CATEGORY, categories=("a", "b")),
                ),
            ),
            parent="applications",
            on="application",
            key="loan",
            as_of=AsOf(("granted", "updated"), AsOfUnit.DATE),
        ),
        History(
            Contract(
                table="inquiries",
                columns=(
                    Column("application", TEXT, nullable=False),
                    Column("month", INTEGER, nullable=False),
                    Column(
                        "channel",
                        CATEGORY,
                        categories=("web", "branch"),
                        unknown=UnknownPolicy.REJECT,
                    ),
                ),
            ),
            parent="applications",
            on="application",
            as_of=AsOf(("month",), AsOfUnit.MONTHS, 0),
        ),
    ),
)
FEATURES = {
    "loans_count": "count(loans)",
    "amount_mean": "mean(loans, amount)",
    "amount_std": "std(loans, amount)",
    "open_share": 'share(loans, status == "open")',
    "last_status": "last(loans, status)",
    "since_loan": "time_since(loans)",
    "recent": 'sum(loans, amount, last="3 years")',
    "short": "sum(payments, due - paid)",
    "late_share": "share(payments, late)",
    "most_payments": "max(loans, count(payments))",
    "worst_loan": "max(loans, sum(payments, due - paid, where=late))",
    "web": 'count(inquiries, where=channel == "web", last="12 months")',
    "burden": "sum(loans, amount) / income",
}


@cache
def plan() -> FeaturePlan:
    """The features the model reads."""
    return compile_plan(RELATIONS, [Feature(n, parse(text)) for n, text in FEATURES.items()])


def application(seed: int) -> tuple[Row, Tables]:
    """Return a valid raw application as JSON values, and the rows of its histories."""
    rng = random.Random(seed)
    decided = date(2025, 6, 30) - timedelta(days=rng.randrange(700))
    name = f"A-{seed}"

    def maybe(value: Any) -> Any:
        return value if rng.random() > 0.15 else None

    own: Row = {
        "application": name,
        "decided": decided.isoformat(),
        "income": round(rng.lognormvariate(10, 0.5), 2),
        "age": maybe(rng.randint(18, 80)),
        "purpose": maybe(rng.choice(("car", "home"))),
    }
    loans: list[Row] = [
        {
            "application": name,
            "loan": 100 * seed + number,
            "granted": (decided - timedelta(days=rng.randint(1, 2500))).isoformat(),
            "amount": maybe(round(rng.uniform(100, 90_000), 2)),
            "status": maybe(rng.choice(STATUSES)),
        }
        for number in range(rng.choice((0, 1, 1, 2, 4)))
    ]
    payments: list[Row] = [
        {
            "loan": loan["loan"],
            "days": -rng.randint(1, 900),
            "due": round(rng.uniform(10, 500), 2),
            "paid": maybe(round(rng.uniform(0, 500), 2)),
            "late": maybe(rng.random() < 0.3),
        }
        for loan in loans
        for _ in range(rng.choice((0, 3, 12)))
    ]
    inquiries: list[Row] = [
        {"application": name, "month": -rng.randint(0, 30), "channel": maybe("web")}
        for _ in range(rng.choice((0, 2)))
    ]
    return own, {"loans": loans, "payments": payments, "inquiries": inquiries}


def frames(applications: Sequence[tuple[Row, Tables]]) -> dict[str, pl.DataFrame]:
    """Return raw applications as typed tables."""
    types = {NUMBER: pl.Float64, INTEGER: pl.Int64, BOOLEAN: pl.Boolean}

    def frame(contract: Contract, rows: list[Row]) -> pl.DataFrame:
        schema = {c.name: types.get(c.type, pl.String) for c in contract.columns}
        dates = [c.name for c in contract.columns if c.type is DATE]
        return pl.DataFrame(rows, schema=schema).with_columns(pl.col(dates).str.to_date())

    own = [{**row, "sex": "f", "bad": 0} for row, _ in applications]
    tables = {"applications": frame(RELATIONS.entity, own)}
    for history in RELATIONS.histories:
        rows = [row for _, below in applications for row in below[history.name]]
        tables[history.name] = frame(history.contract, rows)
    return tables


def feature_table(applications: Sequence[tuple[Row, Tables]]) -> pl.DataFrame:
    """Return the table training learns from: applications and features, computed in one go."""
    tables = frames(applications)
    computed = compute(plan(), tables).drop("application")
    return pl.concat([tables["applications"], computed], how="horizontal")


@dataclass(frozen=True)
class FrameHistories:
    """The rows below a few applications, from tables in memory."""

    tables: Mapping[str, pl.DataFrame]

    def of(self, keys: Sequence[Any]) -> Mapping[str, pl.DataFrame]:
        """Return the typed rows with `ENTITY`."""
        keyed = with_entity(plan(), self.tables)
        return {name: frame.filter(pl.col(ENTITY).is_in(keys)) for name, frame in keyed.items()}


@dataclass(frozen=True)
class Raw:
    """Applications, the model learnt from them, and what batch computation gives for them."""

    applications: tuple[tuple[Row, Tables], ...]
    space: FeatureSpace
    model: FittedModel
    bundle: Bundle
    scorer: Scorer
    pds: npt.NDArray[np.float64]


@cache
def raw() -> Raw:
    """Learn from 300 applications; eight golden rows."""
    applications = tuple(application(seed) for seed in range(300))
    table = feature_table(applications)
    contract = plan().contract()
    space = feature_space(contract)
    x = to_matrix(table, space)
    rng = np.random.default_rng(5)
    bad = (np.nan_to_num(x[:, space.names.index("late_share")], nan=0.2) > 0.3) ^ (
        rng.random(len(x)) < 0.15
    )
    learner = Learners().get("logistic")
    task = FitTask(x, bad.astype(np.int8), space, learner.parameters({}, 42))
    model = learner.fit(task)
    bundle = Bundle(
        name="raw_logistic",
        model_type="logistic",
        learner="logistic",
        run_id="0123456789abcdef0123456789abcdef",
        data_version="raw@3f2a9c",
        created_at="2026-11-21T00:00:00+00:00",
        library_versions={"numpy": np.__version__},
        contract=contract,
        space=space,
        calibration=Calibration(omega=1.2, calibrator=Platt(intercept=-0.1, slope=0.95)),
        model_files=model.files(),
        reference={"schema_version": 1},
        golden=(),
        metrics={"roc_auc": 0.71},
        features=plan(),
    )
    scorer = Scorer.of(bundle, model)
    golden = tuple(
        GoldenRow(own, scorer.score_application(own, below), below)
        for own, below in applications[:8]
    )
    return Raw(
        applications=applications,
        space=space,
        model=model,
        bundle=replace(bundle, golden=golden),
        scorer=scorer,
        pds=scorer.score_frame(table),
    )
