"""Text and Parquet files read whole, or refused with the place that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from scorewright.adapters.tables import FileTableReader
from scorewright.core.errors import UsageError
from scorewright.core.tables import check_frame, infer_contract
from scorewright.flows.ports import PartReader, TableFile

Make = Callable[[str, bytes], Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def write(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def read(*paths: Path, separator: str = ",", encoding: str = "utf-8") -> pl.DataFrame:
    """Read a table whole, and see that its parts are the same."""
    reader: PartReader = FileTableReader()
    patterns = tuple(str(path) for path in paths)
    table = TableFile("loans", patterns, separator=separator, encoding=encoding)
    whole = reader.read(table)
    assert_frame_equal(pl.concat(reader.parts(table)), whole)
    return whole


def refusal(path: Path, separator: str = ",", encoding: str = "utf-8") -> UsageError:
    table = TableFile("loans", (str(path),), separator=separator, encoding=encoding)
    with pytest.raises(UsageError) as caught:
        FileTableReader().read(table)
    with pytest.raises(UsageError) as of_parts:
        list(FileTableReader().parts(table))
    assert of_parts.value.code == caught.value.code
    assert of_parts.value.remedy == caught.value.remedy
    assert caught.value.remedy
    return caught.value


def test_csv_comes_as_text_with_nulls(make: Make) -> None:
    frame = read(make("a.csv", b'a,b\n1,x\nNA,"y, ""z"""\n3,\n'))

    assert frame.schema == {"a": pl.String, "b": pl.String}
    assert frame.rows() == [("1", "x"), (None, 'y, "z"'), ("3", None)]


def test_an_empty_text_is_missing_only_where_the_table_says_so(make: Make) -> None:
    path = make("a.csv", b'a,b\n1,""\n2,\n')

    assert read(path).rows() == [("1", None), ("2", None)]
    kept = FileTableReader().read(TableFile("t", (str(path),), null_values=()))
    assert kept.rows() == [("1", ""), ("2", None)]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfa,b\n1,2\n3,4\n",
        b"a,b\r\n1,2\r\n3,4\r\n",
        b"a,b\r1,2\r3,4",
        b"\n\na,b\n1,2\n\n3,4\n\n",
        b'"a","b"\n"1","2"\n"3","4"',
    ],
    ids=["bom", "crlf", "cr", "empty lines", "quoted"],
)
def test_dress_does_not_matter(make: Make, data: bytes) -> None:
    frame = read(make("a.csv", data))

    assert frame.columns == ["a", "b"]
    assert frame.rows() == [("1", "2"), ("3", "4")]


def test_line_breaks_inside_quotes_belong_to_the_cell(make: Make) -> None:
    assert read(make("a.csv", b'a,b\n1,"x\n\ny"\n2,z\n')).rows() == [("1", "x\n\ny"), ("2", "z")]


def test_a_quote_inside_a_bare_text_is_a_letter(make: Make) -> None:
    frame = read(make("a.csv", b'a,b\n5" pipe,x\n3",4"\n"6"" rod",y\n'))

    assert frame.rows() == [('5" pipe', "x"), ('3"', '4"'), ('6" rod', "y")]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""], ids=["lf", "crlf", "no end"])
def test_quotes_around_whole_lines_are_taken_away(make: Make, end: bytes) -> None:
    lines = [
        b'"a,b,c"',
        b'"1,""x, y"",z"',
        b'"2,,""say """"hi"""" twice"""',
        b'"3,""two\nlines"","',
    ]

    frame = read(make("a.csv", (end or b"\n").join(lines) + end))

    assert frame.columns == ["a", "b", "c"]
    assert frame.rows() == [
        ("1", "x, y", "z"),
        ("2", None, 'say "hi" twice'),
        ("3", "two\nlines", None),
    ]


@pytest.mark.parametrize("name", ["a.asc", "a.txt", "a.data"])
def test_spaces_may_separate(make: Make, name: str) -> None:
    frame = read(make(name, b"a   b c\n1  2   3\n 4 5 6 \n"), separator=" ")

    assert frame.rows() == [("1", "2", "3"), ("4", "5", "6")]


def test_tsv_is_separated_by_tabs(make: Make) -> None:
    assert read(make("a.tsv", b"a\tb\n1\t2\n")).rows() == [("1", "2")]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "latin-1", "utf-16-le"])
def test_other_encodings_are_read_when_named(make: Make, encoding: str) -> None:
    path = make("a.csv", "name,b\nMüller,2\n".encode(encoding))

    assert read(path, encoding=encoding).rows() == [("Müller", "2")]


