"""What one raw application must look like: its own columns, and the rows of its histories.

The same rules as for whole tables hold: types, ranges and categories of the contracts, one row
per key, links that lead to the application, and no row that was not known at the decision.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.core.contracts import (
    Column,
    Contract,
    FieldProblem,
    Use,
    check_row,
    expectation,
)
from scorewright.core.features.arrays import Floats
from scorewright.core.features.loading import TableColumns, Value, days_since_1970
from scorewright.core.features.plan import FeaturePlan
from scorewright.core.features.relations import AsOf, AsOfUnit, History
from scorewright.core.features.request_columns import ColumnChecker

__all__ = ["MAX_ROWS", "RequestCheck", "RequestContract", "RequestField", "RequestTable"]

#: Rows of all histories of one application.
MAX_ROWS = 20_000
#: Problems in rows that are named; one fault in a file is often a fault in every row of it.
_NAMED = 20
_NAME_LENGTH = 64

Mask = npt.NDArray[np.bool_]
Columns = dict[str, Floats | list[Value]]


@dataclass(frozen=True, slots=True)
class RequestField:
    """A column that may be sent.

    Attributes:
        column: Its contract.
        is_required: Whether every row must name it.
        is_read: Whether the model or a feature reads it; others are ignored.
    """

    column: Column
    is_required: bool
    is_read: bool


@dataclass(frozen=True, slots=True)
class RequestTable:
    """A history whose rows may be sent.

    Attributes:
        history: The table.
        fields: Its columns in the contract's order.
        is_direct: Whether its rows hang on the application itself.
        is_parent: Whether rows of other tables hang on its rows.
    """

    history: History
    fields: tuple[RequestField, ...]
    is_direct: bool
    is_parent: bool

    @property
    def name(self) -> str:
        """Table name."""
        return self.history.name


@dataclass(frozen=True, slots=True)
class RequestCheck:
    """The outcome of `RequestContract.check`.

    Attributes:
        application: Typed values by column name, for the model and for `RowEvaluator`.
        tables: The rows that hang on the application, by column.
        problems: Empty if the application may be scored. They never hold a value.
        unknown: Columns with a category that is not listed and was taken as missing.
        orphans: Table -> rows left out because what they hang on is not there.
        assumed_decision: The date that was taken because none was sent, where one was needed.
    """

    application: Mapping[str, Value]
    tables: Mapping[str, TableColumns]
    problems: tuple[FieldProblem, ...]
    unknown: tuple[str, ...]
    orphans: Mapping[str, int]
    assumed_decision: str | None = None


class RequestContract:
    """The contract of one raw application with its child rows.

    Args:
        plan: The features the model uses.
        inputs: Names of the model's inputs: features of the plan, and columns of the application.
    """

    def __init__(self, plan: FeaturePlan, inputs: Iterable[str]) -> None:
        relations = plan.relations
        entity = relations.entity
        self._key, self._as_of = relations.key, entity.as_of
        read = {*inputs, *plan.columns_of(entity.table)} - {self._key, self._as_of}
        parents = {relations.history(name).parent for name in plan.tables}
        ordered = sorted(plan.tables, key=lambda name: len(relations.path(name)))
        self.tables = tuple(
            _table(plan, relations.history(name), is_parent=name in parents) for name in ordered
        )
        self.application = tuple(
            RequestField(c, c.name in read, c.name in read or c.name == self._as_of)
            for c in entity.columns
            if c.name in read or c.name in (self._key, self._as_of) or _is_plain(c, entity)
        )
        self._required = _contract([f.column for f in self.application if f.is_required])
        roles = {self._key, self._as_of}
        self._roles = _contract(
            [replace(f.column, nullable=True) for f in self.application if f.column.name in roles]
        )
        self._ignored = {f.column.name for f in self.application if not f.is_required} - roles
        self._by_name = {table.name: table for table in self.tables}
        self._checkers = {table.name: _checkers(table) for table in self.tables}
        self._needs_date = self._as_of is not None and _needs_date(plan, self._as_of)

    def columns_of(self, table: str) -> tuple[str, ...]:
        """Return the columns that are read of a history, or of the application with its roles."""
        if table in self._by_name:
            return tuple(f.column.name for f in self._by_name[table].fields if f.is_read)
        return tuple(
            f.column.name for f in self.application if f.is_read or f.column.name == self._key
        )

    def check(
        self, application: Mapping[str, object], tables: Mapping[str, object], *, today: date
    ) -> RequestCheck:
        """Check one raw application.

        Args:
            application: Values as parsed from JSON, by column name, in any order. The key and
                the date of the decision may be left out.
            tables: History -> list of rows, each an object; a history left out has no rows.
            today: The date of the decision where one is needed and none was sent.
        """
        run = _Run()
        own = self._own(application, run)
        assumed = None
        if self._needs_date and self._as_of and own.get(self._as_of) is None:
            own[self._as_of] = assumed = today.isoformat()
        rows = self._rows(tables, run)
        if not run.problems:
            self._check_tables(own, rows, run)
        return RequestCheck(
            own, run.tables, tuple(run.problems), tuple(run.unknown), run.orphans, assumed
        )

    def _own(self, application: Mapping[str, object], run: _Run) -> dict[str, Value]:
        """Check the application's own columns."""
        roles = {n: application[n] for n in self._roles.names if n in application}
        skipped = self._ignored | roles.keys()
        sent = {name: value for name, value in application.items() if name not in skipped}
        required = check_row(self._required, sent)
        optional = check_row(self._roles, roles, require_all=False)
        run.problems += [*required.problems, *optional.problems]
        run.unknown += required.unknown
        present = {name: v for name, v in optional.values.items() if v is not None}
        return {**required.values, **present}

    def _rows(
        self, tables: Mapping[str, object], run: _Run
    ) -> dict[str, Sequence[Mapping[str, Any]]]:
        """Check that what was sent are known tables with rows, and not too many."""
        found: dict[str, Sequence[Mapping[str, Any]]] = {}
        for name, rows in list(tables.items())[:MAX_ROWS]:
            if name not in self._by_name:
                near = difflib.get_close_matches(str(name)[:_NAME_LENGTH], self._by_name, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                expected = f"one of {', '.join(self._by_name) or 'none'}{hint}"
                run.tell(f"tables.{_shown(name)}", "unknown-table", expected)
            elif not isinstance(rows, list | tuple):
                run.tell(f"tables.{name}", "type", "a list of rows, each an object")
            else:
                found[name] = rows
        if sum(map(len, found.values())) > MAX_ROWS:
            run.tell("tables", "too-many-rows", f"at most {MAX_ROWS:,} rows in all")
            return {}
        for name, rows in found.items():
            if not all(isinstance(row, Mapping) for row in rows):
                for at in (i for i, row in enumerate(rows) if not isinstance(row, Mapping)):
                    run.tell(f"tables.{name}[{at}]", "type", "an object: column name -> value")
        return found

    def _check_tables(
        self,
        own: Mapping[str, Value],
        tables: Mapping[str, Sequence[Mapping[str, Any]]],
        run: _Run,
    ) -> None:
        decision = days_since_1970(own.get(self._as_of or ""))
        key = own.get(self._key)
        keys: dict[str, Floats | list[Value]] = {}
        for table in self.tables:
            rows = tables.get(table.name, ())
            columns = self._typed(table, rows, run)
            links = columns[table.history.on]
            if table.is_direct:
                key = self._shared_key(key, links, run)
                keep = _is_own(links, key)
            else:
                keep = _is_linked(links, keys[table.history.parent])
            columns = _kept(table, columns, keep, run)
            if table.is_parent:
                keys[table.name] = columns[table.history.key or ""]
            if table.history.as_of is not None:
                _check_dates(table, table.history.as_of, columns, (keep, decision), run)
            run.tables[table.name] = TableColumns(int(keep.sum()), columns)

    def _typed(self, table: RequestTable, rows: Sequence[Mapping[str, Any]], run: _Run) -> Columns:
        """Return the columns that are read, after types, ranges, categories and keys."""
        known = {f.column.name for f in table.fields}
        strangers = set().union(*rows) - known
        for name in sorted(map(str, strangers))[:_NAMED]:
            at = next((i for i, row in enumerate(rows) if name in row), 0)
            field_name = f"{_place(table, at)}.{_shown(name)}"
            run.tell(field_name, "unknown-column", "only the columns of the table's contract")
        columns: Columns = {}
        for checker, is_needed in self._checkers[table.name]:
            name = checker.column.name
            values = [row.get(name) for row in rows]
            check = checker.check(values)
            columns[name] = check.values
            for at, code in check.problems[:_NAMED]:
                run.tell(f"{_place(table, at)}.{name}", code, expectation(checker.column))
            if check.has_unlisted:
                run.unknown.append(f"tables.{table.name}.{name}")
            if is_needed and None in values:
                _tell_missing(table, checker.column, rows, run)
        if table.is_parent:
            _check_key(table, columns[table.history.key or ""], run)
        return columns

    def _shared_key(self, key: Value, links: Floats | list[Value], run: _Run) -> Value:
        """Return the key all rows must name; without the application's own the rows agree."""
        if key is not None:
            return key
        named = _distinct(links)
        if len(named) > 1:
            run.tell(self._key, "missing", "the key, because rows of several applications came")
        return next(iter(named), None)


@dataclass(slots=True)
class _Run:
    """What is found out about one request."""

    problems: list[FieldProblem] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    orphans: dict[str, int] = field(default_factory=dict)
    tables: dict[str, TableColumns] = field(default_factory=dict)
    told: int = 0

    def tell(self, where: str, code: str, expected: str) -> None:
        """Note a problem of the rows, of very many only the first ones."""
        self.told += 1
        if self.told <= _NAMED:
            self.problems.append(FieldProblem(where, code, expected))


def _is_plain(column: Column, entity: Contract) -> bool:
    return column.use is Use.MODEL and column.name != entity.target


def _contract(columns: Sequence[Column]) -> Contract:
    """Return a contract all of whose columns `check_row` looks at."""
    return Contract(table="application", columns=tuple(replace(c, use=Use.MODEL) for c in columns))


def _needs_date(plan: FeaturePlan, as_of: str) -> bool:
    relations = plan.relations
    histories = [relations.history(name) for name in plan.tables]
    is_dated = any(h.as_of is not None and h.as_of.unit is AsOfUnit.DATE for h in histories)
    return is_dated or any((relations.entity.table, as_of) in f.sources for f in plan.features)


def _table(plan: FeaturePlan, history: History, *, is_parent: bool) -> RequestTable:
    read = set(plan.columns_of(history.name))
    is_direct = history.parent == plan.relations.entity.table
    sources = {s for f in plan.features for s in f.sources}
    if history.key and not is_parent and (history.name, history.key) not in sources:
        read.discard(history.key)
    dated = history.as_of.columns[0] if history.as_of else None
    always = {dated, history.key if is_parent else None}
    fields = tuple(
        RequestField(
            column=c,
            is_required=c.name in always
            or (c.name in read and not c.nullable and c.name != history.on),
            is_read=c.name in read,
        )
        for c in history.contract.columns
    )
    return RequestTable(history, fields, is_direct, is_parent)


def _checkers(table: RequestTable) -> tuple[tuple[ColumnChecker, bool], ...]:
    """Return a checker per column that is read, and whether each row needs a value there.

    A row without its date is named by a code of its own.
    """
    dated = table.history.as_of.columns[0] if table.history.as_of else None
    return tuple(
        (ColumnChecker(f.column), f.is_required and f.column.name != dated)
        for f in table.fields
        if f.is_read
    )


def _place(table: RequestTable, row: int) -> str:
    return f"tables.{table.name}[{row}]"


def _shown(name: object) -> str:
    """Return a name that was sent, if it can be shown safely."""
    text = str(name)
    return text if len(text) <= _NAME_LENGTH and text.isprintable() else "?"


def _tell_missing(
    table: RequestTable, column: Column, rows: Sequence[Mapping[str, Any]], run: _Run
) -> None:
    for at, row in enumerate(rows):
        if row.get(column.name) is None:
            code = "not-nullable" if column.name in row else "missing"
            run.tell(f"{_place(table, at)}.{column.name}", code, expectation(column))


def _check_key(table: RequestTable, values: Floats | list[Value], run: _Run) -> None:
    plain = values.tolist() if isinstance(values, np.ndarray) else values
    if len(set(plain)) == len(plain):
        return
    seen: set[Value] = set()
    for at, value in enumerate(plain):
        # A missing key is told as such already; NaN is never equal to itself.
        if value in seen and value is not None:
            where = f"{_place(table, at)}.{table.history.key}"
            run.tell(where, "duplicate-key", "each key once: rows hang on it")
        seen.add(value)


def _distinct(values: Floats | list[Value]) -> set[Value]:
    if isinstance(values, np.ndarray):
        return set(np.unique(values[~np.isnan(values)]).tolist())
    return set(values) - {None}


def _is_own(links: Floats | list[Value], key: Value) -> Mask:
    """Tell which rows name this application, or none."""
    if isinstance(links, np.ndarray):
        own: Mask = np.isnan(links) if key is None else np.isnan(links) | (links == key)
        return own
    return np.array([link is None or link == key for link in links], dtype=np.bool_)


def _is_linked(links: Floats | list[Value], keys: Floats | list[Value]) -> Mask:
    """Tell which rows name a row that is there."""
    if isinstance(links, np.ndarray) and isinstance(keys, np.ndarray):
        return np.isin(links, keys[~np.isnan(keys)])
    known = _distinct(keys)
    plain = links.tolist() if isinstance(links, np.ndarray) else links
    return np.array([link in known for link in plain], dtype=np.bool_)


def _kept(table: RequestTable, columns: Columns, keep: Mask, run: _Run) -> Columns:
    """Leave the other rows out, and count them."""
    lost = len(keep) - int(keep.sum())
    if lost == 0:
        return columns
    run.orphans[table.name] = lost
    index = np.flatnonzero(keep).tolist()
    return {
        name: values[keep] if isinstance(values, np.ndarray) else [values[i] for i in index]
        for name, values in columns.items()
    }


def _check_dates(
    table: RequestTable,
    as_of: AsOf,
    columns: Columns,
    kept: tuple[Mask, float | None],
    run: _Run,
) -> None:
    """Refuse rows that were not known at the decision, as the as-of proof does for tables."""
    keep, decision = kept
    is_date = as_of.unit is AsOfUnit.DATE
    unit = "" if is_date else f" {as_of.unit}"
    for column in as_of.columns:
        values = columns[column]
        if not isinstance(values, np.ndarray):
            continue
        offset = values - (decision or 0.0) if is_date else values
        late = offset > as_of.latest
        undated = np.isnan(offset) if column == as_of.columns[0] else np.zeros_like(late)
        if not (late.any() or undated.any()):
            continue
        origin = np.flatnonzero(keep)
        for at in origin[late].tolist():
            where = f"{_place(table, at)}.{column}"
            run.tell(where, "future-row", _latest(as_of.latest, is_date=is_date, unit=unit))
        for at in origin[undated].tolist():
            run.tell(
                f"{_place(table, at)}.{column}", "undated-row", "the date the row became known"
            )


def _latest(latest: int, *, is_date: bool, unit: str) -> str:
    if not is_date:
        return f"at most {latest}{unit}: known before the decision"
    if latest < 0:
        return f"a date at least {-latest} days before the decision"
    return (
        f"a date at most {latest} days after the decision"
        if latest
        else "no later date than the decision's"
    )
