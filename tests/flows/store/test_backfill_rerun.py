"""Settings that a training takes, and words for what it does not."""

from __future__ import annotations

import tomllib

from scorewright.adapters.learners import Learners
from scorewright.core.backfill import Rerun
from scorewright.flows.store.backfill_rerun import RerunWriter

RUN = "0123456789abcdef"


def test_only_parameters_of_the_learner_are_written() -> None:
    rerun = Rerun("lgbm", {"num_leaves": 7, "tree_depth": 3, "class_weight": None})
    text = RerunWriter(Learners()).write(RUN, rerun)
    assert tomllib.loads(text.settings) == {"learner": {"params": {"num_leaves": 7}}}
    assert text.remarks == ("no parameters of the learner lgbm: tree_depth",)
    assert text.command == "scorewright --config rerun_01234567.toml train"


def test_parameters_that_do_not_go_together_are_told() -> None:
    rerun = Rerun("lgbm", {"class_weight": "balanced", "is_unbalance": True})
    text = RerunWriter(Learners()).write(RUN, rerun)
    assert text.remarks == (
        "The parameters class_weight and is_unbalance each re-weight the classes",
    )


def test_an_unknown_learner_leaves_its_parameters_out() -> None:
    rerun = Rerun("tabnet", {"depth": 3}, {"learner": {"name": "tabnet"}}, ("its data were x",))
    text = RerunWriter(Learners()).write(RUN, rerun)
    assert tomllib.loads(text.settings) == {"learner": {"name": "tabnet"}}
    assert "tabnet" in text.remarks[0]
    assert text.remarks[1:] == ("its parameters depth", "its data were x")


def test_without_a_learner_nothing_is_guessed() -> None:
    text = RerunWriter(Learners()).write(RUN, Rerun("", {"depth": 3}))
    assert text.settings == ""
    assert text.remarks == ("its parameters depth",)
