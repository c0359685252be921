"""Decisions to log."""

from __future__ import annotations

import time
from typing import Any

from scorewright.adapters.decision_log import SortableIds
from scorewright.core.decision_log import LoggedDecision

__all__ = ["decision"]

_ids = SortableIds()


def decision(**changes: Any) -> LoggedDecision:
    """Return a decision with a new id."""
    members: dict[str, Any] = {
        "decision_id": _ids.next(),
        "at": time.time_ns() // 1_000,
        "request_id": "request-1",
        "role": "champion",
        "variant": "champion",
        "propensity": 1.0,
        "answers": None,
        "caller": "caller",
        "tenant": "shop",
        "idempotency": None,
        "subject": None,
        "bundle": "b" * 64,
        "model_digest": "m" * 64,
        "policy": "cutoff@1",
        "policy_digest": "p" * 64,
        "pd": 0.1 + 0.2,
        "decision": "approve",
        "threshold": 1 / 3,
        "inputs": {"income": 5e-324, "age": None, "purpose": "Überfahrt", "score": -0.0},
        "tables": {"loans": {"height": 2, "columns": {"amount": [1.1, None]}}},
        "flags": {"unknown_category": ["purpose"], "stale_bundle": None},
        "reasons": ({"rank": 1, "code": "R01", "contribution": 0.25},),
        "answer": {},
    }
    return LoggedDecision(**{**members, **changes})
