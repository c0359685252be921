"""Model quality with defaults on public sets, beside a plain scikit-learn loop over LightGBM.

The peer is what most notebooks hold: ``LGBMClassifier()`` in ``cross_validate``, raw scores. Sets
other than the shipped ones are read from ``../shared/data`` where that folder is beside the clone.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold

from scorewright import wiring
from scorewright.adapters.project_files import dataset
from scorewright.core.errors import FindingsError
from scorewright.core.statistics import cox, ks
from scorewright.flows.events import ignore

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@dataclass(frozen=True, slots=True)
class Case:
    """A table with what ``init`` may not guess, and its anchor: 5-fold AUC of one plain model."""

    name: str
    file: Path
    anchor: float
    target: str | None = None
    bad_value: str | None = None


def cases() -> list[Case]:
    """Return the sets that are here."""
    shipped = [
        Case(name, (found := dataset(name)).path, anchor, found.target, found.bad_value)
        for name, anchor in (("lending_club", 0.7115), ("credit_data", 0.8466))
    ]
    beside = [
        Case("taiwan", SHARED / "taiwan/taiwan.csv", 0.7856),
        Case("south_german", SHARED / "south_german/SouthGermanCredit.asc", 0.7842),
        Case("hmda", SHARED / "aer_hmda/HMDA.csv", 0.8275),
    ]
    return shipped + [case for case in beside if case.file.exists()]


def run() -> None:
    """Print AUC, KS, Brier and Cox slope of both on each set."""
    print(
        f"{'set':14}{'':12}{'AUC':>8}{'+- SD':>8}{'KS':>8}{'Brier':>8}{'slope':>8}{'s':>7}  anchor"
    )
    for case in cases():
        ours, prepared = _ours(case)
        for label, row in (("scorewright", ours), ("plain loop", _peer(prepared))):
            print(f"{case.name:14}{label:12}" + "".join(row) + f"{case.anchor:8.4f}")


def _ours(case: Case) -> tuple[list[str], Any]:
    """Train through the product; accept what the leakage checks ask about."""
    with tempfile.TemporaryDirectory() as folder:
        wish = wiring.NewProject(case.file, Path(folder), case.target, case.bad_value, case.name)
        config = wiring.init_project(wish).settings_file
        began = time.perf_counter()
        while True:
            try:
                result = wiring.project(config).train(ignore)
                break
            except FindingsError as error:
                if error.code != "leakage-findings":
                    raise
                for finding in error.details["findings"]:
                    reason = "accepted by the benchmark, as the anchor uses it too"
                    wiring.accept_finding(config, finding["code"], finding["subject"], reason)
        seconds = time.perf_counter() - began
    m = result.metrics
    figures = (m["mean_roc_auc"], m["std_roc_auc"], m["ks"], m["brier"], m["cox_slope"])
    return [f"{v:8.4f}" for v in figures] + [f"{seconds:7.1f}"], result.validated.prepared


def _peer(prepared: Any) -> list[str]:
    """Cross-validate an untuned LightGBM on the same matrix."""
    x, y = prepared.x, prepared.y
    out, aucs, began = np.empty(len(y)), [], time.perf_counter()
    for train, valid in StratifiedKFold(5, shuffle=True, random_state=42).split(x, y):
        model = lgb.LGBMClassifier(random_state=42, n_jobs=2, verbose=-1)
        categorical = list(prepared.space.categorical_indices) or "auto"
        model.fit(x[train], y[train], categorical_feature=categorical)
        out[valid] = model.predict_proba(x[valid])[:, 1]
        aucs.append(roc_auc_score(y[valid], out[valid]))
    figures = (
        np.mean(aucs), np.std(aucs, ddof=1), ks(y, out).value, brier_score_loss(y, out),
        cox(y, out).slope,
    )  # fmt: skip
    return [f"{v:8.4f}" for v in figures] + [f"{time.perf_counter() - began:7.1f}"]
