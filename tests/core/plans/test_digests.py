"""Digests of rows: the same for the same rows, in whatever order they come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.plans import RowsDigest

VALUES = st.none() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4) | st.binary()
ROWS = st.lists(st.tuples(VALUES, VALUES), max_size=8)


def digest(rows: list[tuple[object, ...]], columns: tuple[str, ...] = ("a", "b")) -> str:
    found = RowsDigest(columns)
    found.add(rows)
    assert found.rows == len(rows)
    return found.hexdigest()


@given(ROWS, st.randoms(use_true_random=False), st.integers(0, 8))
def test_neither_order_nor_parts_matter(rows: list[tuple[object, ...]], draw, cut: int) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    mixed = list(rows)
    draw.shuffle(mixed)
    parts = RowsDigest(("a", "b"))
    parts.add(mixed[:cut])
    parts.add(mixed[cut:])
    assert parts.hexdigest() == digest(rows)


@given(ROWS.filter(bool), st.data())
def test_a_changed_value_shows(rows: list[tuple[object, ...]], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(rows) - 1))
    row = (data.draw(VALUES), rows[place][1])
    changed = [*rows[:place], row, *rows[place + 1 :]]
    is_same = ascii(row) == ascii(rows[place])
    assert (digest(changed) == digest(rows)) is is_same


@given(ROWS, st.tuples(VALUES, VALUES))
def test_a_row_more_shows_even_if_it_is_there_already(
    rows: list[tuple[object, ...]], row: tuple[object, ...]
) -> None:
    assert digest([*rows, row]) != digest(rows)
    assert digest([*rows, row, row]) != digest(rows)


def test_columns_and_kinds_show() -> None:
    assert digest([(1, "x")]) != digest([(1, "x")], ("b", "a"))
    kinds = [1, 1.0, "1", b"1", None]
    assert len({digest([(kind, None)]) for kind in kinds}) == len(kinds)


def test_it_is_the_same_in_every_release() -> None:
    assert digest([(1, "Grüße"), (0.1 + 0.2, None)]) == (
        "e59f45080ebf8c7fe519f68daf4cdf5bc7fe479284c6e52c5931c352d2e27907"
    )
