"""What changes come to together, and what of a store nobody can explain."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.plans import (
    Row,
    RowChange,
    RowsChange,
    StoreChange,
    StoreRef,
    TableRef,
    differences,
    inverse,
    net_changes,
    unexplained,
)

COLUMNS = ("name", "status")
ROWS = st.fixed_dictionaries(dict.fromkeys(COLUMNS, st.integers(0, 2)))
WISHES = st.lists(st.tuples(st.integers(0, 1), st.none() | ROWS), max_size=8)


def changes_of(wishes: list[tuple[int, Row | None]], rows: dict[int, Row]) -> list[RowChange]:
    """Lead the rows from one wish to the next."""
    found = []
    for key, wish in wishes:
        before = rows.get(key)
        if before is None and wish is None:
            continue
        found.append(RowChange("runs", {"id": key}, before, wish))
        if wish is None:
            rows.pop(key, None)
        else:
            rows[key] = wish
    return found


@given(WISHES, st.dictionaries(st.integers(0, 1), ROWS))
def test_changes_and_what_takes_them_back_come_to_nothing(
    wishes: list[tuple[int, Row | None]], rows: dict[int, Row]
) -> None:
    changes = changes_of(wishes, dict(rows))
    back = [inverse(change) for change in reversed(changes)]
    both = [change for change in (*changes, *back) if isinstance(change, RowChange)]
    assert all(net.before == net.after for net in net_changes(both))
    come = [net for net in net_changes(both) if net.before is None]
    assert come == []


@given(WISHES, st.dictionaries(st.integers(0, 1), ROWS))
def test_the_net_leads_where_the_changes_lead(
    wishes: list[tuple[int, Row | None]], rows: dict[int, Row]
) -> None:
    end = dict(rows)
    nets = net_changes(changes_of(wishes, end))
    begun = dict(rows)
    for net in nets:
        key = net.key["id"]
        assert isinstance(key, int)
        assert begun.get(key) == net.before
        if net.after is None:
            del begun[key]
        else:
            begun[key] = net.after
    assert begun == end
    assert len({str(net.key) for net in nets}) == len(nets)


def test_columns_that_only_one_change_names_are_kept() -> None:
    key: Row = {"id": 1}
    first = RowChange("runs", key, {"name": "a"}, {"name": "b"})
    second = RowChange("runs", key, {"status": "x"}, {"status": "y"})
    assert net_changes([first, second]) == (
        RowChange("runs", key, {"name": "a", "status": "x"}, {"name": "b", "status": "y"}),
    )


def store(**rows: int) -> StoreRef:
    """A store of so many rows; the digest of a table is its number of rows."""
    tables = tuple(TableRef(name, count, f"{count}") for name, count in rows.items() if count)
    return StoreRef("x.db", str(rows), "files", tables)


def test_differences_are_named_by_table() -> None:
    before = store(runs=3, tags=1, params=2)
    other = replace(before.tables[1], digest="other")
    after = replace(store(runs=1200, params=2), tables=(store(runs=1200).tables[0], other))
    assert differences(before, after) == (
        "params: 2 -> 0 rows",
        "runs: 3 -> 1,200 rows",
        "tags: other values",
    )
    assert differences(before, before) == ()
    assert differences(before, replace(before, files="others")) == ("files",)
    assert differences(before, replace(before, rows="others")) == ("rows",)
    assert differences(before, StoreRef("x.db", "")) == ("there was a store",)
    assert differences(StoreRef("x.db", ""), before) == ("there is now a store",)


def test_what_the_plan_did_is_explained() -> None:
    before = store(runs=3, tags=1)
    done = (
        RowChange("runs", {"id": 1}, {"name": "a"}, None),
        RowsChange("metrics", "u", 10, "d"),
        RowChange("runs", {"id": 2}, {"name": "a"}, {"name": "b"}),
    )
    begun = (RowsChange("metrics", "v", 5, "d"), RowsChange("tags", "v", 1, "d", is_there=False))
    assert unexplained(before, store(runs=2, tags=1, metrics=10), done, begun) == ()
    assert unexplained(before, store(runs=2, metrics=15), done, begun) == ()
    assert unexplained(before, store(runs=2, tags=1, metrics=12, params=1), done, begun) == (
        "metrics: 12 rows, not 10",
        "params: 0 -> 1 rows",
    )
    assert unexplained(before, store(runs=3, tags=1), ()) == ()
    assert unexplained(StoreRef("x", ""), before, (StoreChange("x", "/"),)) == ()
