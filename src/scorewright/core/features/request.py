"""What one raw application must look like: its own columns, and the rows of its histories.

The same rules as for whole tables hold: types, ranges and categories of the contracts, one row
per key, links that lead to the application, and no row that was not known at the decision.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Any

import numpy as np

from scorewright.core.contracts import (
    Column,
    Contract,
    FieldProblem,
    Use,
    check_row,
    expectation,
)
from scorewright.core.features.loading import TableColumns, Value, days_since_1970
from scorewright.core.features.plan import FeaturePlan
from scorewright.core.features.request_columns import ColumnChecker
from scorewright.core.features.request_fields import (
    RequestField,
    RequestTable,
    application_fields,
    needs_date,
    request_tables,
)
from scorewright.core.features.request_rows import (
    NAMED,
    Findings,
    TypedRows,
    Values,
    check_dates,
    check_key,
    distinct,
    linked_rows,
    own_rows,
    shown,
    tell_missing,
)

__all__ = ["MAX_ROWS", "RequestCheck", "RequestContract", "RequestField", "RequestTable"]

#: Rows of all histories of one application.
MAX_ROWS = 20_000

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class RequestCheck:
    """The outcome of `RequestContract.check`.

    Attributes:
        application: Typed values by column name, for the model and for `RowEvaluator`.
        tables: The rows that hang on the application, by column.
        problems: Empty if the application may be scored. They never hold a value. Codes are
            those of `FieldProblem` and ``unknown-table``, ``too-many-rows``, ``duplicate-key``,
            ``future-row``, ``undated-row``.
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

    Attributes:
        application: Columns of the application.
        tables: The histories, each after the one it hangs on.
    """

    def __init__(self, plan: FeaturePlan, inputs: Iterable[str]) -> None:
        entity = plan.relations.entity
        self.application = application_fields(plan, inputs)
        self.tables = request_tables(plan)
        self._key, self._as_of = plan.relations.key, entity.as_of
        roles = {self._key, self._as_of}
        optional = {f.column.name for f in self.application if not f.is_required}
        self._ignored = optional - roles
        self._required = _contract(f.column for f in self.application if f.is_required)
        self._roles = _contract(
            replace(f.column, nullable=True) for f in self.application if f.column.name in roles
        )
        self._names = {table.name for table in self.tables}
        self._checkers = {table.name: _checkers(table) for table in self.tables}
        self._needs_date = needs_date(plan)

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
        found = Findings()
        own = self._own(application, found)
        assumed = None
        if self._needs_date and self._as_of and own.get(self._as_of) is None:
            own[self._as_of] = assumed = today.isoformat()
        sent = self._rows(tables, found)
        typed: dict[str, TypedRows] = {}
        if sent is not None:
            for table in self.tables:
                typed[table.name] = self._typed(table, sent.get(table.name, ()), found)
            typed = self._linked(own, typed, found)
        columns = {n: TableColumns(len(rows.origin), rows.columns) for n, rows in typed.items()}
        problems, unknown = tuple(found.problems), tuple(found.unknown)
        return RequestCheck(own, columns, problems, unknown, found.orphans, assumed)

    def _own(self, application: Mapping[str, object], found: Findings) -> dict[str, Value]:
        """Check the application's own columns."""
        roles = {name: application[name] for name in self._roles.names if name in application}
        others = self._ignored | roles.keys()
        required = check_row(
            self._required, {name: v for name, v in application.items() if name not in others}
        )
        optional = check_row(self._roles, roles, require_all=False)
        found.problems += [*required.problems, *optional.problems]
        found.unknown += required.unknown
        given = {name: value for name, value in optional.values.items() if value is not None}
        return {**required.values, **given}

    def _rows(self, tables: Mapping[str, object], found: Findings) -> dict[str, Rows] | None:
        """Return the rows of known tables, or None where they cannot be looked at."""
        rows: dict[str, Rows] = {}
        for name in islice((name for name in tables if name not in self._names), NAMED):
            found.tell(f"tables.{shown(name)}", "unknown-table", self._expected(name))
        for name, value in tables.items():
            if name not in self._names:
                continue
            if not isinstance(value, list | tuple):
                found.tell(f"tables.{name}", "type", "a list of rows, each an object")
            else:
                rows[name] = value
        if sum(map(len, rows.values())) > MAX_ROWS:
            found.tell("tables", "too-many-rows", f"at most {MAX_ROWS:,} rows in all")
            return None
        strange = [
            f"tables.{name}[{at}]"
            for name, values in rows.items()
            for at, row in enumerate(values)
            if not isinstance(row, Mapping)
        ]
        for where in strange[:NAMED]:
            found.tell(where, "type", "an object: column name -> value")
        return None if strange else rows

    def _expected(self, name: object) -> str:
        near = difflib.get_close_matches(shown(name), self._names, n=1)
        listed = ", ".join(table.name for table in self.tables)
        return f"one of {listed or 'none'}" + (f"; did you mean {near[0]}?" if near else "")

    def _typed(self, table: RequestTable, rows: Rows, found: Findings) -> TypedRows:
        """Return the columns that are read, after types, ranges, categories and keys."""
        columns: dict[str, Values] = {}
        typed = TypedRows(table, columns, np.arange(len(rows)))
        known = {f.column.name for f in table.fields}
        for name in sorted(set().union(*rows) - known, key=str)[:NAMED]:
            at = next(i for i, row in enumerate(rows) if name in row)
            expected = "only columns of the table's contract"
            found.tell(typed.place(at, shown(name)), "unknown-column", expected)
        for checker, is_needed in self._checkers[table.name]:
            name = checker.column.name
            values = [row.get(name) for row in rows]
            check = checker.check(values)
            columns[name] = check.values
            for at, code in check.problems[:NAMED]:
                found.tell(typed.place(at, name), code, expectation(checker.column))
            if check.has_unlisted:
                found.unknown.append(f"tables.{table.name}.{name}")
            if is_needed and None in values:
                tell_missing(typed, checker.column, rows, found)
        if table.is_parent:
            check_key(typed, found)
        return typed

    def _linked(
        self, own: Mapping[str, Value], typed: Mapping[str, TypedRows], found: Findings
    ) -> dict[str, TypedRows]:
        """Keep the rows that hang on the application, and hold them to its decision."""
        key = own.get(self._key)
        if key is None:
            direct = [rows.links for rows in typed.values() if rows.table.is_direct]
            named = set().union(*map(distinct, direct))
            key = next(iter(named), None)
            if len(named) > 1:
                expected = "the key, because the rows name more than one application"
                found.tell(self._key, "missing", expected)
        decision = days_since_1970(own.get(self._as_of or ""))
        linked: dict[str, TypedRows] = {}
        for name, rows in typed.items():
            if rows.table.is_direct:
                keep = own_rows(rows.links, key)
            else:
                keep = linked_rows(rows.links, linked[rows.table.history.parent].keys)
            linked[name] = rows.only(keep)
            if not keep.all():
                found.orphans[name] = int((~keep).sum())
            check_dates(linked[name], decision, found)
        return linked


def _contract(columns: Iterable[Column]) -> Contract:
    """Return a contract all of whose columns `check_row` looks at."""
    return Contract(table="application", columns=tuple(replace(c, use=Use.MODEL) for c in columns))


def _checkers(table: RequestTable) -> tuple[tuple[ColumnChecker, bool], ...]:
    """Return a checker per column that is read, and whether each row needs a value there.

    A row without its date gets a code of its own.
    """
    dated = table.history.as_of.columns[0] if table.history.as_of else None
    return tuple(
        (ColumnChecker(f.column), f.is_required and f.column.name != dated)
        for f in table.fields
        if f.is_read
    )
