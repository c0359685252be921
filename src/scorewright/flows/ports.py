"""The ports: what the flows need from the world, and nothing more.

Each is a Protocol owned by the flows and implemented by an adapter. ``wiring`` is the only
file that knows which adapter stands behind which port.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from scorewright.core.bundles import Bundle, Manifest
from scorewright.core.contracts import Contract
from scorewright.core.decision import Policy
from scorewright.core.matrix import FeatureSpace
from scorewright.core.report import ReportContent
from scorewright.core.sampling import Sample

if TYPE_CHECKING:
    import polars as pl  # the service starts without it

__all__ = [
    "Bench",
    "BundleStore",
    "ChartRenderer",
    "ChoosesFeatures",
    "Clock",
    "CodeVersion",
    "ComposedLearner",
    "ContractFiles",
    "Current",
    "DatasetInput",
    "FitTask",
    "FittedModel",
    "FoldFit",
    "FoldTask",
    "HasPointsTable",
    "Learner",
    "LearnerCatalogue",
    "LoadedBundle",
    "Proof",
    "Prover",
    "ReportRenderer",
    "RunHandle",
    "RunIndex",
    "RunLog",
    "RunStart",
    "RunView",
    "Sampler",
    "SamplerCatalogue",
    "SharingLearner",
    "TableFile",
    "TableReader",
    "TableSource",
    "TableWriter",
]

Floats = npt.NDArray[np.float64]
Params = Mapping[str, Any]


class Clock(Protocol):
    """The time, always aware and UTC."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        ...

    def elapsed(self) -> float:
        """Seconds from a fixed, arbitrary start; never runs backwards."""
        ...


class CodeVersion(Protocol):
    """The version of the code that runs."""

    def commit(self) -> str:
        """Return the git commit, ``-dirty`` appended where the tree was, or ``unknown``."""
        ...


@dataclass(frozen=True, slots=True)
class TableFile:
    """Where a table's rows lie.

    Attributes:
        name: Table name.
        patterns: File names, globs or folders, already absolute; or URLs of object storage, of a
            DuckDB file or of a PostgreSQL database.
        separator: Column separator of CSV files.
        null_values: Texts that mean "missing" in CSV files.
        encoding: Text encoding of CSV files.
        relation: Table or view in a database, such as ``public.bureau``.
        shown: The patterns fit to be shown and logged, without passwords and signatures.
    """

    name: str
    patterns: tuple[str, ...]
    separator: str = ","
    null_values: tuple[str, ...] = ("", "NA", "NaN", "nan", "null", "NULL", "None")
    encoding: str = "utf-8"
    relation: str | None = None
    shown: str = ""


class TableReader(Protocol):
    """Reads tables from files."""

    def read(self, table: TableFile) -> pl.DataFrame:
        """Return all rows. CSV columns come as text, Parquet columns with their own types.

        Raises:
            UsageError: ``data-file-missing``, ``data-file-empty``, ``data-encoding``,
                ``data-ragged`` (names the line), ``data-duplicate-column``, ``data-unreadable``,
                ``data-columns-differ`` (files of one glob with different columns).
        """
        ...


@dataclass(frozen=True, slots=True)
class TableSource:
    """A table and the file of its contract."""

    file: TableFile
    contract_path: Path


class ContractFiles(Protocol):
    """Contracts as files people read and edit."""

    def load(self, path: Path) -> Contract | None:
        """Return the contract, or None where there is no file.

        Raises:
            UsageError: ``contract-invalid``, with file and line.
        """
        ...

    def save(self, contract: Contract, path: Path) -> None:
        """Write the contract aside and rename it."""
        ...


