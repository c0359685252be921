"""Which columns and tables one raw application may and must hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scorewright.core.contracts import Column
from scorewright.core.features.plan import FeaturePlan
from scorewright.core.features.relations import History

__all__ = ["RequestField", "RequestTable", "application_fields", "needs_date", "request_tables"]


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


def application_fields(plan: FeaturePlan, inputs: Iterable[str]) -> tuple[RequestField, ...]:
    """Return the columns of the application, in the contract's order.

    Required is what the model or a feature reads; the key and the date of the decision may be
    sent; the other columns of the contract are ignored, as they are in files; the outcome is
    refused, because nobody knows it at the decision.
    """
    relations = plan.relations
    entity = relations.entity
    roles = {relations.key, entity.as_of}
    read = {*inputs, *plan.columns_of(entity.table)} - roles
    others = {c.name for c in entity.columns} - {entity.target}
    return tuple(
        RequestField(c, c.name in read, c.name in read | roles)
        for c in entity.columns
        if c.name in read | roles | others
    )


def request_tables(plan: FeaturePlan) -> tuple[RequestTable, ...]:
    """Return the tables the plan reads, each after the one it hangs on."""
    relations = plan.relations
    parents = {relations.history(name).parent for name in plan.tables}
    ordered = sorted(plan.tables, key=lambda name: len(relations.path(name)))
    return tuple(_table(plan, relations.history(n), is_parent=n in parents) for n in ordered)


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


def needs_date(plan: FeaturePlan) -> bool:
    """Tell whether something is computed from the date of the decision."""
    entity = plan.relations.entity
    return entity.as_of is not None and entity.as_of in plan.columns_of(entity.table)
