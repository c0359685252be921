"""The demo as a newcomer runs it, and everything it promises, read back by a stranger."""

from __future__ import annotations

import json
import os
import pickletools
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
import yaml  # type: ignore[import-untyped]
from sklearn import metrics as oracle
from tests.entry.cli.portfolio import Cli
from tests.entry.cli.tracking import client_of, read_run

from scorewright import wiring
from scorewright.core.conventions import RunRecord, missing

SPECIFICATION = Path(__file__).resolve().parents[3] / "../shared/spec/conventions.md"
ROWS, BADS, FOLDS = 9_857, 517, 5

LOAD = """
import json, sys
import mlflow
import pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model(sys.argv[2])
rows = json.load(open(sys.argv[3], encoding="utf-8"))
frame = pd.DataFrame(rows)[sorted(rows[0], reverse=True)]
print(json.dumps(model.predict(frame)["pd"].tolist()))
"""


@dataclass(frozen=True)
class Demo:
    """A finished demo: its folder and the one document it printed."""

    root: Path
    document: dict[str, Any]
    elsewhere: Path

    @property
    def training(self) -> dict[str, Any]:
        return dict(self.document["training"])

    @cached_property
    def record(self) -> RunRecord:
        return read_run(self.training["tracking_uri"], self.training["run_id"])

    def artifact(self, name: str) -> Path:
        client = client_of(self.training["tracking_uri"])
        run = client.get_run(self.training["run_id"])
        return Path(run.info.artifact_uri.removeprefix("file://")) / name


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """``scorewright demo`` in a process of its own, on a machine set up for other stores."""
    folder = tmp_path_factory.mktemp("newcomer")
    elsewhere = folder / "elsewhere"
    environment = {
        **os.environ,
        "NO_COLOR": "1",
        "MLFLOW_TRACKING_URI": f"sqlite:///{elsewhere}/mlflow.db",
        "MLFLOW_EXPERIMENT_NAME": "of_somebody_else",
    }
    done = subprocess.run(
        [sys.executable, "-m", "scorewright", "demo", "--directory", "demo", "--json"],
        cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return Demo(folder / "demo", json.loads(done.stdout), elsewhere)


def test_the_demo_says_where_everything_is_and_how_to_go_on(demo: Demo) -> None:
    document = demo.document
    assert document["schema_version"] == 1
    assert Path(document["project"]).resolve() == demo.root.resolve()
    assert len(document["next"]) == 3
    answer = document["answer"]
    declined = answer["pd"] >= answer["threshold"]
    assert answer["decision"] == ("decline" if declined else "approve")
    assert answer["model"]["bundle"] == demo.training["bundle"]
    assert answer["model"]["run_id"] == demo.training["run_id"]
    assert 0.70 <= demo.training["metrics"]["roc_auc"] <= 0.75


def test_the_run_lacks_nothing_of_the_conventions(demo: Demo) -> None:
    conventions = wiring.project(demo.root / "scorewright.toml").conventions()
    assert missing(demo.record, conventions) == []
    assert demo.record.status == "FINISHED"


def _section(title: str) -> str:
    if not SPECIFICATION.is_file():
        pytest.skip("the written conventions are not beside this repository")
    text = SPECIFICATION.read_text("utf-8")
    found = re.search(rf"^## {title}.*?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, title
    return found.group(1)


def _ticked(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def _rows(section: str) -> list[tuple[str, str]]:
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [(a.strip(), b) for a, b in (line.strip("| ").split("|", 1) for line in lines)]


def test_every_written_metric_is_logged(demo: Demo) -> None:
    rows = _rows(_section("Metrics every finished"))
    written = [n for _, cell in rows for n in _ticked(cell) if n not in {"cost_fn", "cost_fp"}]
    assert len(written) > 25
    assert [name for name in written if name not in demo.record.metrics] == []


def test_every_written_parameter_is_logged(demo: Demo) -> None:
    written = set(_ticked(_section("Parameters every finished")))
    weights = {"class_weight", "is_unbalance"}
    assert weights <= written
    assert sorted(written - weights - set(demo.record.params)) == []
    assert weights & set(demo.record.params)


def test_every_written_tag_is_set_to_a_written_value(demo: Demo) -> None:
    rows = _rows(_section("Tags"))
    names = [name for title, _ in rows for name in _ticked(title)]
    assert len(names) > 8
    assert [name for name in names if not demo.record.tags.get(name)] == []
    for title, cell in rows:
        values = _ticked(cell)
        if len(values) > 2:  # a list of values, not an example
            assert demo.record.tags[_ticked(title)[0]] in values


def test_every_written_artifact_is_there(demo: Demo) -> None:
    written: list[str] = []
    for item in _section("Artifacts every finished").replace("\n", " ").split("·"):
        for name in re.findall(r"`([\w.]+)`", item):
            stem = written[-1].rsplit(".", 1)[0] if name.startswith(".") else ""
            written.append(stem + name)
    assert len(written) > 10
    assert [name for name in written if name not in demo.record.artifacts] == []
    assert all(demo.artifact(name).stat().st_size > 0 for name in demo.record.artifacts)


def test_every_fold_has_its_step(demo: Demo) -> None:
    client, run_id = client_of(demo.training["tracking_uri"]), demo.training["run_id"]
    for name in ("roc_auc", "pr_auc", "ks", "gini", "brier", "log_loss"):
        points = client.get_metric_history(run_id, f"fold_{name}")
        assert [point.step for point in points] == list(range(FOLDS))
        mean = np.mean([point.value for point in points])
        assert demo.record.metrics[f"mean_{name}"] == pytest.approx(mean, abs=1e-12)
    losses = demo.record.histories["train_loss"]
    assert len(losses) == int(demo.record.params["n_estimators"])
    assert losses[-1] < losses[0]


def test_the_data_are_an_input_with_digest_and_role(demo: Demo) -> None:
    run = client_of(demo.training["tracking_uri"]).get_run(demo.training["run_id"])
    assert run.inputs is not None
    (entry,) = run.inputs.dataset_inputs
    assert entry.dataset.name == "lending_club"
    label, digest = demo.training["data_version"].split("@")
    assert label == "lending_club"
    assert entry.dataset.digest.startswith(digest)
    tags = {tag.key: tag.value for tag in entry.tags}
    assert tags["mlflow.data.context"] == "training"
    assert len(tags["digest"]) == 64
    assert tags["digest"].startswith(entry.dataset.digest)
    assert json.loads(entry.dataset.profile or "{}")["num_rows"] == ROWS


def test_the_description_is_written_from_the_run_itself(demo: Demo) -> None:
    note = demo.record.tags["mlflow.note.content"]
    assert demo.training["data_version"] in note
    assert "9,857 rows" in note
    assert "5-fold CV" in note
    assert "sub_grade" in note  # accepted, with the reason


def test_everything_lies_in_the_project(demo: Demo) -> None:
    # Given a machine whose environment names another store
    client = client_of(demo.training["tracking_uri"])
    experiments = client.search_experiments()
    # Then the project's own is used, and the other never came to be
    assert {e.name for e in experiments} == {"Default", "lending_club_model_selection"}
    for experiment in experiments:
        place = Path(experiment.artifact_location.removeprefix("file://")).resolve()
        assert place.is_relative_to((demo.root / "mlruns").resolve())
    assert not demo.elsewhere.exists()
    assert sorted(p.name for p in demo.root.parent.iterdir()) == ["demo"]


@pytest.fixture(scope="session")
def applications(demo: Demo) -> pl.DataFrame:
    """Fifty of the loans, without their outcome."""
    table = pl.read_parquet(demo.root / "data" / "lending_club.parquet")
    return table.sample(50, seed=8).drop("Class")


@pytest.fixture(scope="session")
def pyfunc_pds(
    demo: Demo, applications: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> list[float]:
    """What MLflow itself answers, in a process that unpickles nothing."""
    rows = tmp_path_factory.mktemp("rows") / "rows.json"
    rows.write_text(applications.write_json(), encoding="utf-8")
    environment = {
        **os.environ,
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    training = demo.training
    command = [sys.executable, "-c", LOAD, training["tracking_uri"], training["model_uri"]]
    done = subprocess.run(
        [*command, str(rows)], env=environment, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout.splitlines()[-1]))


def test_mlflow_the_command_and_the_service_give_the_same_pds(
    demo: Demo, applications: pl.DataFrame, pyfunc_pds: list[float], cli: Cli
) -> None:
    # Given a file with the columns in another order
    config = demo.root / "scorewright.toml"
    order = np.random.default_rng(3).permutation(applications.columns).tolist()
    applications.select(order).write_parquet("new.parquet")
    # When the command scores it
    answer = cli("--config", config, "score", "new.parquet", "-o", "scored.parquet", "--json")
    assert answer.code == 0, answer
    scored = pl.read_parquet("scored.parquet")
    # Then it says what MLflow says
    assert scored["row"].to_list() == list(range(1, 51))
    assert scored["pd"].to_numpy() == pytest.approx(pyfunc_pds, abs=1e-12)
    # And so does the service, whatever the order of the features
    rng = np.random.default_rng(4)
    with wiring.project(config).service() as service:
        for row, expected in zip(applications.to_dicts(), scored.to_dicts(), strict=True):
            names = rng.permutation(list(row)).tolist()
            said = service.post("/predict", {"features": {name: row[name] for name in names}})
            assert said["pd"] == pytest.approx(expected["pd"], abs=1e-12)
            assert said["decision"] == expected["decision"]
            assert (
                said["threshold"] == expected["threshold"] == demo.training["policy"]["threshold"]
            )
            assert said["model"]["bundle"] == expected["bundle"] == demo.training["bundle"]
    assert len(set(pyfunc_pds)) > 40


def test_scoring_in_this_process_leaves_its_mlflow_state_alone(
    demo: Demo, applications: pl.DataFrame, cli: Cli
) -> None:
    before = mlflow.get_tracking_uri()
    applications.write_csv("new.csv")
    assert cli("-c", demo.root / "scorewright.toml", "score", "new.csv", "-o", "o.csv").code == 0
    assert mlflow.get_tracking_uri() == before
    assert mlflow.active_run() is None


@dataclass(frozen=True)
class OutOfFold:
    """The predictions, read back."""

    y: npt.NDArray[np.int8]
    p: npt.NDArray[np.float64]
    fold: npt.NDArray[np.int32]


@pytest.fixture(scope="session")
def out_of_fold(demo: Demo) -> OutOfFold:
    frame = pl.read_parquet(demo.artifact("predictions.parquet"))
    assert {"row_key", "y", "p", "fold"} <= set(frame.columns)
    assert frame["row_key"].n_unique() == frame.height == ROWS
    return OutOfFold(frame["y"].to_numpy(), frame["p"].to_numpy(), frame["fold"].to_numpy())


def test_the_predictions_give_the_logged_figures_again(demo: Demo, out_of_fold: OutOfFold) -> None:
    # Given what an auditor has: predictions, and scikit-learn
    y, p, m = out_of_fold.y, out_of_fold.p, demo.record.metrics
    assert int(y.sum()) == BADS
    fpr, tpr, _ = oracle.roc_curve(y, p, drop_intermediate=False)
    auc = oracle.roc_auc_score(y, p)
    # Then every figure of ranking and calibration comes out again
    exactly = {
        "roc_auc": auc,
        "gini": 2 * auc - 1,
        "ks": float(np.max(tpr - fpr)),
        "pr_auc": oracle.average_precision_score(y, p),
        "brier": oracle.brier_score_loss(y, p),
        "log_loss": oracle.log_loss(y, p),
        "base_rate": float(y.mean()),
        "mean_pd": float(p.mean()),
    }
    assert {name: m[name] for name in exactly} == pytest.approx(exactly, abs=1e-12)
    folds = [
        oracle.roc_auc_score(y[out_of_fold.fold == k], p[out_of_fold.fold == k])
        for k in range(FOLDS)
    ]
    assert demo.record.histories["fold_roc_auc"] == pytest.approx(folds, abs=1e-12)
    assert m["std_roc_auc"] == pytest.approx(np.std(folds, ddof=1), abs=1e-12)


def test_the_threshold_gives_the_logged_decisions_again(demo: Demo, out_of_fold: OutOfFold) -> None:
    # Given
    y, m = out_of_fold.y, demo.record.metrics
    decline = (out_of_fold.p >= m["optimal_threshold"]).astype(int)
    tn, fp, fn, tp = oracle.confusion_matrix(y, decline).ravel()
    # Then
    expected = {
        "true_negatives": tn, "false_positives": fp, "false_negatives": fn, "true_positives": tp,
        "business_cost": 10 * fn + fp, "cost_per_application": (10 * fn + fp) / ROWS,
        "precision": oracle.precision_score(y, decline),
        "recall": oracle.recall_score(y, decline),
        "f1_score": oracle.f1_score(y, decline),
        "fbeta_score": oracle.fbeta_score(y, decline, beta=2),
        "accuracy": oracle.accuracy_score(y, decline),
        "approval_rate": float(np.mean(decline == 0)),
        "default_rate_approved": fn / (fn + tn),
    }  # fmt: skip
    assert {name: m[name] for name in expected} == pytest.approx(expected, abs=1e-12)
    saved = json.loads(demo.artifact("confusion_matrix.json").read_bytes())
    assert saved["false_negatives"] == fn
    assert saved["threshold"] == m["optimal_threshold"] == demo.training["policy"]["threshold"]


def test_the_threshold_analysis_has_the_whole_grid_and_nothing_beats_the_optimum(
    demo: Demo, out_of_fold: OutOfFold
) -> None:
    # Given
    document = json.loads(demo.artifact("threshold_analysis.json").read_bytes())
    points = document["points"]
    y, p = out_of_fold.y, out_of_fold.p
    # Then
    assert [point["threshold"] for point in points] == [k / 100 for k in range(1, 100)]
    for point in points:
        decline = p >= point["threshold"]
        cost = 10 * int((y[~decline] == 1).sum()) + int((y[decline] == 0).sum())
        assert point["cost"] == cost
    # And no distinct score would be cheaper either
    best = document["exact_optimum"]
    everywhere = [
        10 * int((y[p < t] == 1).sum()) + int((y[p >= t] == 0).sum()) for t in np.unique(p)
    ]
    assert best["cost"] == min(everywhere) <= min(point["cost"] for point in points)
    assert best["cost"] == demo.record.metrics["business_cost"]
    assert document["data_role"] == "out_of_fold"


def test_the_report_is_one_file_that_asks_for_nothing_else(demo: Demo) -> None:
    page = (demo.root / "report.html").read_text(encoding="utf-8")
    # The bodies of scripts hold text that looks like tags; tests/adapters/reports runs them.
    tags = re.sub(r"(<script\b[^>]*>).*?</script>", r"\1", page, flags=re.DOTALL)
    asked = re.findall(r"\b(?:src|href|action)\s*=\s*[\"']?([^\"'\s>]+)", tags)
    assert [url for url in asked if not url.startswith(("data:", "#"))] == []
    assert not re.search(r"@import|url\(\s*[\"']?(?:https?:)?//", tags)
    assert demo.training["run_id"] in page
    assert f"{demo.record.metrics['roc_auc']:.3f}"[:5] in page


def is_pickle(data: bytes) -> bool:
    """Whether the bytes are a pickle of any protocol: opcodes up to a STOP."""
    try:
        return sum(1 for _ in pickletools.genops(data)) > 1
    except (ValueError, UnicodeDecodeError, IndexError):
        return False


@pytest.mark.parametrize(
    "data", [b"(lp0\n.", b"\x80\x02]q\x00.", b"\x80\x04]\x94.", b"\x80\x05}\x94."]
)
def test_a_pickle_would_be_found(data: bytes) -> None:
    assert is_pickle(data)


def test_no_file_of_the_project_is_a_pickle(demo: Demo) -> None:
    files = [path for path in demo.root.rglob("*") if path.is_file()]
    assert len(files) > 30
    for file in files:
        assert file.suffix not in {".pkl", ".pickle", ".joblib", ".npy", ".npz", ".zip"}, file
        assert not is_pickle(file.read_bytes()), file
    models = [yaml.safe_load(file.read_text("utf-8")) for file in files if file.name == "MLmodel"]
    assert models
    for model in models:
        loader = model["flavors"]["python_function"]
        assert loader["loader_module"] == "scorewright.entry.mlflow_model"
        assert not {"python_model", "code", "cloudpickle_version"} & set(loader)


def test_the_contract_is_the_same_object_everywhere(demo: Demo, cli: Cli) -> None:
    # Given an application with a category nobody knows and one value of the wrong type
    table = pl.read_parquet(demo.root / "data" / "lending_club.parquet").head(3).drop("Class")
    config = demo.root / "scorewright.toml"
    broken = table.cast({"annual_inc": pl.String}).with_columns(annual_inc=pl.lit("much"))
    broken.write_csv("new.csv")
    # When a file with it is scored
    answer = cli("--config", config, "score", "new.csv", "-o", "out.csv", "--json")
    # Then the same column is named as by the data check
    assert answer.code == 1
    assert "annual_inc" in answer.json["error"]["message"]
    assert not Path("out.csv").exists()
