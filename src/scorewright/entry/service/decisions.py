"""``GET /decisions/{id}``, its replay, and ``POST /outcomes``: the log, read and completed."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from scorewright.core.access import Caller
from scorewright.core.contracts import FieldProblem
from scorewright.core.decision_log import LoggedDecision, Outcome
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.entry.service.body import MAX_BODY, read_body
from scorewright.entry.service.guard import IDENTIFIER
from scorewright.entry.service.part import admit
from scorewright.entry.service.problems import RequestError, json_bytes, request_id
from scorewright.entry.service.schema import (
    ID,
    MOMENT,
    PROBABILITY,
    TEXT,
    Described,
    Schema,
    object_of,
    operation,
    ref,
)
from scorewright.flows.serve import Remembered, Service, Variant, replay

__all__ = ["add", "describe"]

MOST_OUTCOMES = 1_000
MOST_REPLAYS = 2
LONGEST_SOURCE = 200
HIGHEST_VERSION = 1_000_000
T = TypeVar("T")


class _Outcome(msgspec.Struct, forbid_unknown_fields=True):
    decision_id: str
    outcome: int
    observed_at: datetime
    source: str = ""
    version: int = 1


class _Outcomes(msgspec.Struct, forbid_unknown_fields=True):
    outcomes: list[_Outcome]


def add(app: FastAPI, service: Service) -> None:
    """Add the pages to the application."""
    # To prove and load a bundle takes a second of a processor: whoever replays many decisions
    # waits for himself, not for those who decide.
    load, few = Remembered(service.load), CapacityLimiter(MOST_REPLAYS)

    @app.get("/decisions/{decision_id}")
    async def decision(decision_id: str, request: Request) -> Response:
        caller = admit(request, service, "logs:read")
        record = await run_in_threadpool(_found, service, decision_id, caller)
        shadows = await run_in_threadpool(service.log.shadows, record.decision_id)
        outcomes = await run_in_threadpool(service.log.outcomes, record.decision_id)
        return _json(
            {
                **_record(record),
                "shadows": [_record(shadow) for shadow in shadows],
                "outcomes": [_outcome(outcome) for outcome in outcomes],
            }
        )

    @app.post("/decisions/{decision_id}/replay")
    async def replayed(decision_id: str, request: Request) -> Response:
        caller = admit(request, service, "logs:read")
        record = await run_in_threadpool(_found, service, decision_id, caller)
        try:
            result = await to_thread.run_sync(replay, record, load, limiter=few)
        except (IntegrityError, UsageError) as error:
            raise RequestError(
                HTTPStatus.CONFLICT, error.code, error.message, remedy=error.remedy
            ) from error
        return _json(result.to_dict())

    @app.post("/outcomes")
    async def outcomes(request: Request) -> Response:
        caller = admit(request, service, "outcomes:write")
        given = _outcomes(await read_body(request, MAX_BODY), caller)
        receipt = await run_in_threadpool(service.log.add_outcomes, given, caller.tenant)
        return _json(
            {
                "request_id": request_id(request),
                "stored": receipt.stored,
                "repeated": receipt.repeated,
                "unknown": list(receipt.unknown),
                "conflicting": list(receipt.conflicting),
            }
        )


def _found(service: Service, decision_id: str, caller: Caller) -> LoggedDecision:
    record = None
    if IDENTIFIER.fullmatch(decision_id):
        record = service.log.find(decision_id, caller.tenant)
    if record is None:
        raise RequestError(
            HTTPStatus.NOT_FOUND,
            "decision-unknown",
            "There is no such decision.",
            remedy="Use the decision_id of an answer to this tenant.",
        )
    return record


def _outcomes(body: bytes, caller: Caller) -> list[Outcome]:
    try:
        document = msgspec.json.decode(body, type=_Outcomes, strict=True)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _invalid([FieldProblem("body", "type", "outcomes, as /docs shows them")]) from error
    problems = []
    if len(document.outcomes) > MOST_OUTCOMES:
        problems.append(FieldProblem("outcomes", "too-long", f"at most {MOST_OUTCOMES}"))
    for place, outcome in enumerate(document.outcomes[:MOST_OUTCOMES]):
        problems += _problems(f"outcomes.{place}", outcome)
    if problems:
        raise _invalid(problems)
    return [
        Outcome(
            outcome.decision_id,
            1 if outcome.outcome else 0,
            moment,
            outcome.source or caller.id or "unnamed",
            outcome.version,
        )
        for outcome in document.outcomes
        if (moment := _utc(outcome.observed_at)) is not None  # it was checked
    ]


def _utc(moment: datetime) -> str | None:
    """Return a moment in UTC; None without a zone, or where UTC has no such year."""
    if moment.tzinfo is None:
        return None
    try:
        return moment.astimezone(UTC).isoformat()
    except OverflowError:
        return None


def _problems(where: str, outcome: _Outcome) -> list[FieldProblem]:
    checks = (
        ("decision_id", IDENTIFIER.fullmatch(outcome.decision_id), "the id of a decision"),
        ("outcome", outcome.outcome in (0, 1), "1 for bad, 0 for good"),
        ("observed_at", _utc(outcome.observed_at) is not None, "ISO 8601 with a zone"),
        (
            "source",
            len(outcome.source) <= LONGEST_SOURCE and outcome.source.isprintable(),
            "plain text",
        ),
        ("version", 1 <= outcome.version <= HIGHEST_VERSION, "1 or more"),
    )
    return [
        FieldProblem(f"{where}.{name}", "pattern", text) for name, good, text in checks if not good
    ]


def _invalid(problems: list[FieldProblem]) -> RequestError:
    return RequestError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "outcomes-invalid",
        "The outcomes do not have the expected form.",
        remedy="The fields under 'errors' say what is expected.",
        errors=problems,
    )


def _record(record: LoggedDecision) -> dict[str, Any]:
    """Return a decision as it is shown: everything but what only repeats and the caller."""
    moment = datetime.fromtimestamp(record.at / 1_000_000, UTC)
    return {
        "decision_id": record.decision_id,
        "at": moment.isoformat(),
        "request_id": record.request_id,
        "role": record.role,
        "variant": record.variant,
        "propensity": record.propensity,
        "subject": record.subject,
        "bundle": record.bundle,
        "model_digest": record.model_digest,
        "policy": record.policy,
        "policy_digest": record.policy_digest,
        "pd": record.pd,
        "decision": record.decision,
        "threshold": record.threshold,
        "inputs": dict(record.inputs),
        "tables": dict(record.tables),
        "flags": dict(record.flags),
        "reasons": [dict(reason) for reason in record.reasons],
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "outcome": outcome.outcome,
        "observed_at": outcome.observed_at,
        "source": outcome.source,
        "version": outcome.version,
    }


def _json(document: dict[str, Any]) -> Response:
    return Response(json_bytes(document), media_type="application/json")


def describe(variant: Variant) -> Described:  # noqa: ARG001 - the same for all
    """Return what the OpenAPI document says of the pages."""
    unknown = {"404": "There is no such decision."}
    one = operation(
        "decision", "One decision as it was logged", "Logged", scope="logs:read", problems=unknown
    )
    again = operation(
        "replay",
        "Decide it again with the bundle and policy of that day",
        "Replay",
        scope="logs:read",
        problems={**unknown, "409": "The log did not keep every value, or the bundle is gone."},
    )
    outcomes = operation(
        "outcomes",
        "Say what became of decided applications",
        "OutcomeReceipt",
        scope="outcomes:write",
        problems={
            "400": "The body is empty.",
            "413": f"The body is longer than {MAX_BODY} bytes.",
            "415": "The body is not declared as plain application/json.",
            "422": "An outcome does not have the expected form.",
        },
    )
    outcomes["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": ref("Outcomes")}},
    }
    parameter = {"name": "decision_id", "in": "path", "required": True, "schema": ID}
    return Described(
        "Decisions",
        {
            "/decisions/{decision_id}": {"parameters": [parameter], "get": one},
            "/decisions/{decision_id}/replay": {"parameters": [parameter], "post": again},
            "/outcomes": {"post": outcomes},
        },
        _schemas(),
    )


def _schemas() -> dict[str, Schema]:
    free: Schema = {"type": "object", "additionalProperties": True}
    figures = object_of({"pd": PROBABILITY, "decision": TEXT, "threshold": {"type": "number"}})
    given = {
        "outcome": {"type": "integer", "enum": [0, 1], "description": "1 is bad."},
        "observed_at": MOMENT,
        "source": {**TEXT, "maxLength": LONGEST_SOURCE},
        "version": {"type": "integer", "minimum": 1, "maximum": HIGHEST_VERSION},
    }
    texts = ("variant", "bundle", "model_digest", "policy", "policy_digest", "decision", "role")
    logged = {
        "decision_id": ID,
        "at": MOMENT,
        "request_id": ID,
        **dict.fromkeys(texts, TEXT),
        "propensity": PROBABILITY,
        "subject": {"anyOf": [TEXT, {"type": "null"}], "description": "A pseudonym."},
        "pd": PROBABILITY,
        "threshold": {"type": "number"},
        "inputs": free,
        "tables": free,
        "flags": free,
        "reasons": {"type": "array", "items": free},
    }
    lists = {
        "shadows": {"type": "array", "items": object_of(logged)},
        "outcomes": {"type": "array", "items": object_of(given)},
    }
    ids = {"type": "array", "items": ID}
    return {
        "Logged": object_of({**logged, **lists}),
        "Replay": object_of(
            {
                "decision_id": ID,
                "bundle": TEXT,
                "policy": TEXT,
                "logged": figures,
                "replayed": figures,
                "equal": {"type": "boolean", "description": "To the last bit of the PD."},
            }
        ),
        "Outcomes": object_of(
            {
                "outcomes": {
                    "type": "array",
                    "maxItems": MOST_OUTCOMES,
                    "items": object_of(
                        {"decision_id": ID, **given}, optional=("source", "version")
                    ),
                }
            }
        ),
        "OutcomeReceipt": object_of(
            {
                "request_id": ID,
                "stored": {"type": "integer"},
                "repeated": {"type": "integer"},
                "unknown": ids,
                "conflicting": ids,
            }
        ),
    }
