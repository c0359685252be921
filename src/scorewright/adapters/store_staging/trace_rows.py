"""A trace, whoever tells of it, as rows of a database at the newest schema.

MLflow 2 and MLflow 3 name its fields differently. The newest schema keeps the name, the session,
the tokens and the costs of a trace in columns of their own, and MLflow looks for them nowhere else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

__all__ = [
    "COST_COLUMNS",
    "TOKEN_COLUMNS",
    "TRACE_COST",
    "TRACE_NAME",
    "TRACE_SESSION",
    "TRACE_TOKENS",
    "Trace",
    "assessment_row",
    "moment_of",
    "span_row",
    "trace_rows",
]

Row = dict[str, Any]

TRACE_NAME: Final = "mlflow.traceName"
TRACE_SESSION: Final = "mlflow.trace.session"
TRACE_TOKENS: Final = "mlflow.trace.tokenUsage"
TRACE_COST: Final = "mlflow.trace.cost"
#: Run that an assessment was made in; MLflow 3 writes it among the assessment's metadata.
_RUN: Final = "mlflow.assessment.sourceRunId"
#: Run that a trace was made in; MLflow finds that in the metadata.
_SOURCE_RUN: Final = "mlflow.sourceRun"
_PROMPTS: Final = "mlflow.linkedPrompts"
_LINK: Final = ("source_type", "source_id", "destination_type", "destination_id")
TOKEN_COLUMNS: Final = (
    "input_tokens", "output_tokens", "total_tokens", "cache_read_input_tokens",
    "cache_creation_input_tokens", "cache_creation_input_tokens_above_1hr",
)  # fmt: skip
COST_COLUMNS: Final = ("input_cost", "output_cost", "total_cost")
#: Lengths of the columns; what is longer stays whole in its tag or metadata, too.
_LONGEST_NAME: Final = 4096
_LONGEST_SESSION: Final = 250
_LONGEST_MODEL: Final = 500
_LONGEST_VALUE: Final = 10_000_000
#: Of the column; a server's database refuses more, and the tag says it all the same.
_LONGEST_LINK: Final = 36
_INT8: Final = 2**63


@dataclass(frozen=True, slots=True)
class Trace:
    """What a source says of a trace.

    Attributes:
        id: Of the trace.
        info: Its fields, named as in MLflow 2 or MLflow 3.
        tags: Texts.
        metadata: Texts.
        runs: Ids of runs that it belongs to, where the source knows of such links.
    """

    id: str
    info: Mapping[str, Any]
    tags: Mapping[str, str]
    metadata: Mapping[str, str]
    runs: tuple[str, ...] = ()


def trace_rows(trace: Trace, number: int) -> Iterator[tuple[str, Row]]:
    """Yield the rows of a trace, each with its table.

    Args:
        trace: The trace.
        number: Of its experiment.

    Raises:
        KeyError, TypeError, ValueError: A field is missing or odd.
    """
    info, tags = trace.info, dict(trace.tags)
    columns, metadata = _promoted(trace.metadata)
    name = tags.get(TRACE_NAME)
    if name is not None and len(name) <= _LONGEST_NAME:
        del tags[TRACE_NAME]
    row = {
        "request_id": trace.id,
        "experiment_id": number,
        "timestamp_ms": moment_of(info),
        "execution_time_ms": _duration(info),
        "status": info.get("state") or info.get("status") or "STATE_UNSPECIFIED",
        "client_request_id": info.get("client_request_id"),
        "request_preview": info.get("request_preview"),
        "response_preview": info.get("response_preview"),
        "trace_name": None if name is None else name[:_LONGEST_NAME],
        "db_payload_generation": 0,
        **columns,
    }
    yield "trace_info", row
    for table, texts in (("trace_tags", tags), ("trace_request_metadata", metadata)):
        for key, value in texts.items():
            yield table, {"request_id": trace.id, "key": key, "value": value}
    for kind, other in dict.fromkeys(_links(trace)):
        link = ("trace", trace.id, kind, other)
        yield (
            "entity_associations",
            {
                "association_id": hashlib.md5(
                    "\x1f".join(link).encode(), usedforsecurity=False
                ).hexdigest(),
                **dict(zip(_LINK, link, strict=True)),
                "created_time": moment_of(info),
            },
        )


def _links(trace: Trace) -> Iterator[tuple[str, str]]:
    """Yield what MLflow looks for among the links alone: other runs, and versions of prompts."""
    for run in trace.runs:
        if run != trace.metadata.get(_SOURCE_RUN):
            yield "run", run
    try:
        prompts = json.loads(trace.tags.get(_PROMPTS, "[]"))
    except ValueError:
        return
    for one in prompts if isinstance(prompts, list) else ():
        if isinstance(one, dict) and {"name", "version"} <= one.keys():
            version = f"{one['name']}/{one['version']}"
            if len(version) <= _LONGEST_LINK:
                yield "prompt_version", version


def _promoted(metadata: Mapping[str, str]) -> tuple[Row, dict[str, str]]:
    """Return what has columns of its own, and the metadata that they do not say in full."""
    columns: Row = {}
    kept = dict(metadata)
    session = metadata.get(TRACE_SESSION)
    if session is not None:
        columns["session_id"] = session[:_LONGEST_SESSION]
        if len(session) <= _LONGEST_SESSION:
            del kept[TRACE_SESSION]
    for key, names, read in (
        (TRACE_TOKENS, TOKEN_COLUMNS, _count),
        (TRACE_COST, COST_COLUMNS, _amount),
    ):
        said = _said(metadata.get(key))
        found = {name: read(said[name]) for name in names if name in said}
        columns.update(found)
        if said and found == said:
            del kept[key]
    return columns, kept


def _said(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _count(value: object) -> int | None:
    """Return a number of tokens; None for what is no whole number of 64 bits."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    is_whole = number.is_finite() and abs(number) < _INT8 and number == int(number)
    return int(number) if is_whole else None


