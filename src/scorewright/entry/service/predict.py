"""``POST /predict``: one application, named features, one decision that is in the log."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

import msgspec
from anyio import to_thread
from fastapi import FastAPI
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from scorewright.core.access import Caller
from scorewright.core.decision import Policy
from scorewright.core.decision_log import LoggedDecision
from scorewright.core.errors import UsageError
from scorewright.entry.service.body import Readers, gather
from scorewright.entry.service.example import example_application
from scorewright.entry.service.explain import reason_schema
from scorewright.entry.service.fields import application_schemas
from scorewright.entry.service.guard import IDENTIFIER, Head
from scorewright.entry.service.parse import strict_document
from scorewright.entry.service.part import admitted
from scorewright.entry.service.problems import RequestError, json_bytes
from scorewright.entry.service.running import Running
from scorewright.entry.service.schema import (
    DIGEST,
    ID,
    PROBABILITY,
    TEXT,
    Described,
    Schema,
    object_of,
    operation,
    ref,
)
from scorewright.flows.serve import Application, Asked, Decided, Service, Variant, repeat

__all__ = ["Predicted", "Predictor", "add", "describe"]

#: Bytes of a body that is answered without a thread of its own.
_SHORT = 100_000
_encode = msgspec.json.Encoder().encode
#: Only where the policy has a band, or rules of its own for segments.
REFER: Schema = {
    **object_of({"from": {"type": "number"}, "to": {"type": "number"}}),
    "description": "Referred where pd is in this band; its upper end is declined.",
}
SEGMENT: Schema = {
    **object_of({"column": TEXT, "value": {"anyOf": [TEXT, {"type": "null"}]}}),
    "description": "What the rule was chosen by.",
}
RELATIONAL_FLAGS: Schema = {
    "orphan_rows": {
        "type": "object",
        "additionalProperties": {"type": "integer"},
        "description": "Table -> rows left out because what they hang on was not sent.",
    },
    "assumed_decision_date": {
        "anyOf": [{"type": "string", "format": "date"}, {"type": "null"}],
        "description": "The date taken for the decision because none was sent.",
    },
}


def add(app: FastAPI, service: Service) -> None:  # noqa: ARG001 - the form of all parts
    """Add the page to the application, for its methods and its place among the others.

    What is posted is answered by the front, which calls `Predictor` and nothing between.
    """

    @app.post("/predict")
    async def predict(_: Request) -> Response:
        raise RuntimeError("the front answers what is posted")


class Predictor:
    """Answers ``POST /predict``: from the bytes of a request to the bytes of an answer.

    Args:
        service: What answers, and who is told afterwards.
        running: Of this worker; says why the bundle may be old.
    """

    def __init__(self, service: Service, running: Running) -> None:
        self._service, self._running = service, running
        today = service.clock.now
        self._readers = Readers(lambda: today().date(), service.settings.limits.body_bytes)

    async def answer(self, scope: Scope, head: Head, receive: Receive) -> Predicted:
        """Answer one request; the decision is in the log when this returns.

        Args:
            scope: Of the request.
            head: Of the request.
            receive: Gives its body.

        Raises:
            RequestError: Those of reading the body; ``reasons-invalid-choice``,
                ``parameter-unknown``, ``not-explainable``, ``idempotency-key-invalid``,
                ``idempotency-key-reused``.
            AccessError: ``unauthorised``, ``forbidden``, ``too-many-requests``.
            ScorewrightError: Those of deciding and of the log.
        """
        service = self._service
        caller = admitted(head, service, "predict")
        variant = service.slot.variant
        asked = _asked(scope, head, caller)
        body = await gather(head, receive, self._readers.of(variant).limit)
        # A few milliseconds of arithmetic at most: a thread would cost more than it frees.
        # Bodies with very many rows must not keep the others waiting.
        if len(body) <= _SHORT:
            application, decided = self._decide(variant, body, asked)
        else:
            application, decided = await to_thread.run_sync(
                self._decide, variant, body, asked, abandon_on_cancel=True
            )
        kept = await service.log.append(decided.record)
        is_new = kept is decided.record
        answer = decided.answer if is_new else _repeated(kept, decided.record, application)
        return Predicted(_encoded(answer), application, asked, kept, is_new=is_new)

    def told(self, predicted: Predicted) -> None:
        """Tell those who want to know of answers that were sent; a repeated one is no new one."""
        if predicted.is_new:
            for tell in self._service.after_answer:
                tell(predicted.application, predicted.asked, predicted.kept)

    def _decide(self, variant: Variant, body: bytes, asked: Asked) -> tuple[Application, Decided]:
        service = self._service
        application = self._readers.of(variant).parse(body)
        if asked.idempotency is not None:
            key = service.decider.keeping.key
            asked = replace(asked, sent=key.digest("request", strict_document(body)))
        chosen = service.choose(variant, application, asked, self._running.stale)
        try:
            return application, service.decider.decide(chosen, application, asked)
        except UsageError as error:  # reasons of a model that has none
            raise RequestError(
                HTTPStatus.CONFLICT, error.code, error.message, remedy=error.remedy
            ) from error


@dataclass(frozen=True, slots=True)
class Predicted:
    """An answer to ``POST /predict``.

    Attributes:
        body: JSON.
        application: What was decided.
        asked: How it came.
        kept: What the log holds.
        is_new: Whether it was decided now; False where an earlier answer was repeated.
    """

    body: bytes
    application: Application
    asked: Asked
    kept: LoggedDecision
    is_new: bool


def _asked(scope: Scope, head: Head, caller: Caller) -> Asked:
    return Asked(
        head.request_id,
        caller.id,
        caller.tenant,
        _idempotency(head),
        reasons=_wants_reasons(scope["query_string"]),
    )


def _idempotency(head: Head) -> str | None:
    """Return the caller's key; one that is empty would make all its requests the same."""
    key = head.idempotency
    if key is not None and IDENTIFIER.fullmatch(key) is None:
        raise RequestError(
            HTTPStatus.BAD_REQUEST,
            "idempotency-key-invalid",
            "The Idempotency-Key does not have the expected form.",
            remedy="Send 1 to 64 letters, digits, dots, underscores or hyphens, or no such header.",
        )
    return key


