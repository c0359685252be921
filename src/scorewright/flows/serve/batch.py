"""Files of applications: what is asked, what became of it, and who keeps them while they wait."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from scorewright.core.contracts import FieldProblem
from scorewright.core.errors import ScorewrightError

__all__ = [
    "Batch",
    "BatchDesk",
    "BatchFile",
    "BatchOrder",
    "BatchProblem",
    "BatchState",
    "Upload",
    "problem_in",
]

#: ``interrupted``: the service ended while it was scored; post the file again.
BatchState = Literal["queued", "running", "done", "failed", "interrupted"]
BatchFile = Literal["result", "errors"]

#: What is told of files that cannot be read. The reader's own words may quote what was sent.
_UNREADABLE = {
    "data-file-empty": "The file holds no rows.",
    "data-encoding": "The file is not text in UTF-8.",
    "data-ragged": "A line has more or fewer fields than the header.",
    "data-duplicate-column": "The header names a column twice.",
    "data-unreadable": "The file cannot be read as what it was declared to be.",
    "data-columns-differ": "A column that the model reads is not in the file.",
    "features-future-rows": "A history holds rows that were not known at the decision.",
}
_NOT_LOGGED = "The decision log cannot take the decisions, so there is no result. Post it again."
_OTHER = "The files could not be scored."
_LINE = re.compile(r"\bline (\d{1,12})\b")
_REMEDY = "Mend the file and post it again; nothing was decided."


@dataclass(frozen=True, slots=True)
class BatchProblem:
    """Why a batch has no result.

    Attributes:
        code: Stable slug.
        detail: In words; never a value that was sent.
        line: Line of the text file, where one is to blame.
        errors: The columns that are wrong.
    """

    code: str
    detail: str
    line: int | None = None
    errors: tuple[FieldProblem, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {
            "code": self.code,
            "detail": self.detail,
            "line": self.line,
            "errors": [
                {"field": e.field, "code": e.code, "expected": e.expected} for e in self.errors
            ],
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> BatchProblem:
        """Read the form written by `to_dict`."""
        errors = tuple(FieldProblem(**entry) for entry in document["errors"])
        return cls(document["code"], document["detail"], document["line"], errors)


def problem_in(error: ScorewrightError) -> BatchProblem:
    """Return what is told of an error without anything that stood in a file.

    Args:
        error: Of reading or scoring.
    """
    fields = error.details.get("fields", ())
    errors = tuple(FieldProblem(**entry) for entry in fields)
    found = _LINE.search(error.message)
    line = int(found.group(1)) if found and error.code in _UNREADABLE else None
    if error.code.startswith("batch-"):
        return BatchProblem(error.code, f"{error.message} {error.remedy}", line, errors)
    if error.code.startswith("log-"):
        return BatchProblem(error.code, _NOT_LOGGED)
    text = _UNREADABLE.get(error.code, _OTHER)
    where = "" if line is None else f" Line {line}."
    return BatchProblem(error.code, f"{text}{where} {_REMEDY}", line, errors)


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """What is asked: fixed when the files have come.

    Attributes:
        id: Of the batch, and the request id of its decisions.
        caller, tenant: Who asked.
        created: ISO 8601.
        files: File name -> bytes.
        bundle: Digest of the bundle that scores, whatever is deployed meanwhile.
        policy: The policy's JSON.
        policy_name: ``ID@VERSION``.
    """

    id: str
    caller: str
    tenant: str
    created: str
    files: Mapping[str, int]
    bundle: str
    policy: str
    policy_name: str


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch, as it is now.

    Attributes:
        order: What was asked.
        state: Where it is.
        started, ended: ISO 8601; None before.
        rows: Data rows of the applications; None until they are known.
        done: Rows that are scored or rejected.
        rejected: Rows that break the contract: the error report says why.
        logged: Decisions that are in the decision log.
        decisions: Decision -> rows.
        seconds: Stage -> seconds.
        problem: Why there is no result.
        dropped: Decisions the log did not take, where the settings allow that.
    """

    order: BatchOrder
    state: BatchState
    started: str | None = None
    ended: str | None = None
    rows: int | None = None
    done: int = 0
    rejected: int = 0
    logged: int = 0
    decisions: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    problem: BatchProblem | None = None
    dropped: int = 0

    @property
    def is_over(self) -> bool:
        """Whether it will not change any more."""
        return self.state in ("done", "failed", "interrupted")


@dataclass(frozen=True, slots=True)
class Upload:
    """A place for the files of one batch, closed to others.

    Attributes:
        id: Of the batch.
        folder: Where its files go.
    """

    id: str
    folder: Path


class BatchDesk(Protocol):
    """Takes files, has them scored apart from the service, and keeps what came of them."""

    def begin(self) -> Upload | None:
        """Give a place for files; None while as many wait as may."""
        ...

    def discard(self, upload: Upload) -> None:
        """Remove files that are not wanted."""
        ...

    def submit(self, upload: Upload, order: BatchOrder) -> None:
        """Have files scored."""
        ...

    def wait(self, batch_id: str, tenant: str, seconds: float) -> Batch | None:
        """Return a batch when it is over, or as it is after so long."""
        ...

    def find(self, batch_id: str, tenant: str) -> Batch | None:
        """Return a batch of this tenant."""
        ...

    def page(self, tenant: str, before: str | None, limit: int) -> list[Batch]:
        """Return batches of this tenant, the newest first, from the first before an id."""
        ...

    def file(self, batch_id: str, tenant: str, what: BatchFile, form: str) -> Path | None:
        """Return a file of a batch that is done; ``form`` is ``csv`` or ``parquet``."""
        ...

    def remove(self, batch_id: str, tenant: str) -> bool:
        """Stop a batch and remove its files; False where there is none."""
        ...

    def close(self, seconds: float) -> None:
        """Take nothing new and end what runs, which is interrupted then."""
        ...
