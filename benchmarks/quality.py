"""Model quality on public sets: default LightGBM, tuned LightGBM and scorecard beside anchors.

Everything is cross-validated in the same five stratified folds (seed 42) and calibrated out of
fold. Tuning is nested: each fold's parameters are found by an inner search on its training rows,
so the printed figure is not the best of many tries. The anchors are the AUC of one untuned
LightGBM and of a logistic regression on the same sets; a model below its anchor by more than the
standard error over the folds is marked, and the benchmark then exits with 1.

Options: ``--sets taiwan,hmda``, ``--models default,tuned,scorecard``, ``--fast`` (no tuning).
Sets that are not shipped are read from ``../shared/data`` where that folder is beside the clone.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import optuna
import polars as pl
from sklearn.model_selection import StratifiedKFold

from scorewright import wiring
from scorewright.adapters.learners import Learners
from scorewright.adapters.project_files import TomlContractFiles, dataset
from scorewright.core.contracts import Use
from scorewright.core.errors import FindingsError
from scorewright.core.sampling import Sample
from scorewright.core.statistics import roc_auc
from scorewright.flows.events import ignore
from scorewright.flows.fitting import open_bench
from scorewright.flows.train.prepare import fit_task, prepare
from scorewright.flows.train.tools import OutOfFold, Prepared
from scorewright.flows.train.validate import assess, cross_validate

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
FOLDS = 5
TRIALS = 12
INNER_FOLDS = 3
#: A trial whose first inner fold lies this far below the best is given up.
HOPELESS = 0.01
#: Of the SBA case: identifiers, and what is known only after the outcome.
SBA_HIDDEN = [
    "Selected", "LoanNr_ChkDgt", "Name", "City", "MIS_Status", "ChgOffDate", "ChgOffPrinGr",
    "BalanceGross",
]  # fmt: skip

Metrics = dict[str, float]


@dataclass(frozen=True, slots=True)
class Case:
    """A table with what ``init`` may not guess, and its anchors.

    Attributes:
        name: Name of the set.
        load: Returns the table.
        target, bad_value: The outcome.
        anchor: AUC and its SD over folds (0 where unknown) of an untuned LightGBM.
        linear: AUC of a logistic regression, the scorecard's anchor.
        protected: Columns the anchors use though a contract withholds them from models at first.
    """

    name: str
    load: Callable[[], pl.DataFrame]
    target: str
    bad_value: str
    anchor: tuple[float, float]
    linear: float
    protected: tuple[str, ...] = ()


def _csv(path: Path, **options: Any) -> Callable[[], pl.DataFrame]:
    return lambda: pl.read_csv(
        path, infer_schema_length=None, null_values=["", "NA", "?"], **options
    )


def _statlog() -> pl.DataFrame:
    rows = (SHARED / "german_statlog/german.data").read_text(encoding="utf-8").splitlines()
    cells = [row.split() for row in rows if row.strip()]
    names = [f"attr{i}" for i in range(1, len(cells[0]))] + ["class"]
    text = "\n".join(",".join(row) for row in [names, *cells])
    return pl.read_csv(text.encode(), infer_schema_length=None)


def _arff(path: Path) -> Callable[[], pl.DataFrame]:
    """Read the rows of an ARFF file whose last attribute is the class."""

    def load() -> pl.DataFrame:
        lines = path.read_text(encoding="utf-8").splitlines()
        start = next(i for i, line in enumerate(lines) if line.strip().lower() == "@data")
        rows = [line for line in lines[start + 1 :] if line.strip()]
        names = [f"attr{i}" for i in range(1, rows[0].count(",") + 1)] + ["class"]
        text = "\n".join([",".join(names), *rows]).encode()
        return pl.read_csv(text, infer_schema_length=None, null_values=["?"])

    return load


def cases() -> list[Case]:
    """Return the sets that are here, in the order they are shown."""
    lending, credit = dataset("lending_club"), dataset("credit_data")
    polish = SHARED / "polish_bankruptcy"
    sba = _csv(SHARED / "sba_case/SBAcase.11.13.17.csv")
    beside = {
        "taiwan/taiwan.csv": Case(
            "taiwan",
            lambda: _csv(SHARED / "taiwan/taiwan.csv", skip_rows=1)().drop("ID"),
            "default payment next month", "1", (0.7856, 0.0057), 0.7226,
        ),
        "south_german/SouthGermanCredit.asc": Case(
            "south_german",
            _csv(SHARED / "south_german/SouthGermanCredit.asc", separator=" "),
            "kredit", "0", (0.7842, 0.034), 0.7739,
        ),
        "german_statlog/german.data": Case(
            "statlog_german", _statlog, "class", "2", (0.7786, 0.032), 0.7876
        ),
        "aer_hmda/HMDA.csv": Case(
            "hmda", _csv(SHARED / "aer_hmda/HMDA.csv"), "deny", "yes", (0.8275, 0.029), 0.8202,
            ("afam", "single"),
        ),
        "sba_case/SBAcase.11.13.17.csv": Case(
            "sba", lambda: sba().drop(SBA_HIDDEN), "Default", "1", (0.9788, 0.0), 0.8904
        ),
        "polish_bankruptcy/1year.arff": Case(
            "polish_1", _arff(polish / "1year.arff"), "class", "1", (0.9542, 0.0), 0.8896
        ),
        "polish_bankruptcy/5year.arff": Case(
            "polish_5", _arff(polish / "5year.arff"), "class", "1", (0.9587, 0.0), 0.8688
        ),
    }  # fmt: skip
    shipped = [
        Case(
            found.name, partial(pl.read_parquet, found.path), found.target, str(found.bad_value),
            anchor, linear,
        )
        for found, anchor, linear in (
            (credit, (0.8466, 0.018), 0.8387), (lending, (0.7115, 0.029), 0.7365),
        )
    ]  # fmt: skip
    return shipped + [case for file, case in beside.items() if (SHARED / file).exists()]


def run(arguments: Sequence[str] = ()) -> None:
    """Print every model's figures on each set, and whether it keeps up with its anchor."""
    known = [case.name for case in cases()]
    parser = argparse.ArgumentParser(prog="python -m benchmarks quality")
    parser.add_argument("--sets", default=",".join(known))
    parser.add_argument("--models", default="default,tuned,scorecard")
    parser.add_argument("--fast", action="store_true", help="leave the tuning out")
    chosen = parser.parse_args(list(arguments))
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    models = [m for m in chosen.models.split(",") if not (chosen.fast and m == "tuned")]
    if "scorecard" not in Learners().names():
        models = [model for model in models if model != "scorecard"]
    print(
        f"{'set':15}{'model':11}{'AUC':>8}{'+- SD':>8}{'KS':>7}{'Brier':>8}{'slope':>7}"
        f"{'cost':>7}{'s':>7}{'anchor':>9}  verdict"
    )
    below = 0
    for case in cases():
        if case.name in chosen.sets.split(","):
            prepared = _prepared(case)
            below += sum(_line(case, model, prepared) for model in models)
    if below:
        print(f"\n{below} below their anchor by more than the standard error over the folds")
        raise SystemExit(1)


