"""The demo as a newcomer runs it, and everything it promises, read back by a stranger."""

from __future__ import annotations

import json
import os
import pickletools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import mlflow
import numpy as np
import polars as pl
import pytest
import yaml
from tests.entry.cli.newcomer import Demo
from tests.entry.cli.portfolio import Cli
from tests.entry.cli.tracking import client_of

from scorewright import wiring
from scorewright.core.conventions import missing
from scorewright.core.errors import ScorewrightError
from scorewright.flows.demo import RunningService

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


@pytest.fixture(scope="session")
def service(demo: Demo) -> Iterator[RunningService]:
    """The service, started by the command a user types."""
    with wiring.project(demo.root / "scorewright.toml").service() as running:
        yield running


def test_mlflow_the_command_and_the_service_give_the_same_pds(
    demo: Demo,
    applications: pl.DataFrame,
    pyfunc_pds: list[float],
    service: RunningService,
    cli: Cli,
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
    for row, expected in zip(applications.to_dicts(), scored.to_dicts(), strict=True):
        names = rng.permutation(list(row)).tolist()
        said = service.post("/predict", {"features": {name: row[name] for name in names}})
        assert said["pd"] == pytest.approx(expected["pd"], abs=1e-12)
        assert said["decision"] == expected["decision"]
        assert said["threshold"] == expected["threshold"] == demo.training["policy"]["threshold"]
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


def test_file_and_service_keep_the_same_contract(
    demo: Demo, applications: pl.DataFrame, service: RunningService, cli: Cli
) -> None:
    # Given an application with a text where its contract wants a number
    row = {**applications.row(0, named=True), "annual_inc": "plenty"}
    applications.head(3).with_columns(annual_inc=pl.lit("plenty")).write_csv("new.csv")
    # When a file with it is scored, and when the service is asked
    config = demo.root / "scorewright.toml"
    answer = cli("--config", config, "score", "new.csv", "-o", "out.csv", "--json")
    with pytest.raises(ScorewrightError) as refused:
        service.post("/predict", {"features": row})
    # Then both name the column, and the service does not repeat the value
    assert answer.code == 1
    assert "annual_inc" in answer.json["error"]["message"]
    assert not Path("out.csv").exists()
    assert "422" in refused.value.message
    assert "annual_inc" in refused.value.message
    assert "plenty" not in refused.value.message
