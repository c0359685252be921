"""A report is plain data that says when it is not one."""

from __future__ import annotations

import pytest

from scorewright.core.errors import UsageError
from scorewright.core.report import Figure, ReportContent, Section, Table


def test_a_report_is_made_of_figures_and_sections() -> None:
    content = ReportContent(
        "title", "subtitle", (Figure("AUC", "0.7"),), (Section("roc", "ROC", "prose"),), {}
    )

    assert content.verdict[0].tone == "neutral"
    assert content.sections[0].chart is None


def test_two_sections_of_one_id_are_refused() -> None:
    section = Section("roc", "ROC", "prose")

    with pytest.raises(UsageError, match="same id") as raised:
        ReportContent("title", "", (), (section, section), {})
    assert raised.value.code == "report-content"


@pytest.mark.parametrize("anchor", ["", "Has Space", '"><script>', "1st", "Ümlaut"])
def test_an_id_must_be_an_anchor(anchor: str) -> None:
    with pytest.raises(UsageError) as raised:
        Section(anchor, "title", "prose")
    assert raised.value.code == "report-content"


def test_rows_are_as_long_as_the_heading() -> None:
    with pytest.raises(UsageError) as raised:
        Table(("a", "b"), (("1", "2"), ("3",)))
    assert raised.value.code == "report-content"
