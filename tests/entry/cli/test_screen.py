"""What is said where nobody draws bars: in logs and pipes."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from scorewright.entry.cli.screen import STAGE_NAMES, Session, listening, near
from scorewright.entry.cli.store.fitting import print_fitting
from scorewright.flows.events import Event, Note, StageDone, StageStarted, StepDone


def _context(*, quiet: bool = False) -> typer.Context:
    command = typer.main.get_command(typer.Typer(callback=lambda: None, name="scorewright"))
    return typer.Context(command, obj=Session(quiet=quiet))


TOLD: list[tuple[Event, str]] = [
    (StageStarted("tune", 50), ""),
    (
        StepDone("tune", 3, "3 of 50 trials, best roc_auc 0.78"),
        "Search the parameters: 3 of 50 trials, best roc_auc 0.78\n",
    ),
    (
        StepDone("tune-nested", 1, "outer fold 1 of 3, 1 of 50 trials"),
        "Validate the search: outer fold 1 of 3, 1 of 50 trials\n",
    ),
    (StepDone("experiment", 2, "baseline_lgbm, about 3 min left"), "2: baseline_lgbm, about"),
    (StepDone("validate", 1, "fold 1 of 5"), ""),
    (StageDone("tune", "50 trials, 7 pruned"), "Search the parameters: 50 trials, 7 pruned\n"),
    (StageDone("experiment", "4 cells"), "Run the matrix: 4 cells\n"),
    (Note("trial 3 failed"), "trial 3 failed\n"),
]


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize(("event", "said"), TOLD)
def test_a_log_tells_what_takes_long(
    capsys: pytest.CaptureFixture[str], event: Event, said: str, as_json: bool
) -> None:
    with listening(_context(), as_json=as_json) as notify:
        notify(event)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(said) if said else err == ""


def test_quiet_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    with listening(_context(quiet=True)) as notify:
        for event, _ in TOLD:
            notify(event)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("stage", ["tune", "tune-nested", "experiment", "experiment-check"])
def test_stages_of_searches_and_matrices_have_names(stage: str) -> None:
    assert STAGE_NAMES[stage] != stage


def test_in_a_log_long_work_tells_every_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    with listening(_context()) as notify:
        notify(StageStarted("apply", 200))
        for number in range(1, 201):
            notify(StepDone("apply", number, f"run {number}"))
        notify(StageStarted("purge", 3))
        notify(StepDone("purge", 1, "a bin"))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[0] == "Carry out the plan: 20 of 200, run 20"


def test_a_table_fits_the_terminal_and_says_what_does_not(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    columns = ("id", "name", "state", "runs", "failed", "best run")
    rows = [("1", "a_long_name_of_an_experiment", "active", "1,200", "0", "exp01_cv_domain_none")]
    hidden = print_fitting("Experiments", columns, rows, ("id", "name", "runs"))
    said = capsys.readouterr().out
    assert hidden == ("best run",)
    assert "state" not in said
    assert "failed" not in said
    assert "1,200" in said
    assert max(map(len, said.splitlines())) <= 60


@pytest.mark.parametrize("width", [60, 80, 100, 110, 120])
def test_a_figure_is_never_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    columns = ("id", "experiment", "runs", "last activity", "size", "best roc_auc", "best run")
    name = "credit_scoring_feature_engineering_cv"
    rows = [("1", name, "8", "2024-02-23 19:10", "18.6 KiB", "0.812", "exp00_cv_domain_balanced")]
    hidden = print_fitting("", columns, rows, ("id", "experiment", "runs", "best roc_auc"))
    said = capsys.readouterr().out.splitlines()
    assert max(map(len, said)) <= width
    assert "0.812" in "".join(said)
    # Each line ends with the frame: nothing stands beyond the edge.
    assert all(
        line.rstrip()[-1] in "\u2502\u2503\u2513\u2529\u2518" for line in said if line.strip()
    )
    assert "best roc_auc" not in hidden


def test_what_lies_below_the_working_directory_is_seen_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert near(f"0a1b in {tmp_path}/demo/bundles") == "0a1b in demo/bundles"
    for elsewhere in (f"sqlite:///{tmp_path}/mlflow.db", f"{tmp_path}-2/report.html", "/tmp/x"):  # noqa: S108
        assert near(elsewhere) == elsewhere
    assert near(f"{tmp_path}") == f"{tmp_path}"