def test_a_line_that_numbers_the_columns_is_passed_over(make: Make) -> None:
    data = b",X1,X2,Y\nID,LIMIT,SEX,default\n1,20,2,0\n2,30,1,1\n"

    frame = read(make("a.csv", data))

    assert frame.columns == ["ID", "LIMIT", "SEX", "default"]
    assert frame.height == 2


def test_a_first_row_of_words_is_not_taken_for_names(make: Make) -> None:
    frame = read(make("a.csv", b"income,home\nlow,own\n3,rent\n"))

    assert frame.columns == ["income", "home"]
    assert frame.height == 2


def test_a_column_without_name_gets_its_position(make: Make) -> None:
    assert read(make("a.csv", b",b\n0,x\n")).columns == ["column_1", "b"]


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (b"", "data-file-empty", "is empty"),
        (b" \n\n", "data-file-empty", "is empty"),
        (b"a,b\n", "data-file-empty", "no rows"),
        (b"a,b\n1,2\n3\n", "data-ragged", "1 field in line 3, but 2 columns"),
        (b'a,b\n1,"x\ny"\n3,4,5\n', "data-ragged", "3 fields in line 4, but 2 columns"),
        (b"a,b,a\n1,2,3\n", "data-duplicate-column", "'a' more than once"),
        (b"a,b\n1,\xfc\n", "data-encoding", "byte 6 (line 2) does not fit. It is probably cp1252"),
        (b"a,b\n1,\x81\n", "data-encoding", "probably latin-1"),
        ("a,b\n1,2\n".encode("utf-16"), "data-encoding", "probably utf-16"),
        ("a,b\n1,2\n".encode("utf-16-le"), "data-encoding", "probably utf-16-le"),
        (b"a,b\n1,2\n3,\x00\n", "data-unreadable", "NUL byte at byte 10 (line 3)"),
        (b'"a,b"\n"1,2"\n3,4\n', "data-unreadable", "but line 3 is not"),
        (b'"a,b"\n"1","2"\n', "data-unreadable", "but line 2 is not"),
        (b'"a,b"\n"1,2"\n"3"\n', "data-ragged", "1 field in line 3, but 2 columns"),
        (b'"""a,b"""\n"""1,2"""\n', "data-unreadable", "in quotes twice over"),
        (b"a;b\n1;2\n", "data-unreadable", "probably ';'"),
        (b'a,b\n1,"x\n2,y\n', "data-unreadable", "line 2 that is never closed"),
        (b'a,b\n1,"4"z\n', "data-unreadable", "cannot be parsed"),
        (b'a,b\n1, "x,y"\n', "data-ragged", "3 fields in line 2, but 2 columns"),
    ],
    ids=range(19),
)
def test_broken_text_is_refused_with_its_place(
    make: Make, data: bytes, code: str, said: str
) -> None:
    error = refusal(make("broken.csv", data))

    assert error.code == code
    assert said in error.message
    assert "broken.csv" in error.message
    assert "\n" not in error.message


def test_data_without_header_is_recognised(make: Make) -> None:
    error = refusal(make("a.data", b"A11,6,4,6,1\nA12,5,4,3,2\n"))

    assert error.code == "data-duplicate-column"
    assert "column names above it" in error.remedy


def test_an_encoding_that_does_not_exist_or_fit_is_refused(make: Make) -> None:
    path = make("a.csv", b"a,b\n1,2\n3")

    assert "no text encoding 'klingon'" in refusal(path, encoding="klingon").message
    wrong = refusal(path, encoding="utf-16")
    assert wrong.code == "data-encoding"
    assert "probably utf-8" in wrong.message


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("a.csv.gz", "gunzip -k 'a.csv.gz'"),
        ("a.zip", "unzip"),
        ("a.xlsx", "Save the sheet as CSV"),
        ("a.arff", "convert it to CSV"),
    ],
)
def test_other_kinds_of_file_are_refused_with_a_remedy(make: Make, name: str, remedy: str) -> None:
    error = refusal(make(name, b"a,b\n1,2\n"))

    assert error.code == "data-unreadable"
    assert remedy in error.remedy


def test_a_missing_file_names_its_neighbours(make: Make, tmp_path: Path) -> None:
    make("loans_2024.csv", b"a\n1\n")

    error = refusal(tmp_path / "loans_2042.csv")

    assert error.code == "data-file-missing"
    assert "There is loans_2024.csv in that folder" in error.message
    assert refusal(tmp_path / "*.parquet").code == "data-file-missing"
    assert refusal(tmp_path).code == "data-unreadable"