class TableWriter(Protocol):
    """Writes a table to one file, aside first and then renamed."""

    def check(self, path: Path) -> None:
        """Refuse a file that could not be written, before the work for it is done.

        Raises:
            UsageError: ``output-format`` for an unknown suffix.
        """
        ...

    def write(self, frame: pl.DataFrame, path: Path) -> None:
        """Write CSV or Parquet by suffix. Text cells that a spreadsheet would run are escaped.

        Raises:
            UsageError: ``output-format`` for an unknown suffix.
            ScorewrightError: ``write-failed`` (disk full, no permission); nothing is left behind.
        """
        ...


@dataclass(frozen=True, slots=True)
class FitTask:
    """Everything a learner may look at while it fits.

    Attributes:
        x: Matrix of shape (n, p) in the order of ``space``; NaN is missing, categories are codes.
        y: Labels of shape (n,), 1 is bad.
        space: The feature space of ``x``.
        params: Complete parameters, as returned by `Learner.parameters`.
        monotone: Feature name -> +1 (PD rises with it) or -1.
        seed: Seed of everything random.
        threads: Threads the learner may use.
        weight: Weight of each row, shape (n,), on top of the class weights in ``params``; None
            means 1.
        made: How many of the last rows a sampling made up of the others.
        parents: Positions of the two rows each made-up row lies between, shape (made, 2); None
            where nobody knows.
    """

    x: Floats
    y: npt.NDArray[np.int8]
    space: FeatureSpace
    params: Params
    monotone: Mapping[str, int] = field(default_factory=dict)
    seed: int = 42
    threads: int = 2
    weight: Floats | None = None
    made: int = 0
    parents: npt.NDArray[np.int64] | None = None


class FittedModel(Protocol):
    """A fitted model: numbers in, raw scores out, and a native form without pickle."""

    def predict(self, x: Floats) -> Floats:
        """Return raw scores in (0, 1) of shape (n,) for a matrix of shape (n, p)."""
        ...

    def files(self) -> Mapping[str, bytes]:
        """Return the native files that `Learner.load` reads back."""
        ...

    def importance(self) -> Mapping[str, float]:
        """Return a non-negative importance per feature name."""
        ...

    def loss_history(self) -> Sequence[float]:
        """Return the training log loss per iteration; empty where there are none."""
        ...


class Learner(Protocol):
    """A learning algorithm.

    Attributes:
        name: Name in the settings, equal to the file's name: ``lgbm``.
        model_type: Value of the ``model_type`` tag of the conventions.
        supports_monotone: Whether ``monotone`` constraints can be kept.
    """

    name: str
    model_type: str
    supports_monotone: bool

    def parameters(self, overrides: Params, seed: int) -> dict[str, Any]:
        """Return the complete parameters under the library's own names.

        Raises:
            UsageError: ``learner-params`` for an unknown name (with near misses) or value.
        """
        ...

    def weight_ratio(self, params: Params, y: npt.NDArray[np.int8]) -> float:
        """Return omega = weight of a bad / weight of a good that these parameters imply."""
        ...

    def fit(self, task: FitTask) -> FittedModel:
        """Fit on the task's rows. The same task gives the same bytes in `FittedModel.files`."""
        ...

    def load(self, files: Mapping[str, bytes], space: FeatureSpace) -> FittedModel:
        """Read a model back from its native files."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class FoldTask:
    """One fold: what its model is fitted on, and the rows it is judged on.

    Attributes:
        sample: What it is fitted on; positions in the bench's matrix.
        train: All training rows of the fold, sampled or not; its twin is measured on them.
        valid: Rows the model never saw.
    """

    sample: Sample
    train: npt.NDArray[np.int64]
    valid: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class FoldFit:
    """What one fold gave.

    Attributes:
        train_score: Raw scores of `FoldTask.train`.
        valid_score: Raw scores of `FoldTask.valid`.
        params: Parameters the fold was fitted with; where the number of rounds was chosen
            while fitting, they say which, and hold for a fit on other rows.
        kept: Names of the features the fold's model was fitted on, where it chose them; empty
            where it takes all.
    """

    train_score: Floats
    valid_score: Floats
    params: Params
    kept: tuple[str, ...] = ()


class Bench(Protocol):
    """One matrix on which many models of one learner are fitted; what can be shared is shared.

    The same sample gives the same model as `Learner.fit` on its rows, but for rounds that are
    chosen over the folds.
    """

    def fit_folds(self, folds: Sequence[FoldTask], params: Params) -> Iterator[FoldFit]:
        """Fit one model per fold and yield its scores, in the order of the folds.

        The folds may be fitted side by side: a number of rounds is then chosen on the mean of
        their curves, the same for all.
        """
        ...

    def fit(self, sample: Sample, params: Params) -> FittedModel:
        """Fit one model on a sample."""
        ...


@runtime_checkable
class SharingLearner(Protocol):
    """A learner that can share work between fits on one matrix; others are fitted one by one."""

    def bench(self, task: FitTask) -> Bench:
        """Return a bench on the task's matrix. Its parameters are only a first example."""
        ...


