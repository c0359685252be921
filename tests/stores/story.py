"""The store of someone who inherited a mess: one database at the root, one tree in `notebooks`.

Written directly, the same bytes every time, in about a second. `build_story` says where every
planted fault is.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from tests.stores.database import DatabaseRun, write_database_experiment, write_database_run
from tests.stores.file_tree import TreeRun, write_experiment, write_run
from tests.stores.schema import create_database, insert

__all__ = [
    "EXPERIMENTS",
    "HOME",
    "LOGGED_AUC",
    "MODEL",
    "NOW",
    "THRESHOLDS",
    "TRUE_AUC",
    "WINDOWS",
    "Story",
    "build_story",
    "predictions",
]

NOW = 1_717_236_000_000  # 2024-06-01 10:00 UTC, when the mess is looked at
DAY = 86_400_000
WINDOWS = "file:///C:/Users/ana/Documents/credit/notebooks/mlruns"
HOME = "file:///home/luis/credit/notebooks/mlruns"
MODEL = "credit_scoring_lgbm"
LOGGED_AUC = 0.812
TRUE_AUC = 0.784
THRESHOLDS = (0.3282, 0.33, 0.338, 0.4542, 0.48)
MOJIBAKE = "Entrenamiento con prÃ©stamos y aÃ±o completo"
NOTE = "LightGBM on domain features, five folds."
LOST_RUN = "0" * 8 + "5ca1ab1e" * 3
"""A run that a registered version names and no store has."""

EXPERIMENTS = {
    "1": "credit_scoring_model_selection",
    "2": "credit_scoring_feature_engineering_cv",
    "3": "credit_scoring_optimization_fbeta",
    "4": "credit_scoring_final_delivery",
    "5": "credit-scoring-production",
    "6": "Test",
}
"""Those of the tree; the root has `Default` (0) and `credit_scoring_final_delivery` (1)."""

_ACTIVE = {"1": 8, "2": 7, "3": 21, "4": 1, "5": 2, "6": 3}
_DELETED = {"1": 10, "2": 8, "3": 15, "4": 2, "5": 1, "6": 2}
_ADJECTIVES = ("spiffy", "gentle", "burly", "unique", "nosy", "placid", "smiling")
_ANIMALS = ("loon", "hare", "finch")


@dataclass(frozen=True, slots=True)
class Story:
    """Where everything is.

    Attributes:
        folder: The project's folder.
        database: `mlruns/mlflow.db`; its artifacts are in `mlruns/<experiment>/<run>/artifacts`.
        notebooks: `notebooks/mlruns`, the file store.
        root_runs: Ids of the 6 runs of the root by name.
        active: Ids of the 42 active runs of the tree; `deleted`: of its 38 deleted ones.
        trials: Ids of the 21 auto-named trials with one metric, by name.
        production: The two runs tagged `stage=production`, of the experiments 4 and 5.
        with_artifacts: The only active run of the tree that has artifacts.
        liar: The run whose logged ROC AUC its own predictions contradict (the same run).
        running: Active runs that never ended, of the tree; `root_running`: of the root.
        windows: Runs whose artifact address is on a Windows disk.
        mojibake: The run whose note was decoded wrongly.
        thresholds: Run id -> logged `optimal_threshold`.
        duplicates: Groups of artifact folders of the same content under different names.
        dangling: Artifact folders of runs that no store knows.
        orphan_version: (model, version) whose run is gone.
        champion: (model, version, run id) that the alias `champion` points to.
    """

    folder: Path
    database: Path
    notebooks: Path
    root_runs: Mapping[str, str]
    active: tuple[str, ...]
    deleted: tuple[str, ...]
    trials: Mapping[str, str]
    production: tuple[str, str]
    with_artifacts: str
    liar: str
    running: tuple[str, ...]
    root_running: tuple[str, ...]
    windows: tuple[str, ...]
    mojibake: str
    thresholds: Mapping[str, float]
    duplicates: tuple[tuple[Path, ...], ...]
    dangling: tuple[Path, ...]
    orphan_version: tuple[str, int]
    champion: tuple[str, int, str]


@dataclass(slots=True)
class _Notes:
    """What the writing of the tree finds out on its way."""

    ids: dict[str, str] = field(default_factory=dict)
    active: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    windows: list[str] = field(default_factory=list)
    trials: dict[str, str] = field(default_factory=dict)


def predictions(path: Path) -> None:
    """Write out-of-fold predictions of 550 rows whose ROC AUC is 0.784 exactly.

    Of 50 bad and 500 good rows, bad row i ranks above 392 + (4 i - 98) good ones: 19,600 of
    25,000 pairs are in order.
    """
    good = [(j + 1) / 502 for j in range(500)]
    bad = [(392 + 4 * i - 98 + 0.5) / 502 for i in range(50)]
    frame = pl.DataFrame(
        {
            "row": range(550),
            "y": [0] * 500 + [1] * 50,
            "p": good + bad,
            "fold": [row % 5 for row in range(550)],
        },
        schema={"row": pl.Int64, "y": pl.Int8, "p": pl.Float64, "fold": pl.Int8},
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path)


def build_story(folder: Path) -> Story:
    """Write the story into a folder (made if it is not there); return where everything is."""
    notebooks = folder / "notebooks" / "mlruns"
    notes = _write_tree(notebooks)
    root, root_runs = _write_root(folder / "mlruns")
    ids = notes.ids
    liar = ids["1/0"]
    artifacts = notebooks / "1" / liar / "artifacts"
    dangling = (
        notebooks / "2" / _id("dangling tree") / "artifacts",
        root / "1" / _id("dangling root") / "artifacts",
    )
    for place in dangling:
        _write_model(place / "model", "nobody's")
    final = root / "1" / root_runs["exp09_cv_domain_none"] / "artifacts" / "model"
    return Story(
        folder=folder,
        database=root / "mlflow.db",
        notebooks=notebooks,
        root_runs=root_runs,
        active=tuple(notes.active),
        deleted=tuple(notes.deleted),
        trials=notes.trials,
        production=(ids["4/0"], ids["5/0"]),
        with_artifacts=liar,
        liar=liar,
        running=(ids["1/6"], ids["1/7"]),
        root_running=(root_runs["exp10_cv_domain_smote"],),
        windows=tuple(notes.windows),
        mojibake=ids["2/0"],
        thresholds={
            root_runs["exp08_cv_domain_balanced"]: THRESHOLDS[0],
            root_runs["exp09_cv_domain_none"]: THRESHOLDS[1],
            ids["2/0"]: THRESHOLDS[2],
            ids["4/0"]: THRESHOLDS[3],
            ids["5/0"]: THRESHOLDS[4],
        },
        duplicates=(
            (artifacts / "model", artifacts / "model_backup"),
            (final, root / "1" / root_runs["exp11_cv_domain_none"] / "artifacts" / "model_final"),
        ),
        dangling=dangling,
        orphan_version=(MODEL, 1),
        champion=(MODEL, 2, root_runs["exp09_cv_domain_none"]),
    )


def _id(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _write_model(folder: Path, label: str) -> None:
    """A model of text with a part large enough to matter when it is there twice."""
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors:\n  lightgbm:\n    data: model.txt\n")
    (folder / "model.txt").write_text(f"tree of {label}\n" * 400)


# the tree


def _write_tree(root: Path) -> _Notes:
    notes = _Notes()
    for experiment, name in EXPERIMENTS.items():
        place = WINDOWS if experiment < "5" else HOME
        write_experiment(root, experiment, name, f"{place}/{experiment}")
        for number in range(_ACTIVE[experiment]):
            _write_tree_run(root, experiment, number, notes, deleted=False)
        for number in range(_DELETED[experiment]):
            _write_tree_run(root, experiment, number, notes, deleted=True)
    artifacts = root / "1" / notes.ids["1/0"] / "artifacts"
    predictions(artifacts / "predictions.parquet")
    for name in ("model", "model_backup"):
        _write_model(artifacts / name, "the liar")
    gone = root / "3" / _id("tree 3 deleted 0") / "artifacts"
    (gone / "note.txt").write_text("kept by a deleted run\n")
    return notes


def _write_tree_run(
    root: Path, experiment: str, number: int, notes: _Notes, *, deleted: bool
) -> None:
    run_id = _id(f"tree {experiment} {'deleted' if deleted else 'active'} {number}")
    place = WINDOWS if experiment < "5" else HOME
    start = NOW - 100 * DAY + int(experiment) * DAY + number * 3_600_000
    key = f"{experiment}/{number}"
    status = "RUNNING" if key in {"1/6", "1/7"} and not deleted else "FINISHED"
    name = _name(experiment, number)
    write_run(
        root,
        TreeRun(
            run_id=run_id,
            experiment_id=experiment,
            name=name,
            artifact_uri=f"{place}/{experiment}/{run_id}/artifacts",
            start=start,
            end=None if status == "RUNNING" else start + 600_000,
            status=status,
            lifecycle="deleted" if deleted else "active",
            params=_params(experiment, number),
            tags={} if deleted else _tags(key),
            metrics=_metrics(experiment, number, start, is_deleted=deleted),
        ),
    )
    if place == WINDOWS:
        notes.windows.append(run_id)
    if deleted:
        notes.deleted.append(run_id)
        return
    notes.active.append(run_id)
    notes.ids[key] = run_id
    if experiment == "3":
        notes.trials[name] = run_id


def _name(experiment: str, number: int) -> str:
    match experiment:
        case "3":
            adjective, animal = _ADJECTIVES[number // 3], _ANIMALS[number % 3]
            return f"{adjective}-{animal}-{749 + number}"
        case "4":
            return "production_lightgbm_189features"
        case "5":
            return "LightGBM" if number else "production_final"
        case "6":
            return "test" if number else "run_1"
        case _:
            return f"exp{number:02d}_cv_domain_balanced"


def _params(experiment: str, number: int) -> dict[str, str]:
    if experiment == "6":
        return {}
    params = {"n_estimators": str(200 + 10 * number), "num_leaves": str(15 + number)}
    if experiment != "3":
        params |= {"learning_rate": "0.05", "random_state": "42", "n_features": "189"}
    return params


def _tags(key: str) -> dict[str, str]:
    tags = {
        "1/0": {"project": "credit_scoring", "model_type": "lgbm", "mlflow.note.content": NOTE},
        "2/0": {"mlflow.note.content": MOJIBAKE},
        "4/0": {"stage": "production", "status": "deployed", "project": "credit_scoring"},
        "5/0": {"stage": "production", "model_type": "lgbm"},
    }
    return {"mlflow.user": "ana", "mlflow.source.name": "train.ipynb", **tags.get(key, {})}


def _metrics(
    experiment: str, number: int, start: int, *, is_deleted: bool
) -> dict[str, list[tuple[int, float, int]]]:
    """One metric for a trial, nothing for a test, a few with a history for the others."""
    if experiment == "6":
        return {}
    if experiment == "3":
        return {"fbeta_score": [(start, 0.30 + number / 1000, 0)]}
    auc = 0.74 + number / 500
    figures: dict[str, list[tuple[int, float, int]]] = {
        "roc_auc": [(start, auc, 0)],
        "fold_roc_auc": [(start + fold, auc + (fold - 2) / 1000, fold) for fold in range(5)],
        "mean_roc_auc": [(start, auc, 0)],
    }
    special = {
        "1/0": {"roc_auc": LOGGED_AUC},
        "2/0": {"optimal_threshold": THRESHOLDS[2]},
        "4/0": {"optimal_threshold": THRESHOLDS[3], "roc_auc": TRUE_AUC},
        "5/0": {"optimal_threshold": THRESHOLDS[4], "roc_auc": LOGGED_AUC},
    }
    if not is_deleted:
        for key, value in special.get(f"{experiment}/{number}", {}).items():
            figures[key] = [(start, value, 0)]
    return figures


# the root


def _write_root(root: Path) -> tuple[Path, dict[str, str]]:
    """The database: two runs in `Default`, four in the delivery, a registry with an orphan."""
    runs: dict[str, str] = {}
    with closing(create_database(root / "mlflow.db")) as connection:
        write_database_experiment(connection, 0, "Default", (root / "0").as_posix())
        write_database_experiment(
            connection, 1, "credit_scoring_final_delivery", (root / "1").as_posix()
        )
        for number in range(6):
            name = _root_name(number)
            runs[name] = _id(f"root {name}")
            _write_root_run(connection, root, number, runs)
        _write_registry(connection, root, runs["exp09_cv_domain_none"])
        connection.commit()
    return root, runs


def _root_name(number: int) -> str:
    sampling = ("none", "none", "balanced", "none", "smote", "none")[number]
    return f"exp{6 + number:02d}_cv_domain_{sampling}"


def _write_root_run(
    connection: sqlite3.Connection, root: Path, number: int, runs: Mapping[str, str]
) -> None:
    name = _root_name(number)
    experiment = 0 if number < 2 else 1
    start = NOW - 30 * DAY + number * DAY
    running = number == 4
    artifacts = root / str(experiment) / runs[name] / "artifacts"
    auc = 0.77 + number / 1000
    metrics = {
        "mean_roc_auc": [(start, auc, 0)],
        "fold_roc_auc": [(start + fold, auc + fold / 1000, fold) for fold in range(5)],
    }
    if number in {2, 3}:
        metrics["optimal_threshold"] = [(start, THRESHOLDS[number - 2], 0)]
    tags = {
        "project": "credit_scoring",
        "stage": "development",
        "mlflow.note.content": NOTE,
    }
    if number == 3:
        # A child of the run before it: a soft reference that a plan must respect.
        tags["mlflow.parentRunId"] = runs[_root_name(2)]
    write_database_run(
        connection,
        DatabaseRun(
            run_id=runs[name],
            experiment_id=experiment,
            name=name,
            artifact_uri=artifacts.as_posix(),
            start=start,
            end=None if running else start + 900_000,
            status="RUNNING" if running else "FINISHED",
            params={"n_estimators": "400", "num_leaves": "31", "random_state": "42"},
            tags=tags,
            metrics=metrics,
        ),
    )
    if running:
        return
    # The last run carries the model of the champion under another name.
    label = "root 3" if number == 5 else f"root {number}"
    _write_model(artifacts / ("model_final" if number == 5 else "model"), label)
    (artifacts / "hyperparameters.json").write_text('{"num_leaves": 31}\n')


def _write_registry(connection: sqlite3.Connection, root: Path, champion: str) -> None:
    insert(
        connection,
        "registered_models",
        name=MODEL,
        creation_time=NOW - 20 * DAY,
        last_updated_time=NOW - 10 * DAY,
        description="",
    )
    for version, run_id, stage in ((1, LOST_RUN, "None"), (2, champion, "Production")):
        source = (root / "1" / run_id / "artifacts" / "model").as_posix()
        insert(
            connection,
            "model_versions",
            name=MODEL,
            version=version,
            creation_time=NOW - 20 * DAY + version,
            last_updated_time=NOW - 20 * DAY + version,
            current_stage=stage,
            source=source,
            storage_location=source,
            run_id=run_id,
            status="READY",
        )
    insert(connection, "registered_model_aliases", alias="champion", version=2, name=MODEL)
