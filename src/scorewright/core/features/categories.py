"""The values a category made by an expression can have."""

from __future__ import annotations

from collections.abc import Mapping

from scorewright.core.features.kinds import Scope
from scorewright.core.features.tree import (
    Aggregate,
    Column,
    Expression,
    Fill,
    If,
    Literal,
    MissingIf,
)

__all__ = ["categories_of"]


def categories_of(  # noqa: PLR0911 - one per kind of node
    node: Expression, scope: Scope, features: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """Return the values an expression of texts can have, in a fixed order.

    Args:
        node: An expression whose type is category or text.
        scope: In whose rows it stands.
        features: Categories of the features made so far.

    Returns:
        The values; empty where they are not known, as of free text.
    """
    match node:
        case Column(name):
            contract = scope.relations.contract(scope.table)
            column = contract.column(name)
            return column.categories if column is not None else features.get(name, ())
        case Literal(value):
            return (value,) if isinstance(value, str) else ()
        case MissingIf(of, values):
            return tuple(c for c in categories_of(of, scope, features) if c not in values)
        case Fill(of, other):
            return _union(of, other, scope, features)
        case If(_, then, other):
            return _union(then, other, scope, features)
        case Aggregate(of=of) if of is not None:
            return categories_of(of, scope.below(node.table), {})
        case _:
            return ()


def _union(
    left: Expression, right: Expression, scope: Scope, features: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    parts = categories_of(left, scope, features), categories_of(right, scope, features)
    return tuple(dict.fromkeys((*parts[0], *parts[1]))) if all(parts) else ()
