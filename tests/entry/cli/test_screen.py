"""What is said where nobody draws bars: in logs and pipes."""

from __future__ import annotations

import pytest
import typer

from scorewright.entry.cli.screen import STAGE_NAMES, Session, listening
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
