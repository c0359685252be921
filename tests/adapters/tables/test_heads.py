from __future__ import annotations

from pathlib import Path

import pytest

from scorewright.adapters.tables import with_separator
from scorewright.flows.ports import TableFile

NAMES = ("income", "purpose", "due date")


def found(path: Path, data: str | bytes, own: str = ",", encoding: str = "utf-8") -> str:
    path.write_bytes(data if isinstance(data, bytes) else data.encode(encoding))
    return with_separator(path, TableFile("t", ("x",), own, encoding=encoding), NAMES).separator


@pytest.mark.parametrize("own", [",", ";", "\t", " ", "|"])
@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_columns_tell_the_separator(tmp_path: Path, own: str, mark: str) -> None:
    head = mark.join(("id", *NAMES))
    assert found(tmp_path / "new.csv", f"{head}\n1{mark}2{mark}3{mark}4\n", own) == mark


@pytest.mark.parametrize(
    ("text", "own", "separator"),
    [
        ("id income purpose\n1 2 3\n", ";", " "),
        ("id income purpose\n1 2 3\n", " ", " "),
        # What the table's own gives stays, whatever stands in the rows.
        ("income,purpose\n1;2,3\n", ",", ","),
        ("income\n1\n", ";", ";"),
        # Names in quotes, and a second line that has the names.
        ('"income";"purpose";"due date"\n', ",", ";"),
        ("X1;X2;X3\nincome;purpose;due date\n1;2;3\n", ",", ";"),
        # A name that is none of ours tells nothing.
        ("a;b;c\n1;2;3\n", ",", ","),
        ("\ufeffincome;purpose\n", ",", ";"),
        ("", ",", ","),
        ("\n\n", ",", ","),
        ('"income;purpose\n', ",", ","),
    ],
)
def test_what_does_not_tell_leaves_it_to_the_reader(
    tmp_path: Path, text: str, own: str, separator: str
) -> None:
    assert found(tmp_path / "new.csv", text, own) == separator


def test_other_encodings_and_what_is_no_text(tmp_path: Path) -> None:
    assert found(tmp_path / "a.csv", "income;purpose\n", encoding="utf-16") == ";"
    assert found(tmp_path / "b.csv", b"\xff\xfe\x00;income;purpose") == ";"
    assert found(tmp_path / "c.parquet", "income;purpose\n") == ","
    assert found(tmp_path / "d.tsv", "income\tpurpose\n") == ","  # the reader takes the tab
    table = TableFile("t", ("x",), encoding="nonsense")
    assert with_separator(tmp_path / "a.csv", table, NAMES) == table
    assert with_separator(tmp_path / "missing.csv", table, NAMES) == table
