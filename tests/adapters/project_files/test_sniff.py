"""Guessing separator and encoding."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewright.adapters.project_files import Dialect, sniff
from scorewright.core.errors import UsageError


@pytest.mark.parametrize(
    ("name", "raw", "expected"),
    [
        ("a.csv", b"a,b\n1,2\n3,4\n", Dialect(",")),
        ("a.csv", b"a;b\n1,5;2,5\n3,5;4,5\n", Dialect(";")),
        ("a.csv", b"a\tb\n1\t2\n", Dialect("\t")),
        ("a.csv", b"a|b\r\n1|2\r\n", Dialect("|")),
        ("a.asc", b"a b c\r\n1 2 3\r\n4 5 6", Dialect(" ")),
        ("a.data", b"A11 6 A34\nA12 4 A33\n", Dialect(" ")),
        ("a.csv", b"ID,default payment next month\n1,0\n2,1\n", Dialect(",")),
        ("a.csv", b",X1,X2\n0,1,2\n", Dialect(",")),
        ("a.csv", b'name,note\n"x","one; two; three"\n"y","a\nb"\n', Dialect(",")),
        ("a.csv", b"only\n1\n2\n", Dialect(",")),
        ("a.csv", b"\xef\xbb\xbfa,b\n1,2\n", Dialect(",", "utf-8-sig")),
        ("a.csv", "a;b\nü;ß\n".encode(), Dialect(";")),
        ("a.csv", "a;b\nü;ß\n".encode("latin-1"), Dialect(";", "latin-1")),
        ("a.csv", "a;b\n€;–\n".encode("cp1252"), Dialect(";", "cp1252")),
        ("a.csv", b"a;b\n\x81;\xe9\n", Dialect(";", "latin-1")),
        ("a.csv", "a;b\nü;1\n".encode("utf-16"), Dialect(";", "utf-16")),
        ("a.csv", b"ab;cd\n12;34\n".decode().encode("utf-16-le"), Dialect(";", "utf-16-le")),
        ("a.csv", b"ab;cd\n12;34\n".decode().encode("utf-16-be"), Dialect(";", "utf-16-be")),
    ],
)
def test_what_is_written_is_recognised(
    tmp_path: Path, name: str, raw: bytes, expected: Dialect
) -> None:
    file = tmp_path / name
    file.write_bytes(raw)
    assert sniff(file) == expected
    text = raw.decode(expected.encoding)
    assert text.splitlines()[0]


def test_a_byte_far_down_decides_the_encoding(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"a,b\n" + b"1,2\n" * 700_000 + "ü,1\n".encode("latin-1"))
    assert sniff(file) == Dialect(",", "latin-1")
    file.write_bytes(b"a,b\n" + b"1,2\n" * 700_000 + "ü,1\n".encode())
    assert sniff(file) == Dialect(",", "utf-8")


CELLS = st.text(alphabet="abc xyz019.,;|\t'", max_size=8)


@settings(max_examples=60, deadline=None)
@given(
    separator=st.sampled_from([",", ";", "\t", "|"]),
    rows=st.lists(st.lists(CELLS, min_size=4, max_size=4), min_size=1, max_size=20),
)
def test_quoted_tables_are_recognised_whatever_they_hold(
    separator: str, rows: list[list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    # given a table written by the standard library
    file = tmp_path_factory.mktemp("sniff") / "a.csv"
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writerows([["first", "second", "third", "fourth"], *rows])
    file.write_text(out.getvalue(), newline="")

    # then
    assert sniff(file).separator == separator


def test_parquet_has_no_dialect(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(file)
    assert sniff(file) == Dialect()


@pytest.mark.parametrize(
    ("raw", "code", "said"),
    [
        (b"", "data-file-empty", "empty"),
        (b" \n\n", "data-file-empty", "empty"),
        (b"\x1f\x8b\x08rest", "data-unreadable", "gzip"),
        (b"\x00\x01\x02\x03abc", "data-unreadable", "zero bytes"),
        ("a,b\n".encode("utf-32"), "data-unreadable", "zero bytes"),
        (b"SQLite format 3\x00", "data-unreadable", "SQLite"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, raw: bytes, code: str, said: str) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(raw)
    with pytest.raises(UsageError) as caught:
        sniff(file)
    assert caught.value.code == code
    assert said in caught.value.message


def test_a_workbook_is_called_one(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(UsageError, match="Excel"):
        sniff(file)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as missing:
        sniff(tmp_path / "none.csv")
    with pytest.raises(UsageError) as folder:
        sniff(tmp_path)
    assert missing.value.code == "data-file-missing"
    assert folder.value.code == "data-unreadable"
