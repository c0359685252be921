"""Drafting a project from a table: names, roles and what is refused."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewright.core.errors import UsageError
from scorewright.core.project import AcceptedFinding, Settings
from scorewright.flows.init_project import InitRequest, ProjectDraft, init_project, snake_case
from scorewright.flows.settings_text import SettingText

FRAME = pl.DataFrame(
    {"income": ["1", "2", "3", "4"], "paid": ["no", "yes", "yes", "no"], "y": ["0", "1", "1", None]}
)


class Guide(dict[str, SettingText]):
    """Says something about every setting."""

    def __missing__(self, key: str) -> SettingText:
        return SettingText(f"About {key}.", "example_value_x")


REQUEST = InitRequest("data/Loan Book.csv")


def draft(frame: pl.DataFrame = FRAME, request: InitRequest = REQUEST) -> ProjectDraft:
    return init_project(frame, request, Guide())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SouthGermanCredit", "south_german_credit"),
        ("HMDA", "hmda"),
        ("1year", "table_1year"),
        ("Crédits 2024", "credits_2024"),
        ("loan-book", "loan_book"),
        ("北京", ""),
    ],
)
def test_names_become_snake_case(text: str, name: str) -> None:
    assert snake_case(text) == name


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=100))
def test_any_text_gives_a_valid_name_or_none(text: str) -> None:
    name = snake_case(text)
    if name:
        document = {
            "project": {"name": name},
            "tables": {name: {"files": "x"}},
            "data": {"table": name, "target": "y"},
        }
        assert Settings.model_validate(document).project.name == name
        assert snake_case(name) == name


def test_what_the_user_says_wins() -> None:
    made = draft(request=replace(REQUEST, target="paid", bad_value="no", name="book_2"))
    assert (made.roles.target, made.roles.bad_value) == ("paid", "no")
    assert made.contract.target == "paid"
    assert made.name == made.table == made.contract.table == "book_2"
    assert made.contract_file == "contracts/book_2.toml"
    assert made.bad_rate == 0.5


def test_rows_without_outcome_do_not_count_in_the_bad_rate() -> None:
    made = draft()
    assert (made.roles.target, made.roles.bad_value) == ("y", "1")
    assert made.bad_rate == pytest.approx(2 / 3)
    assert made.rows == 4
    assert made.name == "loan_book"


def test_accepted_findings_are_written() -> None:
    entry = AcceptedFinding(code="LEAK-002", column='a "b"', reason="known before the decision")
    made = init_project(FRAME, InitRequest("x.csv", accept=(entry,)), Guide())
    assert '[[leakage.accept]]\ncode = "LEAK-002"\ncolumn = "a \\"b\\""\n' in made.settings_text


@pytest.mark.parametrize(
    ("request_", "code", "said"),
    [
        (replace(REQUEST, target="incme"), "target-unknown", "income"),
        (replace(REQUEST, target="income"), "bad-value-unknown", "--bad-value"),
        (replace(REQUEST, target="paid", bad_value="maybe"), "target-values", "maybe"),
        (replace(REQUEST, name="My Loans"), "init-name", "--name"),
        (replace(REQUEST, name="x" * 61), "init-name", "--name"),
        (replace(REQUEST, files="北京.csv"), "init-name", "--name"),
    ],
)
def test_what_cannot_be_used_is_refused(request_: InitRequest, code: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        draft(request=request_)
    assert caught.value.code == code
    assert said in f"{caught.value.message} {caught.value.remedy}"


def test_tables_without_rows_or_outcome_are_refused() -> None:
    with pytest.raises(UsageError) as empty:
        draft(FRAME.head(0))
    with pytest.raises(UsageError) as no_outcome:
        draft(FRAME.select("income"))
    assert empty.value.code == "data-file-empty"
    assert no_outcome.value.code == "target-unknown"
    assert "--target" in no_outcome.value.remedy
