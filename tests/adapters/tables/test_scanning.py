"""The fast look at a text table agrees with the slow one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewright.adapters.tables import scanning
from scorewright.adapters.tables.records import Grammar, end_of_records, records
from scorewright.adapters.tables.scanning import last_boundary, regular_rows, unwrapped
from scorewright.core.errors import UsageError

PATH = Path("a.csv")
COMMA = Grammar.of(",")
TEXTS = st.text('a,"\n', max_size=40).map(str.encode)


@pytest.fixture(autouse=True, scope="module", params=[5, 1 << 20])
def _block(request: pytest.FixtureRequest) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanning, "_BLOCK", request.param)
        yield


@settings(max_examples=500, deadline=None)
@given(text=TEXTS, width=st.integers(2, 4))
def test_rows_that_are_found_regular_are_so(text: bytes, width: int) -> None:
    data = text + b"\n"

    rows = regular_rows(data, width, ",")

    try:
        found = list(records(data, PATH, COMMA))
    except UsageError:
        assert rows is None
        return
    widths = {COMMA.count(record.raw) for record in found}
    if rows is not None:
        assert rows == len(found)
        assert widths == {width}
    elif b'"' not in data and b"\n\n" not in b"\n" + data:
        assert widths != {width}


@settings(max_examples=500, deadline=None)
@given(text=TEXTS)
def test_the_boundary_is_the_end_of_the_last_whole_record(text: bytes) -> None:
    end = last_boundary(text, ",")

    if end is not None:
        slow = end_of_records(text, PATH, COMMA)
        assert text[:end].rstrip(b"\n") == text[:slow].rstrip(b"\n")


@settings(max_examples=300, deadline=None)
@given(lines=st.lists(st.text('a,"', max_size=10), min_size=1, max_size=6))
def test_unwrapping_takes_back_the_wrapping(lines: list[str]) -> None:
    wrapped = "".join('"{}"\n'.format(line.replace('"', '""')) for line in lines)

    assert unwrapped(wrapped.encode()) == "".join(f"{line}\n" for line in lines).encode()


@pytest.mark.parametrize(
    ("data", "at"),
    [
        (b'"a,b"\n1,2\n', 6),
        (b'"a,b"\n"1","2"\n', 9),
        (b'x"a,b"\n', 0),
        (b'"a,b"x\n', 5),
        (b'"a,b" \n', 5),
        (b"a,b\n", 0),
    ],
)
def test_what_stands_outside_the_quotes_is_found(data: bytes, at: int) -> None:
    assert unwrapped(data) == at


def test_a_wrapping_that_never_ends_is_found() -> None:
    assert isinstance(unwrapped(b'"a,b"\n"1,2\n'), int)