@runtime_checkable
class ComposedLearner(Protocol):
    """A learner around others: its type and its promises depend on which they are."""

    def configured(self, overrides: Params) -> Learner:
        """Return the learner for these parameters, as they are given to `Learner.parameters`.

        Raises:
            UsageError: As `Learner.parameters` does for what names or holds the others.
        """
        ...


@runtime_checkable
class ChoosesFeatures(Protocol):
    """A fitted model that uses some of the columns it was offered."""

    @property
    def kept(self) -> tuple[str, ...]:
        """Names of the features it uses, in the order of the space."""
        ...


@runtime_checkable
class HasPointsTable(Protocol):
    """A fitted model that is a table of points people can read and sign."""

    def table(self) -> Sequence[Mapping[str, Any]]:
        """Return the table, one row per bin, ready for JSON; all rows have the same keys."""
        ...


class Sampler(Protocol):
    """A way to re-balance the classes of training rows.

    Attributes:
        name: Value of the ``sampling_strategy`` tag: ``none``, ``balanced``, ``smote`` ...
    """

    name: str

    def sample(
        self,
        x: Floats,
        y: npt.NDArray[np.int8],
        rows: npt.NDArray[np.int64],
        space: FeatureSpace,
        seed: int,
    ) -> Sample:
        """Choose what a model is fitted on; looks at nothing but ``x[rows]`` and ``y[rows]``.

        Args:
            x: Matrix of shape (n, p); NaN is missing, categories are codes.
            y: Labels of shape (n,).
            rows: Training rows, ascending positions.
            space: The feature space of ``x``.
            seed: The same seed gives the same sample.

        Raises:
            UsageError: ``sampling-impossible``: too few bads for the method.
        """
        ...


class SamplerCatalogue(Protocol):
    """The samplers that are installed, by name."""

    def names(self) -> tuple[str, ...]:
        """Return the names, sorted."""
        ...

    def get(self, name: str) -> Sampler:
        """Return a sampler.

        Raises:
            UsageError: ``sampler-unknown``, with near misses.
        """
        ...


class LearnerCatalogue(Protocol):
    """The learners that are installed, by name."""

    def names(self) -> tuple[str, ...]:
        """Return the names, sorted."""
        ...

    def get(self, name: str) -> Learner:
        """Return a learner.

        Raises:
            UsageError: ``learner-unknown``, with near misses.
        """
        ...


@dataclass(frozen=True, slots=True)
class RunStart:
    """What is known of a run when it starts.

    Attributes:
        experiment: Name of its experiment.
        name: Run name.
        description: For people.
        tags: Tags.
        parent: Run id of the run it belongs to.
        continues: Run id of an earlier run that is opened again instead of a new one.
    """

    experiment: str
    name: str
    description: str
    tags: Mapping[str, str]
    parent: str | None = None
    continues: str | None = None


