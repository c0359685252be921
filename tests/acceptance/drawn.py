"""Applications, drawn: the same rows as JSON, text, Parquet and data frames, columns in any order.

Missing values, categories nobody listed, numbers at the very thresholds of the trees, whole
numbers as floats, codes as numbers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO, StringIO
from typing import Any

import pandas as pd
import polars as pl
from hypothesis import strategies as st
from tests.acceptance.written import as_json, as_pandas, as_parquet, as_text
from tests.fakes.raw_applications import RELATIONS
from tests.fakes.raw_applications import application as raw_application

from scorewright.core.contracts import Column, ColumnType, Contract, UnknownPolicy, Use

__all__ = ["FLAT", "Drawn", "flat", "related"]

FLAT = Contract(
    table="applications",
    columns=(
        Column("application", ColumnType.TEXT, nullable=False),
        Column("income", ColumnType.NUMBER, nullable=False, minimum=0.0),
        Column("balance", ColumnType.NUMBER),
        Column("age", ColumnType.INTEGER, minimum=18, maximum=100),
        Column("employed", ColumnType.BOOLEAN),
        Column("purpose", ColumnType.CATEGORY, categories=("car", "home", "Möbel, neu", "1e3")),
        Column("grade", ColumnType.CATEGORY, categories=("1", "2", "10", "A")),
        Column(
            "channel",
            ColumnType.CATEGORY,
            categories=("branch", "web"),
            nullable=False,
            unknown=UnknownPolicy.REJECT,
        ),
        Column("sex", ColumnType.CATEGORY, categories=("f", "m"), use=Use.MONITORING),
        Column("bad", ColumnType.INTEGER, nullable=False),
    ),
    key="application",
    target="bad",
    bad_value="1",
)
#: What no contract here lists; some look like what is listed.
UNLISTED = ("boat", "CAR", "ca r", "01", "7", "true", 'a"b,c', "zwölf\u202e", "10 000")

Row = dict[str, Any]


@dataclass(frozen=True, repr=False)
class Drawn:
    """Applications in every form.

    Attributes:
        keys: Of the applications, in order.
        typed: Their values as the model takes them; unlisted categories are missing.
        bodies: Of requests.
        text: Table -> CSV.
        parquet: Table -> Parquet.
        frame: For a notebook.
    """

    keys: list[str]
    typed: list[Row]
    bodies: list[Row]
    text: Mapping[str, bytes]
    parquet: Mapping[str, bytes]
    frame: pd.DataFrame

    def __repr__(self) -> str:
        """Show the requests alone, and not all of long ones: what fails is printed."""
        return json.dumps(self.bodies)[:4_000]


def _cells(column: Column, edges: Sequence[float]) -> st.SearchStrategy[Any]:
    match column.type:
        case ColumnType.NUMBER:
            low = 0.0 if column.minimum is not None else -1e12
            some: st.SearchStrategy[Any] = st.floats(low, 1e300) | st.integers(0, 10**6).map(float)
            if edges:
                some |= st.sampled_from(edges)
        case ColumnType.INTEGER:
            some = st.integers(18, 100)
        case ColumnType.BOOLEAN:
            some = st.booleans()
        case _:
            listed = st.sampled_from(column.categories)
            is_free = column.unknown is not UnknownPolicy.REJECT
            some = listed | st.sampled_from(UNLISTED) if is_free else listed
    return st.none() | some if column.nullable else some


@st.composite
def flat(draw: st.DrawFn, edges: Mapping[str, Sequence[float]]) -> Drawn:
    """Draw applications of `FLAT`.

    Args:
        draw: Hypothesis'.
        edges: Column -> numbers at which something may change.
    """
    rows = draw(st.integers(1, 6))
    columns = {c.name: c for c in FLAT.features}
    own = {
        n: draw(st.lists(_cells(c, edges.get(n, ())), min_size=rows, max_size=rows))
        for n, c in columns.items()
    }
    keys = [f"a{number}" for number in range(rows)]
    table = [dict(zip(own, values, strict=True)) for values in zip(*own.values(), strict=True)]
    written = [{n: draw(as_json(columns[n], v)) for n, v in row.items()} for row in table]
    key = {"application": FLAT.columns[0]}
    whole = [{"application": k, **row} for k, row in zip(keys, table, strict=True)]
    frame = {n: draw(as_pandas(c, own[n])) for n, c in columns.items()}
    return Drawn(
        keys=keys,
        typed=[{n: _known(columns[n], v) for n, v in row.items()} for row in table],
        bodies=[{"features": draw(_turned(row))} for row in written],
        text={"applications": draw(_text_table({**key, **columns}, whole))},
        parquet={"applications": draw(_parquet_table({**key, **columns}, whole))},
        frame=pd.DataFrame(draw(_turned(frame))),
    )


def _known(column: Column, value: Any) -> Any:
    is_category = column.type is ColumnType.CATEGORY
    return None if is_category and value not in column.categories else value


@st.composite
def related(draw: st.DrawFn) -> Drawn:
    """Draw applications with the rows of their histories, by `raw_applications`."""
    seeds = draw(st.lists(st.integers(300, 9_999), min_size=1, max_size=5, unique=True))
    drawn = [raw_application(seed) for seed in seeds]
    entity = RELATIONS.entity
    columns = {c.name: c for c in entity.columns if c.name in drawn[0][0]}
    below = {h.name: {c.name: c for c in h.contract.columns} for h in RELATIONS.histories}
    tables = {name: [row for _, of in drawn for row in of[name]] for name in below}
    for row in draw(st.permutations(tables["loans"]))[:2]:
        row["status"] = "written off"  # nobody listed it
    bodies = [
        {
            "features": draw(_rewritten(columns, own)),
            "tables": {name: draw(_rows(below[name], of[name])) for name in draw(_turned(of))},
        }
        for own, of in drawn
    ]
    both = {"applications": (columns, [own for own, _ in drawn])} | {
        name: (below[name], draw(st.permutations(rows))) for name, rows in tables.items()
    }
    as_text_of_tables = [json.dumps(body["tables"]) for body in bodies]
    own = {n: draw(as_pandas(c, [row[n] for row, _ in drawn])) for n, c in columns.items()}
    return Drawn(
        keys=[str(row["application"]) for row, _ in drawn],
        typed=[],
        bodies=bodies,
        text={name: draw(_text_table(*both[name])) for name in both},
        parquet={name: draw(_parquet_table(*both[name])) for name in both},
        frame=pd.DataFrame(draw(_turned({**own, "tables": as_text_of_tables}))),
    )


def _rewritten(columns: Mapping[str, Column], row: Row) -> st.SearchStrategy[Row]:
    fixed = {name: as_json(columns[name], value) for name, value in row.items()}
    return st.fixed_dictionaries(fixed).flatmap(_turned)


def _rows(columns: Mapping[str, Column], rows: Sequence[Row]) -> st.SearchStrategy[list[Row]]:
    return st.tuples(*(_rewritten(columns, row) for row in rows)).flatmap(
        lambda found: st.permutations(list(found))
    )


def _turned(row: Mapping[str, Any]) -> st.SearchStrategy[Row]:
    """Draw the same in another order."""
    return st.permutations(list(row)).map(lambda names: {name: row[name] for name in names})


@st.composite
def _text_table(draw: st.DrawFn, columns: Mapping[str, Column], rows: Sequence[Row]) -> bytes:
    names = draw(st.permutations(list(columns)))
    cells = {n: [draw(as_text(columns[n], row.get(n))) for row in rows] for n in names}
    text = StringIO()
    pd.DataFrame(cells, columns=names, dtype=object).to_csv(text, index=False)
    return text.getvalue().encode()


@st.composite
def _parquet_table(draw: st.DrawFn, columns: Mapping[str, Column], rows: Sequence[Row]) -> bytes:
    names: list[str] = draw(st.permutations(list(columns)))
    make: Callable[[str], Any] = partial(_column, columns, rows)
    out = BytesIO()
    pl.DataFrame([draw(make(name)) for name in names]).write_parquet(out)
    return out.getvalue()


def _column(columns: Mapping[str, Column], rows: Sequence[Row], name: str) -> Any:
    return as_parquet(columns[name], [row.get(name) for row in rows])
