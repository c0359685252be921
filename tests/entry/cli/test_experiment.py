"""``scorewright experiment``: what it prints, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.entry.cli.portfolio import Cli, loans

from scorewright.adapters.locks import FileLocks

pytestmark = pytest.mark.filterwarnings(
    "ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning"
)

SETTINGS = """\
[project]
name = "small"

[tables.loans]
files = "loans.csv"

[data]
table = "loans"
target = "status"
bad_value = "bad"
key = "loan_id"

[learner]
name = "logistic"

[validation]
folds = 2
bootstrap = 0

[leakage]
shuffle_control = false

[experiment]
learners = ["logistic"]
sampling = ["none", "balanced"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    loans(400).write_csv(tmp_path / "loans.csv")
    (tmp_path / "scorewright.toml").write_text(SETTINGS, "utf-8")
    return tmp_path


def test_the_matrix_is_listed_run_and_listed_again(cli: Cli, project: Path) -> None:
    # Given
    before = cli("experiment", "list", "--json").json
    # When
    told = cli("experiment", "run")
    again = cli("experiment", "run", "--json")
    # Then
    assert [cell["status"] for cell in before["cells"]] == ["open", "open"]
    assert told.code == again.code == 0
    assert "1: exp01_cv_baseline_none, less than a minute left" in told.err
    assert "0: exp01_cv_baseline_none, fold 1 of 2" in told.err
    assert "02 baseline · balanced" in told.out
    assert "AUC: mean of the folds" in told.out
    assert "2 of 2 cells" in told.out
    report = cli("experiment", "report")
    assert report.code == 0
    assert "AUC: mean of the folds" in report.out
    # Run and report show the same figures
    for line in (line for line in told.out.splitlines() if " baseline · " in line):
        _, _, auc, *_, cost, _ = (part.strip() for part in line.split("│"))
        assert auc in report.out
        assert cost in report.out
    document = again.json
    assert [cell["name"] for cell in document["cells"]] == [
        "exp01_cv_baseline_none",
        "exp02_cv_baseline_balanced",
    ]
    assert all(cell["reused"] for cell in document["cells"])
    assert {"roc_auc_low", "brier", "cox_slope", "mean_pd", "base_rate", "business_cost"} <= set(
        document["cells"][0]["metrics"]
    )
    after = cli("experiment", "list")
    assert "2 of 2 cells done" in after.out
    assert not (project / "bundles").exists() or not list((project / "bundles").glob("*/*"))


def test_a_slip_of_the_pen_is_answered_before_any_work(cli: Cli, project: Path) -> None:
    file = project / "scorewright.toml"
    file.write_text(SETTINGS.replace('"balanced"', '"balancd"'), "utf-8")

    answer = cli("experiment", "run", "--json")

    assert answer.code == 2
    assert answer.json["error"]["code"] == "sampler-unknown"
    assert "balanced" in answer.json["error"]["remedy"]
    assert not (project / "mlruns").exists()


def test_a_second_process_is_told_to_wait(cli: Cli, project: Path) -> None:
    locks = FileLocks(project / ".scorewright/experiments")
    with locks.hold("small_feature_engineering_cv"):
        answer = cli("experiment", "run", "--json")

    assert answer.code == 3
    assert answer.json["error"]["code"] == "experiment-busy"


def test_a_report_without_a_matrix_names_the_command(cli: Cli, project: Path) -> None:
    answer = cli("experiment", "report", "--json")

    assert answer.code == 2
    assert answer.json["error"]["code"] == "experiment-missing"
    assert "experiment run" in answer.json["error"]["remedy"]
