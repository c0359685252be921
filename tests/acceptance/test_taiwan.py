"""Real loans, from the file to the figures, through the commands a user types."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scorewright.adapters.project_files import dataset

SHARED = Path(__file__).resolve().parents[2] / "../shared/data"

pytestmark = pytest.mark.slow


def _path(name: str) -> Path:
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"the table is not beside the repository: shared/data/{name}")
    return path


def run(folder: Path, *arguments: str | Path) -> dict[str, Any]:
    """Run a command and return its document; it must end well."""
    done = subprocess.run(
        [sys.executable, "-m", "scorewright", "--quiet", *map(str, arguments), "--json"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def calibrated(metrics: dict[str, float]) -> None:
    """Require PDs that mean what they say."""
    assert 0.9 <= metrics["cox_slope"] <= 1.1
    assert metrics["mean_pd"] == pytest.approx(metrics["base_rate"], rel=0.03)


def test_taiwan(tmp_path: Path) -> None:
    # Given 30,000 credit cards, and somebody who knows when the payment columns are known
    reason = "repayment status of past months, known at the decision"
    run(tmp_path, "init", _path("taiwan/taiwan.csv"))
    for column in ("PAY_0", "PAY_2"):
        run(tmp_path, "data", "accept", "LEAK-002", column, "--reason", reason)
    # When
    metrics = run(tmp_path, "train")["metrics"]
    # Then
    assert metrics["mean_roc_auc"] >= 0.78
    assert metrics["roc_auc"] >= 0.78
    assert metrics["brier"] <= 0.136
    calibrated(metrics)
    assert metrics["business_cost"] <= min(metrics["cost_accept_all"], metrics["cost_reject_all"])


def test_credit_data(tmp_path: Path) -> None:
    # Given the second shipped set
    document = run(tmp_path, "demo", "--data", "credit_data")
    # Then
    metrics = document["training"]["metrics"]
    assert metrics["mean_roc_auc"] >= 0.84
    calibrated(metrics)
    assert metrics["base_rate"] == pytest.approx(dataset("credit_data").bad_rate, abs=1e-3)
    assert document["answer"]["decision"] in {"approve", "decline"}


def test_south_german(tmp_path: Path) -> None:
    # Given a table of a thousand, its columns in German and its separator a space
    reason = "account status, known at the application"
    run(tmp_path, "init", _path("south_german/SouthGermanCredit.asc"))
    run(tmp_path, "data", "accept", "LEAK-002", "laufkont", "--reason", reason)
    # When
    metrics = run(tmp_path, "train")["metrics"]
    # Then
    assert metrics["mean_roc_auc"] >= 0.77
    assert metrics["base_rate"] == pytest.approx(0.3)
    calibrated(metrics)