def _amount(value: object) -> float | None:
    """Return a cost; None for what is no number."""
    if isinstance(value, bool):
        return None
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def moment_of(info: Mapping[str, Any]) -> int:
    """Return when a trace began, in milliseconds since 1970; MLflow 3 writes a text for it."""
    if "timestamp_ms" in info:
        return int(info["timestamp_ms"])
    return _milliseconds(info["request_time"])


def _duration(info: Mapping[str, Any]) -> int | None:
    """Return milliseconds: trees write a number, servers of MLflow 3 seconds such as "0.063s"."""
    if "execution_duration" in info:
        return round(Decimal(str(info["execution_duration"]).removesuffix("s")) * 1000)
    found = info.get("execution_duration_ms", info.get("execution_time_ms"))
    return None if found is None else int(found)


def _milliseconds(moment: str | datetime) -> int:
    found = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)


def span_row(text: str, trace: str, number: int) -> Row:
    """Return the row of a span.

    Args:
        text: The span as MLflow 3 keeps it: a JSON object, which stays as it is.
        trace: Id of its trace.
        number: Of the experiment.

    Raises:
        KeyError, TypeError, ValueError: It is no such object.
    """
    span = json.loads(text)
    attributes = span.get("attributes") or {}
    costs = _said(attributes.get("mlflow.llm.cost"))
    return {
        "trace_id": trace,
        "experiment_id": number,
        "span_id": _span_id(span["span_id"]),
        "parent_span_id": _span_id(span["parent_span_id"]) if span.get("parent_span_id") else None,
        "name": span["name"],
        "type": _plain(attributes.get("mlflow.spanType")),
        "status": str(span["status"]["code"]).removeprefix("STATUS_CODE_"),
        "start_time_unix_nano": int(span["start_time_unix_nano"]),
        "end_time_unix_nano": span.get("end_time_unix_nano"),
        "content": text,
        **{name: _amount(costs.get(name)) for name in COST_COLUMNS},
        "model_name": _model(attributes.get("mlflow.llm.model")),
        "model_provider": _model(attributes.get("mlflow.llm.provider")),
    }


def _span_id(text: str) -> str:
    """Return the id as databases have it: in hexadecimal."""
    return base64.b64decode(text, validate=True).hex()


def _plain(attribute: object) -> object:
    """Return the value of an attribute, which is JSON within JSON."""
    try:
        return json.loads(attribute) if isinstance(attribute, str) else attribute
    except ValueError:
        return attribute


def _model(attribute: object) -> str | None:
    found = _plain(attribute)
    return found[:_LONGEST_MODEL] if isinstance(found, str) else None


def assessment_row(found: Mapping[str, Any], trace: Trace, number: int) -> Row:
    """Return the row of an assessment.

    Args:
        found: Its fields, as MLflow 3 writes and tells them.
        trace: Its trace.
        number: Of the experiment.

    Raises:
        KeyError, TypeError, ValueError: A field is missing or odd.
    """
    kind = next((one for one in ("feedback", "issue") if one in found), "expectation")
    said = found.get(kind) or {}
    value: Any = {"issue_name": said["issue_name"]} if kind == "issue" else said.get("value")
    if "serialized_value" in said:
        value = json.loads(said["serialized_value"]["value"])
    source = found["source"]
    error = said.get("error")
    metadata = found.get("metadata") or {}
    aggregate, is_number = _aggregate(value)
    return {
        "assessment_id": found["assessment_id"],
        "trace_id": trace.id,
        "name": found["assessment_name"],
        "assessment_type": kind,
        "value": _json(value),
        "error": _json(error) if error else None,
        "created_timestamp": _milliseconds(found["create_time"]),
        "last_updated_timestamp": _milliseconds(found["last_update_time"]),
        "source_type": source["source_type"],
        "source_id": source.get("source_id"),
        "run_id": found.get("run_id") or metadata.get(_RUN),
        "span_id": found.get("span_id"),
        "rationale": found.get("rationale"),
        "overrides": found.get("overrides"),
        "valid": int(bool(found.get("valid", True))),
        "assessment_metadata": _json(metadata) if metadata else None,
        "experiment_id": number,
        "trace_timestamp_ms": moment_of(trace.info),
        "aggregate_value": aggregate,
        "is_numeric_value": int(is_number),
    }


def _json(value: object) -> str:
    """Return a value as text; YAML may name a few lines so often that it would have no end.

    Raises:
        ValueError: It is too long.
    """
    parts, length = [], 0
    for part in json.JSONEncoder().iterencode(value):
        parts.append(part)
        length += len(part)
        if length > _LONGEST_VALUE:
            raise ValueError(f"a value has more than {_LONGEST_VALUE:,} characters")
    return "".join(parts)


def _aggregate(value: object) -> tuple[float | None, bool]:
    """Return what a value counts in averages, as MLflow does it, and whether it is a number."""
    if isinstance(value, bool):
        return float(value), False
    if isinstance(value, int | float):
        number = _amount(value)
        return number, number is not None
    if isinstance(value, str) and (word := value.strip().lower()) in {"yes", "no"}:
        return float(word == "yes"), False
    return None, False
