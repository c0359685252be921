"""One application that keeps the contract of the model that will score it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scorewright.core.features import TableColumns

__all__ = ["Application", "Asked"]


@dataclass(frozen=True, slots=True)
class Application:
    """One application that keeps the contract.

    Attributes:
        id: The caller's own identifier, if it sent one.
        values: Typed values by column.
        unknown: Columns whose category is not listed and was taken as missing.
        tables: Rows of the histories, where the model reads any.
        orphans: Table -> rows left out because what they hang on is not there.
        assumed_decision: The date that was taken for the decision because none was sent.
    """

    id: str | None
    values: Mapping[str, Any]
    unknown: tuple[str, ...]
    tables: Mapping[str, TableColumns] = field(default_factory=dict)
    orphans: Mapping[str, int] = field(default_factory=dict)
    assumed_decision: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """How an application came.

    Attributes:
        request_id: Of the request.
        caller: Id of who asks.
        tenant: Whose decision it will be.
        idempotency: The caller's ``Idempotency-Key``.
        sent: Keyed digest of what was sent, where it came with such a key: the same key with
            something else is no repeated request.
        reasons: Whether reasons were asked for.
    """

    request_id: str
    caller: str = ""
    tenant: str = "default"
    idempotency: str | None = None
    sent: str | None = None
    reasons: bool = False
