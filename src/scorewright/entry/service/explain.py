"""``POST /explain``: what moved the score of one application, in figures and in words."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from scorewright.core.errors import UsageError
from scorewright.entry.service.body import Readers, read_body
from scorewright.entry.service.example import example_application
from scorewright.entry.service.part import admit
from scorewright.entry.service.problems import RequestError, json_bytes, request_id
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
from scorewright.flows.serve import Service, Variant, explain_score, explanation_document

__all__ = ["add", "describe", "reason_schema"]

NUMBER: Schema = {"type": "number"}


def add(app: FastAPI, service: Service) -> None:
    """Add the page to the application."""
    readers = Readers(lambda: service.clock.now().date(), service.settings.limits.body_bytes)

    def explained(variant: Variant, body: bytes) -> dict[str, Any]:
        application = readers.of(variant).parse(body)
        words, scorer = service.decider.words(variant), variant.deployment.scorer
        x = scorer.encoded(application.values, application.tables)
        try:
            explanation = explain_score(variant, x, words)
        except UsageError as error:
            raise RequestError(
                HTTPStatus.CONFLICT, error.code, error.message, remedy=error.remedy
            ) from error
        return {
            "application_id": application.id,
            "pd": scorer.score_one(x),
            "model": variant.model,
            **explanation_document(explanation, words),
        }

    @app.post("/explain")
    async def explain(request: Request) -> Response:
        admit(request, service, "explain")
        variant = service.slot.variant
        body = await read_body(request, readers.of(variant).limit)
        answer = await run_in_threadpool(explained, variant, body)
        return Response(
            json_bytes({"request_id": request_id(request), **answer}),
            media_type="application/json",
        )


def reason_schema() -> Schema:
    """Describe one reason."""
    return object_of(
        {
            "rank": {"type": "integer", "minimum": 1},
            "code": TEXT,
            "text": TEXT,
            "contribution": {**NUMBER, "description": "In log-odds, toward default."},
            "features": {"type": "array", "items": TEXT},
        }
    )


def describe(variant: Variant) -> Described:
    """Return what the OpenAPI document says of the page, for the contract that answers now."""
    bundle = variant.deployment.loaded.bundle
    explain = operation(
        "explain",
        "Explain the score of one application; nothing is decided or logged",
        "Explanation",
        scope="explain",
        problems={
            "400": "The body is not JSON in UTF-8.",
            "409": "The deployed model has no contributions that sum to its score.",
            "413": f"The body is longer than {Readers.limit_of(bundle)} bytes.",
            "415": "The body is not declared as plain application/json.",
            "422": "A field is missing, unknown or does not keep the contract.",
        },
    )
    body: Schema = {"schema": ref("Application"), "example": example_application(bundle)}
    explain["requestBody"] = {"required": True, "content": {"application/json": body}}
    score = {
        "log_odds": {**NUMBER, "description": "Of the raw score, before calibration."},
        "baseline": {**NUMBER, "description": "What the model says of nobody in particular."},
        "undisclosed": {**NUMBER, "description": "What features never named contribute."},
    }
    return Described(
        "Explanations",
        {"/explain": {"post": explain}},
        {
            "Explanation": object_of(
                {
                    "request_id": ID,
                    "application_id": {"anyOf": [ID, {"type": "null"}]},
                    "pd": PROBABILITY,
                    "model": object_of(
                        {"name": TEXT, "run_id": TEXT, "bundle": DIGEST, "model_digest": DIGEST}
                    ),
                    "score": object_of(score),
                    "contributions": {"type": "object", "additionalProperties": NUMBER},
                    "reasons": {"type": "array", "items": ref("Reason"), "maxItems": 4},
                    "dictionary": object_of({"version": TEXT, "digest": DIGEST}),
                }
            )
        },
    )
