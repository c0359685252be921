"""What is shown of a search."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tests.fakes.training import MakeWorld
from tests.fakes.tuning import Searching, table, tuning_settings

from scorewright.flows.tuning import best_trials, params_block, study_report


def test_a_block_of_parameters_is_toml() -> None:
    params = {
        "C": 1e-05, "n": 3, "flag": True, "kind": 'a "b"', "weights": {"0": 1.0, "1": 5.0},
        "list": [1, 2.5],
    }  # fmt: skip
    assert tomllib.loads(params_block(params)) == {"learner": {"params": params}}


def test_the_report_shows_plots_trials_and_parameters(world: MakeWorld, tmp_path: Path) -> None:
    searching = Searching(world(table()), tmp_path)
    result = searching.tune(tuning_settings(trials=3))
    content = study_report(result)
    ids = [section.id for section in content.sections]
    assert ids == ["history", "parallel", "trials", "learner-params"]
    assert content.verdict[0].label == "Best roc_auc"
    assert best_trials(result).rows[0][0] == result.leaders.best.run_name  # type: ignore[union-attr]
    assert result.to_dict()["trials"] == {"complete": 3}


def test_a_search_without_a_feasible_trial_says_so(world: MakeWorld, tmp_path: Path) -> None:
    searching = Searching(world(table()), tmp_path)
    result = searching.tune(tuning_settings(trials=1, constraints=["ks >= 0.99"]))
    content = study_report(result)
    assert content.verdict[0].value == "none"
    assert content.verdict[0].tone == "bad"
    assert "breaks ks >= 0.99" in best_trials(result).rows[0]
    assert "learner-params" not in [section.id for section in content.sections]
