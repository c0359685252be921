"""A project from a template: which files it names, and which columns it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scorewright.core.contracts import Column, ColumnType, Contract, Use
from scorewright.core.errors import UsageError
from scorewright.flows.init_template import (
    FoundTable,
    Template,
    TemplateDraft,
    init_template,
)

TEXT = """\
[tables.loans]
files = "data/loans/*.parquet"
[tables.cards]
files = "data/cards/*.parquet"
#decision_date = "DAY"
"""
KEY = Column("KEY", ColumnType.INTEGER, nullable=False)
DATES = (
    Column("DAY", ColumnType.DATE, use=Use.MONITORING),
    Column("KNOWN", ColumnType.DATE, use=Use.PROHIBITED),
)
TEMPLATE = Template(
    name="two-tables",
    settings_text=TEXT,
    application="loans",
    contracts={"loans": Contract("loans", (KEY,), key="KEY"), "cards": Contract("cards", (KEY,))},
    texts={"features.toml": "x = 1\n"},
    dates=DATES,
)
DATA, ROOT = Path("data"), Path("root")


@dataclass
class Files:
    """`TemplateFiles` in memory."""

    tables: Mapping[str, str]
    columns: tuple[str, ...] = ("KEY",)
    written: dict[str, TemplateDraft] = field(default_factory=dict)

    def load(self, name: str) -> Template:
        return TEMPLATE

    def find(self, template: Template, data: Path, root: Path) -> Mapping[str, FoundTable]:
        return {table: FoundTable(text, Path(text)) for table, text in self.tables.items()}

    def expected(self, template: Template, table: str) -> str:
        return f"{table}.csv"

    def column_names(self, found: FoundTable) -> tuple[str, ...]:
        assert found.files == self.tables["loans"]
        return self.columns

    def write(self, draft: TemplateDraft, root: Path, *, force: bool) -> tuple[Path, ...]:
        self.written["draft"] = draft
        return (root / "scorewright.toml",)


def test_the_settings_name_the_files_that_were_found() -> None:
    files = Files({"loans": 'a "loan".csv', "cards": "cards.csv"})

    made = init_template("two-tables", DATA, ROOT, files)

    lines = made.draft.settings_text.splitlines()
    assert "files = 'a \"loan\".csv'" in lines or 'files = "a \\"loan\\".csv"' in lines
    assert 'files = "cards.csv"' in lines
    assert '#decision_date = "DAY"' in lines
    assert made.draft.contracts["contracts/loans.toml"] == TEMPLATE.contracts["loans"]
    assert made.draft.texts == {"features.toml": "x = 1\n"}
    assert files.written["draft"] is made.draft
    assert made.to_dict() == {
        "schema_version": 1,
        "template": "two-tables",
        "files": ["root/scorewright.toml"],
        "tables": {"loans": 'a "loan".csv', "cards": "cards.csv"},
        "decision_date": None,
    }


def test_dates_of_the_data_enter_contract_and_settings() -> None:
    files = Files({"loans": "l.csv", "cards": "c.csv"}, columns=("KEY", "DAY", "KNOWN"))

    draft = init_template("two-tables", DATA, ROOT, files).draft

    contract = draft.contracts["contracts/loans.toml"]
    assert (contract.as_of, draft.decision_date) == ("DAY", "DAY")
    assert contract.columns == (KEY, *DATES)
    assert contract.features == ()
    assert 'decision_date = "DAY"' in draft.settings_text.splitlines()


def test_the_second_date_alone_is_no_decision_date() -> None:
    files = Files({"loans": "l.csv", "cards": "c.csv"}, columns=("KEY", "KNOWN"))

    draft = init_template("two-tables", DATA, ROOT, files).draft

    assert draft.decision_date is None
    assert draft.contracts["contracts/loans.toml"].columns == (KEY, DATES[1])


def test_missing_tables_stop_the_work_before_anything_is_written() -> None:
    files = Files({"loans": "l.csv"})

    with pytest.raises(UsageError) as caught:
        init_template("two-tables", DATA, ROOT, files)

    assert caught.value.code == "template-tables"
    assert "lacks 1 of the 2 tables: cards (cards.csv)" in caught.value.message
    assert files.written == {}