def _repeated(
    kept: LoggedDecision, again: LoggedDecision, application: Application
) -> dict[str, Any]:
    try:
        return repeat(kept, again, application)
    except UsageError as error:
        raise RequestError(
            HTTPStatus.UNPROCESSABLE_ENTITY, error.code, error.message, remedy=error.remedy
        ) from error


def _wants_reasons(query: bytes) -> bool:
    """Read the one parameter there is; another one would be a wish nobody hears."""
    if not query:
        return False
    sent = QueryParams(query).multi_items()
    if [name for name, _ in sent] != ["reasons"]:
        raise RequestError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "parameter-unknown",
            "The address has a parameter that is not 'reasons', or has it twice.",
            remedy="Send ?reasons=true, or none.",
        )
    if sent[0][1] not in ("true", "false"):
        raise RequestError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "reasons-invalid-choice",
            "The parameter 'reasons' is neither true nor false.",
            remedy="Send ?reasons=true, or leave it out.",
        )
    return sent[0][1] == "true"


def _encoded(answer: dict[str, Any]) -> bytes:
    """Return an answer as JSON; a text that UTF-8 cannot hold is written with escapes."""
    try:
        return _encode(answer)
    except UnicodeEncodeError:
        return json_bytes(answer)


def describe(variant: Variant) -> Described:
    """Return what the OpenAPI document says of the page, for the contract that answers now."""
    bundle, policy = variant.deployment.loaded.bundle, variant.deployment.policy
    longest = Readers.limit_of(bundle)
    predict = operation(
        "predict",
        "Score one application and decide",
        "Decision",
        scope="predict",
        problems={
            "400": "The body is not JSON in UTF-8, or a header does not have its form.",
            "409": "Reasons are asked for, and the model that answers has none.",
            "413": f"The body is longer than {longest} bytes, or than serve.limits.body_bytes.",
            "415": "The body is not declared as plain application/json.",
            "422": "A field is missing, unknown or does not keep the contract.",
        },
    )
    predict["parameters"] = [
        _header(
            "X-Request-ID",
            "Returned in the answer if it has the form of an id; else one is made.",
            TEXT,
        ),
        _header("Idempotency-Key", "A request repeated with it gets the first one's answer.", ID),
        {
            "name": "reasons",
            "in": "query",
            "required": False,
            "description": "Whether the answer gives reasons; they take longer than the score.",
            "schema": {"type": "boolean", "default": False},
        },
    ]
    body: Schema = {"schema": ref("Application"), "example": example_application(bundle)}
    predict["requestBody"] = {"required": True, "content": {"application/json": body}}
    flags = {} if bundle.features is None else RELATIONAL_FLAGS
    schemas = application_schemas(bundle)
    return Described(
        "Decisions",
        {"/predict": {"post": predict}},
        {
            **schemas,
            "Decision": _decision(flags, _policy_members(policy)),
            "Reason": reason_schema(),
        },
    )


def _header(name: str, about: str, schema: Schema) -> Schema:
    return {"name": name, "in": "header", "required": False, "description": about, "schema": schema}


def _policy_members(policy: Policy) -> Schema:
    """Return the members of an answer that only some policies have."""
    members: Schema = {}
    if policy.has_referrals:
        members["refer"] = REFER
    if policy.segments:
        members["segment"] = SEGMENT
    return members


def _decision(flags: Schema, policy: Schema) -> Schema:
    names = {"type": "array", "items": TEXT}
    stale = {"anyOf": [TEXT, {"type": "null"}], "description": "Why the bundle may be old."}
    return object_of(
        {
            "decision_id": {**ID, "description": "Of the decision log."},
            "request_id": ID,
            "application_id": {"anyOf": [ID, {"type": "null"}]},
            "pd": {**PROBABILITY, "description": "Probability of default."},
            "decision": {
                "type": "string",
                "enum": ["approve", "refer", "decline"],
                "description": "refer: a person decides.",
            },
            "threshold": {
                "type": "number",
                "description": "Declined where pd >= threshold, unless the policy refers.",
            },
            "confidence": {
                "type": "number",
                "minimum": 0,
                "description": "Distance of pd to where the decision would change.",
            },
            **policy,
            "policy": object_of({"id": TEXT, "version": {"type": "integer"}, "digest": DIGEST}),
            "model": object_of(
                {"name": TEXT, "run_id": TEXT, "bundle": DIGEST, "model_digest": DIGEST}
            ),
            "variant": {**TEXT, "description": "champion, or the challenger that answered."},
            "reasons": {"type": "array", "items": ref("Reason"), "maxItems": 4},
            "flags": object_of(
                {
                    "unknown_category": names,
                    "out_of_range": {
                        **names,
                        "description": "Columns outside what the model was made on.",
                    },
                    "stale_bundle": stale,
                    **flags,
                }
            ),
        },
        optional=(*policy, "reasons"),
    )