@dataclass(frozen=True, slots=True)
class DatasetInput:
    """A data set a run used.

    Attributes:
        name: Label, such as ``lending_club``.
        digest: Content digest, 64 hexadecimal characters.
        role: ``training``, ``validation``, ``policy`` or ``test``.
        source: Where it was read from, as text.
        schema: Column name -> type.
        profile: Row counts and the like.
    """

    name: str
    digest: str
    role: str
    source: str
    schema: Mapping[str, str]
    profile: Mapping[str, Any]


class RunHandle(Protocol):
    """One open run. Left by an exception, it ends as FAILED with the reason in a tag."""

    run_id: str
    experiment_id: str

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log parameters."""
        ...

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """Log final metrics (step 0)."""
        ...

    def log_history(self, histories: Mapping[str, Sequence[float]]) -> None:
        """Log metric histories; the position is the step."""
        ...

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags."""
        ...

    def log_input(self, dataset: DatasetInput) -> None:
        """Log a data set as an input with its role."""
        ...

    def log_files(self, files: Mapping[str, bytes]) -> None:
        """Log artifacts by relative path."""
        ...

    def log_model(
        self, name: str, bundle_dir: Path, manifest: Manifest, example: Mapping[str, Any]
    ) -> str:
        """Log the bundle as an MLflow model that needs no pickle; return its model URI."""
        ...


class RunLog(Protocol):
    """The system of record for runs."""

    def start(self, start: RunStart) -> RunContext:
        """Open a run: ``with run_log.start(...) as run:``.

        Raises:
            ScorewrightError: ``store-unreachable``, ``store-schema``, ``store-locked``.
        """
        ...

    def location(self) -> str:
        """Return the tracking URI for people."""
        ...


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as it lies in the store.

    Attributes:
        run_id: Its id.
        name: Run name.
        status: ``FINISHED``, ``FAILED``, ``KILLED``, ``RUNNING`` or ``SCHEDULED``.
        tags: All tags.
        params: Parameters as text.
        metrics: Last value by name.
        started, ended: Milliseconds since 1970; ``ended`` is None while it runs.
        inputs: Number of data-set inputs that have a digest and a role.
    """

    run_id: str
    name: str
    status: str
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    started: int
    ended: int | None
    inputs: int = 0


class RunIndex(Protocol):
    """Finds runs again. Runs in MLflow's bin are not found."""

    def find(self, experiment: str, tags: Mapping[str, str]) -> Sequence[RunView]:
        """Return the runs of an experiment that carry all these tags, the oldest first.

        An experiment or store that does not exist holds none.
        """
        ...

    def get(self, run_id: str) -> RunView:
        """Return one run.

        Raises:
            UsageError: ``run-missing``.
        """
        ...

    def histories(self, run_id: str, names: Sequence[str]) -> Mapping[str, Sequence[float]]:
        """Return metric histories in the order of their steps; absent ones are left out."""
        ...

    def artifacts(self, run_id: str) -> frozenset[str]:
        """Return the relative paths of all artifact files of a run."""
        ...

    def artifact(self, run_id: str, path: str) -> bytes:
        """Return one artifact.

        Raises:
            UsageError: ``artifact-missing``.
        """
        ...

    def discard(self, run_id: str, reason: str) -> None:
        """End a run that an interruption left behind as KILLED, and move it to MLflow's bin."""
        ...


class RunContext(Protocol):
    """A context manager around a run."""

    def __enter__(self) -> RunHandle:
        """Create the run."""
        ...

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """End it: FINISHED, FAILED, or KILLED on an interrupt."""
        ...


class ChartRenderer(Protocol):
    """Turns Vega-Lite specifications into pictures."""

    def png(self, spec: Mapping[str, Any]) -> bytes:
        """Return the chart as PNG."""
        ...

    def svg(self, spec: Mapping[str, Any]) -> str:
        """Return the chart as SVG text."""
        ...

    def script(self) -> str:
        """Return the JavaScript that draws specifications in a page, without any network."""
        ...


