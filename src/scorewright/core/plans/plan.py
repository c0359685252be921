"""The plan and the receipt: documents that a person can read, compare and keep."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from scorewright.core.digests import canonical_json, refuse_other_version, sha256_hex
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.plans.balance import Balance
from scorewright.core.plans.changes import Change, document_of, inverse

__all__ = [
    "Plan",
    "PlanKind",
    "Receipt",
    "Step",
    "StoreRef",
    "TableRef",
    "inverse_plan",
    "read_plan",
]

PlanKind = Literal["fix", "rationalise", "consolidate", "backfill", "archive", "undo"]


@dataclass(frozen=True, slots=True)
class TableRef:
    """A table as it was: name, rows, and `RowsDigest` of all of them."""

    name: str
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class StoreRef:
    """A store as it was when the plan was made.

    Attributes:
        location: URI or path, without a password.
        rows: Digest over all rows; "" for a store that is yet to be made.
        files: Digest over the listing of its files; of a source that is a SQLite file, SHA-256
            of that file, by which it is known again; "" where no file matters.
        tables: Tables that hold anything, so that a difference can be named.
    """

    location: str
    rows: str
    files: str = ""
    tables: tuple[TableRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One operation, as a person would name it, and the changes it is made of.

    Attributes:
        operation: A verb and a noun: ``rename_run``, ``copy_experiment`` ...
        subject: What it is about, with its id.
        sentence: What it does, in one line.
        changes: In the order they are carried out.
        finding: Code of the finding it mends; "" for none.
    """

    operation: str
    subject: str
    sentence: str
    changes: tuple[Change, ...]
    finding: str = ""


@dataclass(frozen=True)  # without slots: its id is asked for often, and kept
class Plan:
    """What would be done to one store.

    Attributes:
        kind: What it came from.
        target: The store that is changed; refused where it is no longer as it was.
        sources: Stores that are read, and never changed; refused like the target.
        steps: In order.
        balance: Adds up to zero, line by line.
        made_at: ISO 8601, UTC.
        made_by: Who made it.
        payload: SHA-256 of the payload beside the plan; "" without one.
        copies: Bytes of artifacts to copy.
        frees: Bytes that become free.
        notes: What a reader should know: what is left and why, what cannot be mended.
        inverse_of: Id of the plan that this one takes back.
    """

    kind: PlanKind
    target: StoreRef
    sources: tuple[StoreRef, ...]
    steps: tuple[Step, ...]
    balance: tuple[Balance, ...]
    made_at: str
    made_by: str
    payload: str = ""
    copies: int = 0
    frees: int = 0
    notes: tuple[str, ...] = ()
    inverse_of: str = ""
    schema_version: int = 1

    @cached_property
    def id(self) -> str:
        """Digest of the whole document, 64 hexadecimal characters."""
        return sha256_hex(canonical_json(_document(self)))

    def to_json(self) -> dict[str, Any]:
        """Return the document; `read_plan` takes it back."""
        return {"id": self.id, **_document(self)}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was done.

    Attributes:
        plan: The plan, whole.
        payload: Path of the payload beside the receipt; "" without one.
        holder: Who held the lock.
        began, ended: ISO 8601, UTC.
        before, after: The target at the beginning and at the end.
        backup: Path of the backup; "" for a store that was new.
        bin: Folder of the files that went.
        checks: What was verified, one line each.
    """

    plan: Plan
    payload: str
    holder: str
    began: str
    ended: str
    before: StoreRef
    after: StoreRef
    backup: str
    bin: str
    checks: tuple[str, ...] = ()
    schema_version: int = 1

    def to_json(self) -> dict[str, Any]:
        """Return the document; `read_receipt` takes it back."""
        bare = {field.name: getattr(self, field.name) for field in fields(self)}
        before, after = asdict(self.before), asdict(self.after)
        return {**bare, "before": before, "after": after, "plan": self.plan.to_json()}


def _document(plan: Plan) -> dict[str, Any]:
    """Return what `asdict` gives: the changes, which are many, faster."""
    found = asdict(replace(plan, steps=()))
    found["steps"] = tuple(
        {
            **asdict(replace(step, changes=())),
            "changes": tuple(document_of(change) for change in step.changes),
        }
        for step in plan.steps
    )
    return found


def inverse_plan(receipt: Receipt, made_at: str, made_by: str) -> Plan:
    """Return the plan that takes a receipt's changes back, the last one first.

    Args:
        receipt: Of the plan that was carried out.
        made_at: ISO 8601, UTC.
        made_by: Who asks for it.
    """
    plan = receipt.plan
    steps = tuple(
        replace(
            step,
            operation=f"undo_{step.operation}",
            sentence=f"Take back: {step.sentence}",
            changes=tuple(inverse(change) for change in reversed(step.changes)),
        )
        for step in reversed(plan.steps)
    )
    return Plan(
        kind="undo",
        target=receipt.after,
        sources=(),
        steps=steps,
        balance=(),
        made_at=made_at,
        made_by=made_by,
        payload=plan.payload,
        copies=0,
        frees=-plan.frees,
        inverse_of=plan.id,
    )


_PLAN: TypeAdapter[Plan] = TypeAdapter(Plan)


def read_plan(document: Any, name: str) -> Plan:  # noqa: ANN401 - any JSON value
    """Read a plan and hold it against its id.

    Args:
        document: What `Plan.to_json` gave.
        name: The file, for messages.

    Raises:
        UsageError: ``plan-invalid``: it is no plan, or one of another release.
        IntegrityError: ``plan-changed``: its id is not that of its content.
    """
    if not isinstance(document, dict):
        raise _invalid(name, "it is no JSON object")
    content = {key: value for key, value in document.items() if key != "id"}
    try:
        refuse_other_version(content.get("schema_version", 0))
        plan = _PLAN.validate_python(content, strict=False)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _invalid(name, f"{where}: {first['msg']}") from error
    except ValueError as error:
        raise _invalid(name, str(error)) from error
    if document.get("id") != plan.id:
        raise IntegrityError(
            f"The plan '{name}' was changed after it was made: its id does not fit its content.",
            remedy="Make the plan again; what should be left out is said to 'store plan', not cut "
            "out of the file.",
            code="plan-changed",
        )
    return plan


def _invalid(name: str, why: str) -> UsageError:
    return UsageError(
        f"The file '{name}' is no plan that this release can read: {why}.",
        remedy="Make the plan again with 'scorewright store plan'.",
        code="plan-invalid",
    )
