"""What ``init`` says it is not sure of."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from scorewright.flows.init_project import InitRequest, ProjectDraft, init_project
from scorewright.flows.initialised import Initialised
from scorewright.flows.settings_text import SettingText


class Guide(dict[str, SettingText]):
    """Says something about every setting."""

    def __missing__(self, key: str) -> SettingText:
        return SettingText(f"About {key}.", "example_value_x")


def draft(
    columns: dict[str, list[str]], target: str | None = None, bad_value: str | None = None
) -> ProjectDraft:
    request = InitRequest("loans.csv", target=target, bad_value=bad_value)
    return init_project(pl.DataFrame(columns), request, Guide())


X = ["1", "2", "3", "5"]


def test_a_known_outcome_needs_no_warning() -> None:
    made = draft({"x": X, "loan_paid": ["yes", "no", "yes", "yes"]})

    assert (made.roles.bad_value, made.bad_rate, made.warnings) == ("no", 0.25, ())


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"x": X, "z": ["0", "1", "0", "0"]}, "no column has the name of an outcome"),
        ({"x": X, "status": ["p", "q", "p", "p"]}, "rarest value"),
        ({"x": X, "status": ["Y", "N", "Y", "Y"]}, "75.0 % of the rows are bad"),
        (
            {"x": X, "loan_status": ["Current", "Default", "Charged Off", "Fully Paid"]},
            "counts as good: Charged Off, Current, Fully Paid.",
        ),
    ],
)
def test_doubts_about_the_outcome_name_the_options(
    columns: dict[str, list[str]], said: str
) -> None:
    (warning,) = draft(columns).warnings

    assert said in warning
    assert "--target" in warning
    assert "--bad-value" in warning


def test_what_the_user_says_is_no_guess() -> None:
    columns = {"x": X, "z": ["0", "1", "0", "0"]}

    assert draft(columns, "z", "1").warnings == ()
    assert draft(columns, "z").warnings == ()


def test_missing_outcomes_are_counted() -> None:
    (warning,) = draft({"x": X, "bad": ["0", "1", "", " "]}).warnings

    assert warning.startswith("2 rows have no outcome in 'bad'")
    assert "wait for them" in warning


def test_dates_and_commas_in_doubt_are_named() -> None:
    numbers = ["1,234", "2,345", "1,234", "2,345"]
    made = draft({"x": numbers, "day": ["01/02/2020"] * 4, "bad": list("0100")})

    day = [text for text in made.warnings if "'day' looks like a date, not ISO" in text]
    comma = [text for text in made.warnings if "'x' looks like numbers with a comma" in text]
    assert len(day) == len(comma) == 1
    assert len(made.warnings) == 2


def test_warnings_and_reasons_are_in_the_document() -> None:
    made = draft({"sex": ["f", "m", "f", "m"], "x": X, "status": ["p", "q", "p", "p"]})

    document = Initialised.of(made, Path("here")).to_dict()

    assert document["withheld"] == ["sex"]
    assert document["withheld_because"] == {"sex": "personal"}
    assert document["warnings"] == list(made.warnings)
    assert len(document["warnings"]) == 1
