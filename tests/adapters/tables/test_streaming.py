"""Text tables in parts: the rows of the reader, whatever the size of the parts."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewright.adapters.tables import (
    FileTableReader,
    TextChunk,
    TextStream,
    blocks,
    streaming,
)
from scorewright.core.errors import UsageError
from scorewright.flows.ports import TableFile

SMALL = 64


@pytest.fixture
def _tiny_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut files every few bytes, so that a cut falls everywhere."""
    for name in ("_FIRST", "_BLOCK"):
        monkeypatch.setattr(blocks, name, 3)
    monkeypatch.setattr(streaming, "_FIRST", 1)


def table(path: Path, separator: str = ",", encoding: str = "utf-8") -> TableFile:
    return TableFile("loans", (str(path),), separator=separator, encoding=encoding)


def chunks(
    file: TableFile, columns: Sequence[str] | None = None, size: int = SMALL
) -> list[TextChunk]:
    return list(TextStream(Path(file.patterns[0]), file, columns, size))


def whole(found: list[TextChunk]) -> pl.DataFrame:
    """Join chunks, whose row numbers must follow on each other."""
    row = 1
    for chunk in found:
        assert chunk.first_row == row
        row += chunk.frame.height
    return pl.concat([chunk.frame for chunk in found])


def refusal(file: TableFile) -> UsageError:
    with pytest.raises(UsageError) as caught:
        chunks(file)
    assert caught.value.remedy
    return caught.value


def numbers(rows: int) -> bytes:
    lines = [f"{row},{row * row},text {row}" for row in range(rows)]
    return "\n".join(["key,square,text", *lines, ""]).encode()


@pytest.mark.usefixtures("_tiny_parts")
@pytest.mark.parametrize(
    ("data", "separator", "encoding"),
    [
        (numbers(50), ",", "utf-8"),
        (b"\xef\xbb\xbf" + numbers(50), ",", "utf-8"),
        (numbers(50).replace(b"\n", b"\r\n"), ",", "utf-8"),
        (numbers(50).replace(b"\n", b"\r").rstrip(), ",", "utf-8"),
        (numbers(50).replace(b"text 7", 'Zoë Müller "x"'.encode()), ",", "utf-8"),
        (numbers(50).replace(b"text 7", b"\xfcber"), ",", "cp1252"),
        (numbers(50).decode().replace("text", "tëxt").encode("utf-16"), ",", "utf-16"),
        (numbers(50).replace(b"text 7", b'"a, b\n""c"" d"'), ",", "utf-8"),
        (numbers(50).replace(b"text 7", b'5" pipe'), ",", "utf-8"),
        (b"".join(b'"%s"\n' % line for line in numbers(50).splitlines()), ",", "utf-8"),
        (b"\n\n" + numbers(20).replace(b"\n", b"\n\n"), ",", "utf-8"),
        (b"a  b   c\n" + b" 1 2   3 \n" * 40, " ", "utf-8"),
        (b"X1,X2\nkey,sum\n" + b"1,2\n" * 40, ",", "utf-8"),
        (b"a\tb\n1\t2\n\t\n3\t4\n", "\t", "utf-8"),
    ],
    ids=[
        "plain", "mark", "crlf", "cr", "utf-8", "cp1252", "utf-16", "quotes", "odd quote",
        "wrapped", "empty lines", "spaces", "numbered", "empty cells",
    ],
)  # fmt: skip
def test_parts_hold_the_rows_the_reader_reads(
    tmp_path: Path, data: bytes, separator: str, encoding: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    file = table(path, separator, encoding)

    found = chunks(file)

    assert len(found) > 1
    assert whole(found).equals(FileTableReader().read(file), null_equal=True)
    assert TextStream(path, file).columns == tuple(found[0].frame.columns)


CELLS = st.text('ab1,;"\n\r\té ', max_size=5)


@settings(max_examples=300, deadline=None)
@given(
    data=st.binary(max_size=120)
    | st.text('ab1,;"\n\r\té', max_size=80).map(str.encode)
    | st.text('1,"\n', max_size=60).map(lambda text: f'a,b\n"1,2"\n{text}'.encode()),
    block=st.integers(1, 9),
    size=st.integers(1, 40),
)
def test_any_bytes_give_what_the_reader_gives(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, block: int, size: int
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "a.csv"
    path.write_bytes(data)

    read: pl.DataFrame | str
    streamed: pl.DataFrame | str
    try:
        read = FileTableReader().read(table(path))
    except UsageError as refused:
        read = f"{refused.code}: {refused.message}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "_BLOCK", block)
        try:
            streamed = whole(chunks(table(path), size=size))
        except UsageError as refused:
            streamed = f"{refused.code}: {refused.message}"

    if isinstance(streamed, str):
        assert isinstance(read, str)
        assert streamed.split(":", maxsplit=1)[0].startswith("data-")
    elif isinstance(read, str):
        assert streamed.height == 0
        assert read.startswith("data-file-empty")
    else:
        assert streamed.equals(read, null_equal=True)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=30), wrap=st.booleans())
