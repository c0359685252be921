"""The smallest changes of a store: rows and files, each with its before and its after.

A change is carried out by comparing, then setting: where the store already is as ``after``
says, nothing is done; where it is neither as ``before`` nor as ``after`` says, it is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal, assert_never

__all__ = [
    "Change",
    "FileChange",
    "LinkChange",
    "MoveChange",
    "Row",
    "RowChange",
    "RowsChange",
    "Scalar",
    "StoreChange",
    "document_of",
    "inverse",
]

Scalar = str | int | float | bool | None
#: Column -> value. A NaN is stored by MLflow as 0 with ``is_nan``, so every value fits into JSON.
Row = dict[str, Scalar]


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row of a database.

    Attributes:
        table: As the store's own schema calls it.
        key: Columns that tell the row from all others.
        before: None where there is no such row; else the columns that change, or all of them
            where the row goes.
        after: None where the row goes; else the columns that change, or all of a new row.
    """

    table: str
    key: Row
    before: Row | None
    after: Row | None
    kind: Literal["row"] = "row"


@dataclass(frozen=True, slots=True)
class RowsChange:
    """Many rows of one table that come or go together; they lie in the plan's payload.

    Attributes:
        table: As the store's own schema calls it.
        unit: Rows of one unit are committed in one transaction.
        rows: How many.
        digest: SHA-256 over the rows in canonical order.
        is_there: Whether they are in the store afterwards.
    """

    table: str
    unit: str
    rows: int
    digest: str
    is_there: bool = True
    kind: Literal["rows"] = "rows"


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that comes, goes, or gets another content.

    Attributes:
        path: Absolute, with slashes.
        before: SHA-256 of the content, None where there is no such file.
        after: SHA-256 of the content, None where the file goes to the bin.
        size: Bytes of the content that comes or goes.
        origin: Where the content of ``after`` lies: an absolute path, ``payload:<name>``, or
            ``bin`` for what an earlier plan moved away; "" where ``after`` is None.
        content_before: The same for ``before``.
    """

    path: str
    before: str | None
    after: str | None
    size: int
    origin: str = ""
    content_before: str = ""
    kind: Literal["file"] = "file"


@dataclass(frozen=True, slots=True)
class MoveChange:
    """A file or folder that lies elsewhere afterwards, by one rename.

    Attributes:
        path: Where it lies before, absolute.
        target: Where it lies afterwards, absolute, on the same file system.
        digest: SHA-256 of a file; of the listing (path, size) of a folder.
    """

    path: str
    target: str
    digest: str
    kind: Literal["move"] = "move"


@dataclass(frozen=True, slots=True)
class LinkChange:
    """A file that shares its bytes with an equal one, or no longer does.

    Attributes:
        path: The file, absolute.
        keeper: The equal file whose bytes stay, absolute.
        sha256: Of the content of both.
        size: Bytes that are freed.
        is_linked: Whether they are one file (hard links) afterwards.
    """

    path: str
    keeper: str
    sha256: str
    size: int
    is_linked: bool = True
    kind: Literal["link"] = "link"


@dataclass(frozen=True, slots=True)
class StoreChange:
    """A store that is made, with the newest schema and nothing in it, or that goes.

    Attributes:
        location: URI without a password.
        artifact_root: Folder of the artifacts of new experiments.
        is_there: Whether it is there afterwards. It goes only while it is empty.
        created: When its experiment "Default" was, in milliseconds since 1970; None for the moment
            in which it is made.
        default: Columns in which that experiment differs further from one that was just made: its
            state, its last change; None for none, and in plans of before there were any.
    """

    location: str
    artifact_root: str
    is_there: bool = True
    created: int | None = None
    default: Row | None = None
    kind: Literal["store"] = "store"


Change = RowChange | RowsChange | FileChange | MoveChange | LinkChange | StoreChange
_FIELDS: Final = {
    kind: tuple(field.name for field in fields(kind))
    for kind in (RowChange, RowsChange, FileChange, MoveChange, LinkChange, StoreChange)
}


def document_of(change: Change) -> dict[str, Any]:
    """Return a change as a JSON object: what `asdict` gives, in a tenth of the time.

    A field that older plans lack is left out where it is None, so that they keep their ids.
    """
    found = {name: getattr(change, name) for name in _FIELDS[type(change)]}
    if isinstance(change, StoreChange) and change.default is None:
        del found["default"]
    return {name: dict(v) if isinstance(v, dict) else v for name, v in found.items()}


def inverse(change: Change) -> Change:
    """Return the change that takes this one back: ``inverse(inverse(c)) == c``."""
    match change:
        case RowChange():
            return replace(change, before=change.after, after=change.before)
        case FileChange():
            return replace(
                change,
                before=change.after,
                after=change.before,
                origin=change.content_before,
                content_before=change.origin,
            )
        case MoveChange():
            return replace(change, path=change.target, target=change.path)
        case RowsChange() | StoreChange():
            return replace(change, is_there=not change.is_there)
        case LinkChange():
            return replace(change, is_linked=not change.is_linked)
        case _:
            assert_never(change)
