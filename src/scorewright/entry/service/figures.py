"""``GET /metrics``, ``/metrics/summary`` and ``/metrics/threshold``."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from scorewright.core.challenge import CHAMPION, sample_ratio
from scorewright.entry.service.instruments import Instruments
from scorewright.entry.service.part import admit
from scorewright.entry.service.problems import RequestError, json_bytes
from scorewright.entry.service.schema import (
    DIGEST,
    TEXT,
    Described,
    Schema,
    object_of,
    operation,
)
from scorewright.flows.serve import Service, Variant

__all__ = ["add", "describe"]

CURVE = "decision_curve"


def add(app: FastAPI, service: Service) -> None:
    """Add the pages to the application."""
    instruments: Instruments = app.state.instruments

    @app.get("/metrics")
    async def metrics(request: Request) -> Response:
        admit(request, service, "state:read")
        text = await run_in_threadpool(instruments.text)
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    @app.get("/metrics/summary")
    async def summary(request: Request) -> Response:
        admit(request, service, "state:read")
        counts = await run_in_threadpool(service.log.summary)
        split = await run_in_threadpool(_split, service)
        return _json({"at": service.clock.now().isoformat(), "counts": counts, "split": split})

    @app.get("/metrics/threshold")
    async def threshold(request: Request) -> Response:
        admit(request, service, "state:read")
        return _json(_threshold(service.slot.variant))


def _split(service: Service) -> dict[str, Any] | None:
    """Compare the applicants each variant answered with its share; None without a split."""
    challengers = service.settings.challengers
    shares = {name: wish.share for name, wish in challengers.items() if wish.share > 0.0}
    if not shares:
        return None
    shares[CHAMPION] = 1.0 - sum(shares.values())
    found = sample_ratio(service.log.applicants(shares), shares)
    return {
        "applicants": dict(found.observed),
        "expected": dict(found.expected),
        "chi2": found.chi2,
        "p_value": found.p_value,
        "is_off": found.is_off,
    }


def _threshold(variant: Variant) -> dict[str, Any]:
    """Return the curve of the deployed model beside the rule that is in force."""
    deployment = variant.deployment
    curve: Mapping[str, Any] | None = deployment.loaded.bundle.reference.get(CURVE)
    if curve is None:
        raise RequestError(
            HTTPStatus.NOT_FOUND,
            "no-threshold-curve",
            "The deployed bundle holds no curve of its thresholds.",
            remedy="Bundles made by 'scorewright train' from this version on hold one.",
        )
    policy = deployment.policy
    return {
        "bundle": variant.model["bundle"],
        "policy": {
            **variant.policy,
            "threshold": policy.threshold,
            "refer_from": policy.refer_from,
            "refer_to": policy.refer_to,
            "evidence": dict(policy.evidence),
        },
        "curve": dict(curve),
    }


def _json(document: dict[str, Any]) -> Response:
    return Response(json_bytes(document), media_type="application/json")


def describe(variant: Variant) -> Described:  # noqa: ARG001 - the same for all
    """Return what the OpenAPI document says of the pages."""
    metrics = operation("metrics", "Counts and times for Prometheus", "", scope="state:read")
    text: Schema = {"schema": TEXT, "example": "scorewright_bundle_age_seconds 3600.0\n"}
    metrics["responses"]["200"] = {
        "description": "In the text format of Prometheus.",
        "content": {"text/plain": text},
    }
    summary = operation(
        "metrics_summary", "Counts of the decision log", "Summary", scope="state:read"
    )
    threshold = operation(
        "metrics_threshold",
        "The curve of the deployed model's thresholds",
        "ThresholdCurve",
        scope="state:read",
        problems={"404": "The deployed bundle holds no curve."},
    )
    return Described(
        "Figures",
        {
            "/metrics": {"get": metrics},
            "/metrics/summary": {"get": summary},
            "/metrics/threshold": {"get": threshold},
        },
        _schemas(),
    )


def _schemas() -> dict[str, Schema]:
    by_name: Schema = {"type": "object", "additionalProperties": {"type": "number"}}
    split = object_of(
        {
            "applicants": by_name,
            "expected": by_name,
            "chi2": {"type": "number"},
            "p_value": {"type": "number"},
            "is_off": {"type": "boolean"},
        }
    )
    number: Schema = {"type": "number"}
    maybe: Schema = {"anyOf": [number, {"type": "null"}]}
    free: Schema = {"type": "object", "additionalProperties": True}
    counts: Schema = {"type": "object", "additionalProperties": {"type": "integer"}}
    policy = {
        "id": TEXT,
        "version": {"type": "integer"},
        "digest": DIGEST,
        "threshold": number,
        "refer_from": maybe,
        "refer_to": maybe,
        "evidence": free,
    }
    return {
        "Summary": object_of(
            {
                "at": TEXT,
                "counts": {"type": "object", "additionalProperties": counts},
                "split": {
                    "anyOf": [split, {"type": "null"}],
                    "description": "Whether the variants answered as many applicants as they "
                    "should have; if is_off, no comparison of them can be trusted.",
                },
            }
        ),
        "ThresholdCurve": object_of({"bundle": DIGEST, "policy": object_of(policy), "curve": free}),
    }
