"""The reference model of serving: LightGBM, 968 trees, depth 10, 31 leaves, 189 features.

A fifth of the values is missing and twelve features are categories. The model is made once and
kept in the folder for temporary files, as a project that can be served: signed bundle, policy,
``scorewright.toml``. Making it takes half a minute of CPU time.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tests.fakes.policies import policy_of

from scorewright.adapters.bundles import DiskBundles, KeyRing
from scorewright.adapters.learners import Learners
from scorewright.core.bundles import Bundle, GoldenRow
from scorewright.core.calibration import Calibration, Platt
from scorewright.core.contracts import Column, ColumnType, Contract
from scorewright.core.matrix import Feature, FeatureSpace
from scorewright.core.scoring import Scorer
from scorewright.flows.ports import FitTask, FittedModel

__all__ = ["Reference", "reference"]

Floats = npt.NDArray[np.float64]

#: Raised with every change of what is made here.
VERSION = 1
FEATURES, CATEGORIES, ROWS, MISSING = 189, 12, 15_000, 0.2
REQUESTS, GOLDEN = 1_000, 20
PARAMS: dict[str, Any] = {
    "n_estimators": 968,
    "max_depth": 10,
    "num_leaves": 31,
    "learning_rate": 0.02,
    "colsample_bytree": 0.5,
    "min_child_samples": 40,
    "reg_lambda": 10.0,
}
WORDS = (
    "amount", "income", "balance", "payment", "limit", "days_past_due", "count", "share", "months",
    "score",
)  # fmt: skip
SETTINGS = """[project]
name = "reference"

[tables.applications]
files = "applications.csv"

[data]
table = "applications"
target = "bad"
bad_value = "1"
"""


@dataclass(frozen=True, slots=True)
class Reference:
    """The project on disk, and applications to send it.

    Attributes:
        root: The project's folder.
        bundle: Digest of its bundle.
        requests: Applications, JSON-ready, by feature.
    """

    root: Path
    bundle: str
    requests: tuple[dict[str, Any], ...]

    @property
    def settings(self) -> Path:
        """The project's settings."""
        return self.root / "scorewright.toml"

    @property
    def directory(self) -> Path:
        """The bundle's directory."""
        return self.root / "bundles" / self.bundle

    @property
    def model_text(self) -> bytes:
        """LightGBM's text format."""
        return (self.directory / "model" / "model.txt").read_bytes()

    def store(self) -> DiskBundles:
        """Return the project's bundles."""
        return _store(self.root)


def reference(folder: Path | None = None) -> Reference:
    """Return the reference project, made where it is not there yet.

    Args:
        folder: Where it is kept; by default below the folder for temporary files.
    """
    kept = folder or Path(tempfile.gettempdir()) / "scorewright-benchmarks"
    root = kept / f"serving-{VERSION}"
    if not root.is_dir():
        aside = Path(tempfile.mkdtemp(prefix=f".{root.name}-", dir=_made(kept)))
        _make(aside)
        try:
            aside.rename(root)
        except OSError:  # another process was first
            shutil.rmtree(aside)
    current = json.loads((root / "bundles" / "current.json").read_bytes())
    requests = json.loads((root / "requests.json").read_bytes())
    return Reference(root, str(current["bundle"]), tuple(requests))


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _store(root: Path) -> DiskBundles:
    return DiskBundles(root / "bundles", KeyRing(root / ".scorewright" / "keys"))


def _make(root: Path) -> None:
    """Make the project in an empty folder."""
    names = [f"{WORDS[i % len(WORDS)]}_{i:03d}" for i in range(FEATURES)]
    x, y, levels = _applications()
    features = tuple(
        Feature(name, tuple(f"level {k}" for k in range(levels.get(i, 0))))
        for i, name in enumerate(names)
    )
    space = FeatureSpace(features)
    learner = Learners().get("lgbm")
    threads = os.cpu_count() or 1
    task = FitTask(x, y, space, learner.parameters(PARAMS, 42), threads=threads)
    model = learner.fit(task)
    bundle = _bundle(model, space, _values(space, x[:GOLDEN]))
    store = _store(root)
    digest = store.publish(bundle).name
    _, file = store.publish_policy(policy_of(bundle, version=0, threshold=0.2))
    store.activate(digest, file.name, datetime.now(UTC))
    requests = json.dumps(_values(space, x[:REQUESTS]))
    (root / "requests.json").write_text(requests, encoding="utf-8")
    (root / "scorewright.toml").write_text(SETTINGS, encoding="utf-8")


def _applications() -> tuple[Floats, npt.NDArray[np.int8], dict[int, int]]:
    """Return matrix, labels, and how many levels each category has."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(ROWS, FEATURES))
    x[:, ::5] = np.exp(x[:, ::5]).round(2)
    weights = rng.normal(size=FEATURES) * 0.15
    first = FEATURES - CATEGORIES
    z = x[:, :first] @ weights[:first] - 3.2 + 0.8 * np.sin(2.0 * x[:, 3]) * x[:, 7]
    levels = {}
    for column in range(first, FEATURES):
        levels[column] = int(rng.integers(3, 30))
        x[:, column] = rng.integers(0, levels[column], ROWS)
        z += 0.3 * rng.normal(size=levels[column])[x[:, column].astype(int)]
    y = (rng.random(ROWS) < 1.0 / (1.0 + np.exp(-z))).astype(np.int8)
    x[rng.random(x.shape) < MISSING] = np.nan
    return x, y, levels


def _values(space: FeatureSpace, x: Floats) -> list[dict[str, Any]]:
    """Return rows as JSON-ready values by name."""
    rows = []
    for row in x.tolist():
        pairs = zip(space.features, row, strict=True)
        rows.append({
            f.name: None if v != v else (f.categories[int(v)] if f.categories else v)  # noqa: PLR0124 - NaN is not itself
            for f, v in pairs
        })  # fmt: skip
    return rows


def _bundle(model: FittedModel, space: FeatureSpace, golden: list[dict[str, Any]]) -> Bundle:
    contract = Contract(
        table="applications",
        columns=tuple(
            Column(f.name, ColumnType.CATEGORY, categories=f.categories)
            if f.categories
            else Column(f.name, ColumnType.NUMBER, minimum=-1e6, maximum=1e6)
            for f in space.features
        ),
    )
    calibration = Calibration(1.0, Platt(intercept=-0.05, slope=0.97))
    scorer = Scorer(model, space, calibration, contract)
    return Bundle(
        name="reference_lgbm",
        model_type="lgbm",
        learner="lgbm",
        run_id="0" * 32,
        data_version="reference@000000",
        created_at="2026-11-21T00:00:00+00:00",
        library_versions={"numpy": np.__version__},
        contract=contract,
        space=space,
        calibration=calibration,
        model_files=model.files(),
        reference={"schema_version": 1},
        golden=tuple(GoldenRow(row, scorer.score_row(row)) for row in golden),
        metrics={},
    )