@dataclass(frozen=True, slots=True)
class LoadedBundle:
    """A bundle whose signature, digests and golden rows have been proved."""

    manifest: Manifest
    bundle: Bundle
    model: FittedModel


@dataclass(frozen=True, slots=True)
class Current:
    """What ``current.json`` names: the deployed bundle and its policy."""

    bundle: str
    policy_file: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Proof:
    """The result of proving a bundle in a disposable child process.

    Attributes:
        bundle: Digest of the manifest the child read; the caller compares it with its own.
        rows: Golden rows scored.
        largest_difference: Largest absolute difference of a PD.
        seconds: Wall time, start of the child included.
    """

    bundle: str
    rows: int
    largest_difference: float
    seconds: float


class Prover(Protocol):
    """Proves a bundle in a child process that may die without harm."""

    def prove(self, directory: Path) -> Proof:
        """Load the model in a child and compare its answers with the golden rows.

        Raises:
            IntegrityError: ``bundle-canary-died``, ``bundle-canary-timeout``,
                ``bundle-golden-mismatch``.
        """
        ...


class BundleStore(Protocol):
    """The bundles of a project, on disk: ``<digest>/`` and the policies beside them."""

    def check_ready(self) -> None:
        """Check, cheaply and before any work, that a bundle could be signed and written.

        Raises:
            ScorewrightError: ``key-untrusted``, ``key-permissions``, ``key-invalid``,
                ``key-unwritable``, ``write-failed``, ``bundle-store-locked``.
        """
        ...

    def publish(self, bundle: Bundle) -> Path:
        """Sign and write a bundle aside, rename it to its digest; return its directory."""
        ...

    def publish_policy(self, policy: Policy) -> tuple[Policy, Path]:
        """Sign and write a policy beside its bundle as ``<digest>.policy-<version>.json``.

        A policy of version 0 gets the store's next version, which no other writer can take
        meanwhile. Returns the policy with its version, and its file.
        """
        ...

    def policies(self, bundle_digest: str) -> Sequence[str]:
        """Return the file names of a bundle's policies, the newest version last."""
        ...

    def activate(self, bundle_digest: str, policy_file: str, now: datetime) -> Current:
        """Replace ``current.json`` atomically."""
        ...

    def current(self) -> Current:
        """Read ``current.json``.

        Raises:
            UsageError: ``no-bundle`` when nothing has been trained yet.
        """
        ...

    def directory(self, reference: str) -> Path:
        """Resolve ``current``, a digest, a unique beginning of one, or a path."""
        ...

    def verify(self, directory: Path) -> Manifest:
        """Check signature, list of files, sizes and digests.

        Raises:
            IntegrityError: ``bundle-unsigned``, ``bundle-signature``, ``bundle-untrusted-key``,
                ``bundle-file-missing``, ``bundle-file-extra``, ``bundle-file-changed``,
                ``bundle-manifest``.
        """
        ...

    def read(self, directory: Path) -> Bundle:
        """Read a verified bundle's documents and bytes (no model is parsed)."""
        ...

    def load(self, directory: Path) -> tuple[Manifest, Bundle]:
        """Verify and read in one pass: the bytes that are hashed are the bytes that are used."""
        ...

    def read_policy(self, file: Path) -> Policy:
        """Read a policy and check its signature."""
        ...

    def read_draft(self, file: Path) -> Policy:
        """Read a policy that nobody signed, to be looked at and not to decide."""
        ...

    def digests(self) -> Iterator[str]:
        """List the digests of all bundles, newest first."""
        ...


class ReportRenderer(Protocol):
    """Turns the content of a report into a document."""

    def render(self, content: ReportContent) -> str:
        """Return the report as one self-contained HTML document.

        Raises:
            ScorewrightError: ``chart-unrenderable``.
        """
        ...
