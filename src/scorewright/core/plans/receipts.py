"""Receipts read back."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError

from scorewright.core.digests import refuse_other_version
from scorewright.core.errors import UsageError
from scorewright.core.plans.plan import Receipt, read_plan

__all__ = ["read_receipt"]

_RECEIPT: TypeAdapter[Receipt] = TypeAdapter(Receipt)


def read_receipt(document: Any, name: str) -> Receipt:  # noqa: ANN401 - any JSON value
    """Read a receipt; its plan is held against its id.

    Args:
        document: What `Receipt.to_json` gave.
        name: The file, for messages.

    Raises:
        UsageError: ``receipt-invalid``, ``plan-invalid``.
        IntegrityError: ``plan-changed``.
    """
    if not isinstance(document, dict):
        raise _invalid(name, "it is no JSON object")
    try:
        refuse_other_version(document.get("schema_version", 0))
        plan = read_plan(document.get("plan"), name)
        return _RECEIPT.validate_python({**document, "plan": plan})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _invalid(name, f"{where}: {first['msg']}") from error
    except ValueError as error:
        raise _invalid(name, str(error)) from error


def _invalid(name: str, why: str) -> UsageError:
    return UsageError(
        f"The file '{name}' is no receipt that this release can read: {why}.",
        remedy="Receipts are written by 'scorewright store apply'; name one of them.",
        code="receipt-invalid",
    )
