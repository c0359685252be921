"""What training needs from the world, and the values its stages hand on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.calibration import Calibration, CalibrationChoice
from scorewright.core.contracts import Contract
from scorewright.core.conventions import Conventions
from scorewright.core.decision import CostCurve, ThresholdChoice, ThresholdInterval
from scorewright.core.features import FeaturePlan
from scorewright.core.leakage import Settled
from scorewright.core.matrix import FeatureSpace
from scorewright.core.monotonicity import MonotoneProof
from scorewright.core.project import Settings
from scorewright.core.validation import FoldPlan, Maturity
from scorewright.flows.events import Notify
from scorewright.flows.features.attach import ProjectFeatures
from scorewright.flows.ports import (
    Bench,
    BundleStore,
    ChartRenderer,
    Clock,
    CodeVersion,
    ContractFiles,
    FittedModel,
    Learner,
    LearnerCatalogue,
    Prover,
    RunLog,
    Sampler,
    SamplerCatalogue,
    TableReader,
)

__all__ = [
    "Assessment",
    "Histories",
    "OutOfFold",
    "Prepared",
    "Relational",
    "TrainTools",
    "Validated",
]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class TrainTools:
    """The ports of training, who listens, and the features of histories where there are any."""

    reader: TableReader
    contracts: ContractFiles
    learners: LearnerCatalogue
    samplers: SamplerCatalogue
    run_log: RunLog
    bundles: BundleStore
    prover: Prover
    charts: ChartRenderer
    code: CodeVersion
    clock: Clock
    conventions: Conventions
    library_versions: Mapping[str, str]
    notify: Notify
    features: ProjectFeatures | None = None


class Histories(Protocol):
    """The rows below a few applications."""

    def of(self, keys: Sequence[Any]) -> Mapping[str, pl.DataFrame]:
        """Return the typed rows of every history the plan reads, with the column `ENTITY`.

        Args:
            keys: Keys of applications.
        """
        ...


@dataclass(frozen=True, slots=True)
class Relational:
    """What a training with histories knows beyond its table.

    Attributes:
        plan: All declared features; `FeaturePlan.restricted` gives those a model uses.
        histories: Rows for golden applications.
        digest: Of the definition and its inputs.
    """

    plan: FeaturePlan
    histories: Histories
    digest: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """Checked rows, ready to learn from.

    Attributes:
        settings: The project.
        contract: The contract the rows keep.
        frame: Typed rows, shape (n, columns).
        x: Matrix of shape (n, p) in the order of ``space``.
        y: Labels of shape (n,), 1 is bad.
        keys: Row key as text, shape (n,).
        plan: Which rows are validated where.
        data_version: ``label@hash``.
        data_digest: Full content digest.
        learner, params: What will be fitted.
        sampler: How the training rows of each model are re-balanced.
        strategy: Name of the features' set; the ``feature_strategy`` tag.
        bench: Where models are fitted; shared by everything that is fitted on ``x``.
        leakage: What the leakage checks said.
        relational: Features of histories, where the project declares any.
        maturity: Which loans were old enough, where a performance window is set.
    """

    settings: Settings
    contract: Contract
    frame: pl.DataFrame
    space: FeatureSpace
    x: Floats
    y: Labels
    keys: pl.Series
    plan: FoldPlan
    data_version: str
    data_digest: str
    source: str
    learner: Learner
    params: Mapping[str, Any]
    leakage: Settled
    sampler: Sampler
    bench: Bench
    strategy: str = "baseline"
    relational: Relational | None = None
    maturity: Maturity | None = None

    @property
    def development(self) -> npt.NDArray[np.bool_]:
        """Which rows are not held out of time, shape (n,)."""
        return ~self.plan.is_oot


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Scores of models that never saw the row.

    Attributes:
        raw: As the fold's model gave them, shape (development rows,).
        score: The same after prior correction with the weights of that model.
        train_folds: Per fold, (labels, corrected scores) of its training rows, none of them made
            up or left out by a sampling.
        repeats: The same for the folds of further assignments: (labels, corrected scores) of the
            validation rows, then of the training rows.
        params: What the models were fitted with, a number of rounds chosen over folds included.
        kept: Per fold, the features its model chose; empty where it takes all.
        oot_score: Corrected scores of the out-of-time rows by a model of all development rows.
        seconds: What the fits took.
    """

    raw: Floats
    score: Floats
    train_folds: tuple[tuple[Labels, Floats], ...]
    oot_score: Floats | None
    seconds: float
    repeats: tuple[tuple[tuple[Labels, Floats], tuple[Labels, Floats]], ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    kept: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """The honest figures, and the threshold they lead to.

    ``calibration`` was chosen on corrected out-of-fold scores; ``deployed`` is the same with the
    prior correction of the model that is fitted on all rows.
    """

    y: Labels
    raw: Floats
    pd: Floats
    fold: npt.NDArray[np.int64]
    calibration: CalibrationChoice
    deployed: Calibration
    curve: CostCurve
    best: ThresholdChoice
    chosen_threshold: float
    interval: ThresholdInterval | None
    bayes: float
    metrics: Mapping[str, float]
    histories: Mapping[str, list[float]]


@dataclass(frozen=True, slots=True)
class Validated:
    """Everything the run record, the bundle and the report are written from."""

    prepared: Prepared
    out_of_fold: OutOfFold
    assessment: Assessment
    final: FittedModel
    monotone: tuple[MonotoneProof, ...]
