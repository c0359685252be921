"""A record as a row, and back: exact in every figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import RowMapping

from scorewright.core.decision_log import DecisionBlock, LoggedDecision, Outcome

__all__ = ["COLUMNS", "outcome_of", "outcome_row", "record_of", "row_of", "rows_of"]

#: Members of a record that have no column.
IN_DOCUMENT = ("model_digest", "policy_digest", "inputs", "tables", "flags", "reasons", "answer")
#: Members that have one, in the order of a row; the document is the last column.
COLUMNS = tuple(name for name in LoggedDecision.__dataclass_fields__ if name not in IN_DOCUMENT)

_columns_of = attrgetter(*COLUMNS)
_members_of = attrgetter(*IN_DOCUMENT)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def row_of(record: LoggedDecision) -> tuple[Any, ...]:
    """Return the row of a record: `COLUMNS`, then the document."""
    document = _encode(dict(zip(IN_DOCUMENT, _members_of(record), strict=True)))
    return *_columns_of(record), document


def rows_of(records: Sequence[LoggedDecision]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of records; of a block without making a record of each."""
    if not isinstance(records, DecisionBlock):
        return map(row_of, records)
    own = {
        "decision_id": records.decision_ids,
        "subject": records.subjects,
        "pd": records.pds,
        "decision": records.decisions,
        "threshold": records.thresholds,
    }
    columns = [
        own[name] if name in own else repeat(getattr(records.common, name)) for name in COLUMNS
    ]
    return zip(*columns, _documents(records), strict=False)  # repeated values never end


def _documents(block: DecisionBlock) -> Iterator[bytes]:
    """Yield the documents of a block; what its decisions share is written once."""
    known: dict[int, tuple[bytes, bytes]] = {}
    members = dict(zip(IN_DOCUMENT, _members_of(block.common), strict=True))
    for inputs, flags in zip(block.inputs, block.flags, strict=True):
        # Flags that are one object stay alive with the block, so that its address is its name.
        if (around := known.get(id(flags))) is None:
            text = _encode({**members, "inputs": None, "flags": flags})
            head, name, tail = text.partition(b'"inputs":')
            known[id(flags)] = around = (head + name, tail.removeprefix(b"null"))
        yield b"".join((around[0], inputs, around[1]))


def record_of(row: RowMapping | Mapping[str, Any]) -> LoggedDecision:
    """Return the record of a row."""
    document = _decode(row["document"])
    document["reasons"] = tuple(document["reasons"])
    return LoggedDecision(**{name: row[name] for name in COLUMNS}, **document)


def outcome_row(outcome: Outcome, tenant: str) -> dict[str, Any]:
    """Return the row of an outcome."""
    return {
        "decision_id": outcome.decision_id,
        "version": outcome.version,
        "tenant": tenant,
        "outcome": outcome.outcome,
        "observed_at": outcome.observed_at,
        "source": outcome.source,
    }


def outcome_of(row: RowMapping) -> Outcome:
    """Return the outcome of a row."""
    return Outcome(
        row["decision_id"], row["outcome"], row["observed_at"], row["source"], row["version"]
    )