def test_a_glob_joins_files_by_name(make: Make, tmp_path: Path) -> None:
    # Given two parts whose columns stand in another order
    make("part2.csv", b"b,a\n4,3\n")
    make("part1.csv", b"a,b\n1,2\n")

    # When they are read by a glob
    frame = read(tmp_path / "part*.csv")

    # Then the rows follow the sorted file names, the columns the first file
    assert frame.columns == ["a", "b"]
    assert frame.rows() == [("1", "2"), ("3", "4")]


def test_a_name_that_looks_like_a_glob_is_taken_literally(make: Make) -> None:
    assert read(make("loans[1].csv", b"a,b\n1,2\n")).height == 1


def test_parts_with_other_columns_are_refused(make: Make, tmp_path: Path) -> None:
    make("part1.csv", b"a,b\n1,2\n")
    make("part2.csv", b"a,c\n1,2\n")

    error = refusal(tmp_path / "part*.csv")

    assert error.code == "data-columns-differ"
    assert "part2.csv" in error.message
    assert "b, c" in error.message


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [1, None], "b": ["x", "y"], "c": [True, False]})
    frame.write_parquet(tmp_path / "a.parquet")

    assert read(tmp_path / "a.parquet").equals(frame)


def test_parquet_parts_with_other_types_are_refused(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "1.parquet")
    pl.DataFrame({"a": [["x"]]}).write_parquet(tmp_path / "2.parquet")

    error = refusal(tmp_path / "*.parquet")

    assert error.code == "data-columns-differ"
    assert "'a' as List(String)" in error.message


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        (lambda data: data[: len(data) // 2], "ends early or is damaged"),
        (lambda data: data[:-4] + b"XXXX", "ends early or is damaged"),
        (lambda data: b"hello, this is no parquet" * len(data), "is no Parquet file"),
    ],
    ids=["truncated", "foot", "garbage"],
)
def test_damaged_parquet_is_refused(
    tmp_path: Path, cut: Callable[[bytes], bytes], said: str
) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"a": list(range(1000))}).write_parquet(path)
    path.write_bytes(cut(path.read_bytes()))

    error = refusal(path)

    assert error.code == "data-unreadable"
    assert said in error.message


def test_empty_parquet_is_refused(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]})[:0].write_parquet(tmp_path / "none.parquet")
    (tmp_path / "zero.parquet").write_bytes(b"")

    assert refusal(tmp_path / "none.parquet").code == "data-file-empty"
    assert refusal(tmp_path / "zero.parquet").code == "data-file-empty"


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=200) | st.text('ab1,;"\n\r\té', max_size=60).map(str.encode))
def test_any_bytes_give_a_table_or_a_usage_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "a.csv"
    path.write_bytes(data)

    codes: list[str] = []
    frames: list[pl.DataFrame] = []
    try:
        frames.append(read(path))
    except UsageError as refused:
        codes.append(refused.code)
        # What is wrong in two ways may be refused for the other one in parts.
        with pytest.raises(UsageError) as of_parts:
            list(FileTableReader().parts(TableFile("loans", (str(path),))))
        codes.append(of_parts.value.code)

    assert all(code.startswith("data-") for code in codes)
    assert all(frame.height > 0 for frame in frames)
    assert all(dtype == pl.String for frame in frames for dtype in frame.dtypes)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(*[st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=5)] * 2),
        min_size=1,
        max_size=5,
    )
)
def test_what_polars_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("round") / "a.csv"
    frame = pl.DataFrame(rows, schema={"left": pl.String, "right": pl.String}, orient="row")
    frame.write_csv(path, quote_style="always")

    table = TableFile("t", (str(path),), null_values=())
    assert FileTableReader().read(table).rows() == frame.rows()


def test_the_shipped_study_sets_are_read() -> None:
    data = Path(__file__).resolve().parents[3] / "../shared/data"
    if not data.is_dir():
        pytest.skip(f"the study data sets are not beside the repository: {data}")
    shapes = {
        (",", "taiwan/taiwan.csv"): (30_000, 25),
        (" ", "south_german/SouthGermanCredit.asc"): (1_000, 21),
        (",", "sba_case/SBAcase.11.13.17.csv"): (2_101, 35),
        (",", "aer_hmda/HMDA.csv"): (2_380, 14),
    }
    for (separator, name), shape in shapes.items():
        frame = read(data / name, separator=separator)
        assert frame.shape == shape
        assert check_frame(frame, infer_contract(frame, table="t")).is_clean