def test_what_is_written_is_read_back_wrapped_or_not(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]], *, wrap: bool
) -> None:
    path = tmp_path_factory.mktemp("round") / "a.csv"
    plain = [tuple(cell.replace("\r", "") for cell in row) for row in rows]
    names = ("left", "middle", "right")
    frame = pl.DataFrame(plain, schema=dict.fromkeys(names, pl.String), orient="row")
    text = frame.write_csv(quote_style="always")
    if wrap:
        # One record after the other: a line break may stand within one.
        records = [frame[row].write_csv(include_header=False) for row in range(frame.height)]
        lines = [",".join(names), *(record.removesuffix("\n") for record in records)]
        text = "".join('"{}"\n'.format(line.replace('"', '""')) for line in lines)
    path.write_bytes(text.encode())

    found = whole(list(TextStream(path, TableFile("t", (), null_values=()), chunk_bytes=20)))

    empty_is_null = frame.with_columns(pl.all().replace("", None)).rows()
    assert found.with_columns(pl.all().replace("", None)).rows() == empty_is_null


def test_only_wanted_columns_are_kept_in_the_order_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(numbers(30))

    found = whole(chunks(table(path), ["text", "key"]))

    assert found.columns == ["text", "key"]
    assert found.row(29) == ("text 29", "29")


def test_a_wanted_column_that_is_not_there_names_its_neighbours(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(numbers(3))

    with pytest.raises(UsageError) as caught:
        chunks(table(path), ["sqare"])

    assert caught.value.code == "data-columns-differ"
    assert "square" in caught.value.remedy


def test_a_header_alone_gives_its_columns_and_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n")

    (only,) = chunks(table(path))

    assert only.frame.schema == {"a": pl.String, "b": pl.String}
    assert (only.first_row, only.frame.height) == (1, 0)


@pytest.mark.usefixtures("_tiny_parts")
@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (b"", "data-file-empty", "is empty"),
        (b"\n \n\n", "data-file-empty", "is empty"),
        (b"a,b,a\n1,2,3\n", "data-duplicate-column", "'a' more than once"),
        (numbers(40) + b"1,2\n" + numbers(5), "data-ragged", "2 fields in line 42, but 3 columns"),
        (b'a,b\n"x\ny",2\n' + b"1,2\n" * 20 + b"1,2,3\n", "data-ragged", "in line 24"),
        (b"a,b\n" + b"1,2\n" * 20 + b"1,\xfc\n", "data-encoding", "byte 86 (line 22)"),
        (b"a,b\n" + b"1,2\n" * 20 + b"1,\xc3", "data-encoding", "byte 86 (line 22)"),
        (b"\xef\xbb\xbfa,b\n1,\xfc\n", "data-encoding", "byte 9 (line 2)"),
        (b"a,b\n" + b"1,2\n" * 20 + b"1,\0\n", "data-unreadable", "byte 86 (line 22)"),
        (b"a,b\n" + b"1,2\n" * 9 + b'1,"x\n' + b"1,2\n" * 9, "data-unreadable", "in line 11"),
        (b'"a,b"\n' + b'"1,2"\n' * 20 + b"1,2\n", "data-unreadable", "line 22 is not"),
        (b'"a,b"\n' + b'"1,2"\n' * 20 + b'"1"\n', "data-ragged", "1 field in line 22"),
        (b"a;b\n" + b"1;2\n" * 20, "data-unreadable", "probably ';'"),
    ],
    ids=range(13),
)
def test_what_is_wrong_is_named_with_its_place(
    tmp_path: Path, data: bytes, code: str, said: str
) -> None:
    path = tmp_path / "broken.csv"
    path.write_bytes(data)

    error = refusal(table(path))

    assert error.code == code
    assert said in error.message


def test_a_quote_never_closed_is_refused_before_the_file_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "_LARGEST_RECORD", 1000)
    monkeypatch.setattr(blocks, "_BLOCK", 100)
    path = tmp_path / "a.csv"
    path.write_bytes(b'a,b\n1,2\n1,"x\n' + b"1,2\n" * 100_000)

    error = refusal(table(path))

    assert error.code == "data-unreadable"
    assert "opens a quote in line 3 that is never closed" in error.message


def test_gzip_is_unpacked_on_the_way(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(numbers(500)))

    assert whole(list(TextStream(path, table(path)))).height == 500


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    data = gzip.compress(numbers(5000))
    for broken in (data[: len(data) // 2], b"no gzip at all", data[:200] + b"xxxx" + data[204:]):
        path.write_bytes(broken)

        error = refusal(table(path))

        assert error.code == "data-unreadable"
        assert "gzip file that ends early or is damaged" in error.message


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n" + b"1234567,abcdefgh\n" * 1_000_000)

    tracemalloc.start()
    rows = sum(chunk.frame.height for chunk in TextStream(path, table(path), chunk_bytes=1 << 20))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert rows == 1_000_000
    assert peak < 16e6