def _line(case: Case, model: str, prepared: Prepared) -> bool:
    """Print one model's figures; return whether it is below its anchor."""
    began = time.perf_counter()
    m = MODELS[model](prepared)
    seconds = time.perf_counter() - began
    anchor, sd = (case.linear, 0.0) if model == "scorecard" else case.anchor
    error = max(sd, m["std_roc_auc"]) / np.sqrt(FOLDS)
    is_below = bool(m["mean_roc_auc"] < anchor - error)
    verdict = "BELOW" if is_below else ("above" if m["mean_roc_auc"] >= anchor else "level")
    print(
        f"{case.name:15}{model:11}{m['mean_roc_auc']:8.4f}{m['std_roc_auc']:8.4f}{m['ks']:7.3f}"
        f"{m['brier']:8.4f}{m['cox_slope']:7.3f}{m['cost_per_application']:7.3f}{seconds:7.1f}"
        f"{anchor:9.4f}  {verdict}",
        flush=True,
    )
    return is_below


def _prepared(case: Case) -> Prepared:
    """Set a project up and take it to the point where a model is fitted."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{case.name}.csv"
        case.load().write_csv(file)
        wish = wiring.NewProject(file, Path(folder), case.target, case.bad_value, case.name)
        config = wiring.init_project(wish).settings_file
        _use(wiring.project(config).source(case.name).contract_path, case.protected)
        while True:
            try:
                project = wiring.project(config)
                validation = project.settings.validation.model_copy(
                    update={"scheme": "stratified", "folds": FOLDS}
                )
                settings = project.settings.model_copy(update={"validation": validation})
                return prepare(
                    settings, project.source(case.name), wiring.train_tools(project, ignore)
                )
            except FindingsError as error:
                if error.code != "leakage-findings":
                    raise
                for finding in error.details["findings"]:
                    reason = "accepted by the benchmark, as the anchor uses it too"
                    wiring.accept_finding(config, finding["code"], finding["subject"], reason)


def _use(file: Path, names: Sequence[str]) -> None:
    """Give the model columns its contract only monitors."""
    contract = TomlContractFiles().load(file)
    if contract is None or not names:
        return
    columns = tuple(replace(c, use=Use.MODEL) if c.name in names else c for c in contract.columns)
    TomlContractFiles().save(replace(contract, columns=columns), file)


def _tools() -> Any:
    clock = SimpleNamespace(elapsed=time.perf_counter)
    return SimpleNamespace(clock=clock, notify=ignore)


def _default(prepared: Prepared) -> Metrics:
    return dict(assess(prepared, cross_validate(prepared, _tools()), _tools()).metrics)


def _scorecard(prepared: Prepared) -> Metrics:
    """Validate the scorecard on the same matrix and folds."""
    learner = Learners().get("scorecard")
    params = learner.parameters({}, prepared.settings.project.seed)
    task = fit_task(prepared.settings, prepared.x, prepared.y, prepared.space, params)
    return _default(
        replace(prepared, learner=learner, params=params, bench=open_bench(learner, task))
    )


def _tuned(prepared: Prepared) -> Metrics:
    """Validate folds whose parameters were each found on their own training rows."""
    raw, twins = np.empty(len(prepared.y)), []
    for number, train, valid in prepared.plan.splits():
        params = _searched(prepared, train, number)
        model = prepared.bench.fit(Sample(train), params)
        raw[valid] = model.predict(prepared.x[valid])
        twins.append((prepared.y[train], model.predict(prepared.x[train])))
    scores = OutOfFold(raw, raw.copy(), tuple(twins), None, 0.0, (), prepared.params)
    return dict(assess(prepared, scores, _tools()).metrics)


def _searched(prepared: Prepared, rows: np.ndarray, number: int) -> dict[str, Any]:
    """Return the parameters with the best mean AUC over inner folds of these rows."""
    inner = StratifiedKFold(INNER_FOLDS, shuffle=True, random_state=42)
    splits = [(rows[a], rows[b]) for a, b in inner.split(rows, prepared.y[rows])]
    best_first = [0.0]

    def score(trial: optuna.Trial) -> float:
        params = {**prepared.params, **_suggested(trial)}
        aucs: list[float] = []
        for train, valid in splits:
            model = prepared.bench.fit(Sample(train), params)
            aucs.append(roc_auc(prepared.y[valid], model.predict(prepared.x[valid])))
            if aucs[0] < best_first[0] - HOPELESS:
                raise optuna.TrialPruned
        best_first[0] = max(best_first[0], aucs[0])
        return float(np.mean(aucs))

    sampler = optuna.samplers.TPESampler(seed=number, n_startup_trials=6)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    names = ("n_estimators", "learning_rate", "num_leaves", "min_child_samples",
             "colsample_bytree", "reg_lambda")  # fmt: skip
    study.enqueue_trial({name: prepared.params[name] for name in names})
    study.optimize(score, n_trials=TRIALS)
    return {**prepared.params, **study.best_params}


def _suggested(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "n_estimators": trial.suggest_int("n_estimators", 100, 600, step=50),
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.1, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 4, 40, log=True),
        "min_child_samples": trial.suggest_int("min_child_samples", 5, 100, log=True),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.2, 1.0),
        "reg_lambda": trial.suggest_float("reg_lambda", 0.1, 50.0, log=True),
    }


MODELS: dict[str, Callable[[Prepared], Metrics]] = {
    "default": _default,
    "tuned": _tuned,
    "scorecard": _scorecard,
}
