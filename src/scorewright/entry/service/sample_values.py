"""What the examples of the OpenAPI document hold: values of members, codes of problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = [
    "BATCH",
    "CODES",
    "DIGEST",
    "FIELDS",
    "MOMENT",
    "NAMED",
    "OWN_CODES",
    "REQUEST",
    "WAITING",
]

MOMENT: Final = "2026-06-30T12:00:00+00:00"
REQUEST: Final = "df59965f50982d9b1fd19cfbfcabf36b"
DECISION: Final = "01a1ff71-6eca-7000-b1d2-0b6e50396c7c"
BATCH: Final = "01a2000b-47a3-7000-b76d-f4e3d176134f"
DIGEST: Final = "0123456789abcdef" * 4

#: What a member of this name holds, where it may.
NAMED: Final[Mapping[str, Any]] = {
    "age_seconds": 12.5,
    "alias": "champion",
    "applicants": {"champion": 912, "challenger": 88},
    "application_id": "example-1",
    "at": MOMENT,
    "baseline": -2.31,
    "bundle": DIGEST,
    "causes": [],
    "cause": "",
    "chi2": 1.6,
    "code": "INCOME",
    "confidence": 0.066,
    "conflicting": [],
    "contribution": 0.42,
    "contributions": {"income": 0.42, "age": -0.5},
    "counts": {"decision": {"approve": 912, "decline": 88}},
    "data_version": "applications@3f2a9c",
    "decision": "approve",
    "decision_id": DECISION,
    "decisions": {"approve": 912, "decline": 86},
    "disk_free_bytes": 52_000_000_000,
    "dropped": 0,
    "ended": "2026-06-30T12:00:04+00:00",
    "expected": {"champion": 900.0, "challenger": 100.0},
    "features": ["income"],
    "files": {"result.csv": 81_920},
    "good_age_seconds": 12.5,
    "id": "house_default",
    "flags": {"unknown_category": [], "out_of_range": [], "stale_bundle": None},
    "inputs": {"income": 32_000.0, "age": 41},
    "is_off": False,
    "last_written_seconds_ago": 0.8,
    "learner": "lightgbm",
    "location": "sqlite:///decisions.db",
    "log_odds": -2.39,
    "logged": 998,
    "done": 1_000,
    "memory_bytes": 310_000_000,
    "model_digest": DIGEST,
    "name": "credit",
    "next": None,
    "observed_at": "2027-06-30T00:00:00+00:00",
    "open_files": 41,
    "open_files_limit": 1_024,
    "out_of_range": [],
    "p_value": 0.206,
    "pd": 0.084,
    "policy": "house_default@3",
    "policy_digest": DIGEST,
    "problem": None,
    "propensity": 1.0,
    "reasons": [
        {
            "rank": 1,
            "code": "INCOME",
            "text": "Income is low for the amount asked for.",
            "contribution": 0.42,
            "features": ["income"],
        }
    ],
    "refer_from": None,
    "refer_to": None,
    "refused": None,
    "rejected": 2,
    "removed": BATCH,
    "repeated": 0,
    "request_id": REQUEST,
    "requests_in_work": 3,
    "role": "champion",
    "rows": 1_000,
    "run_id": "3f1c0b6e50396c7c8d2a9e4f5b6a7c81",
    "scorewright": "0.1.0",
    "seconds": {"scoring": 0.8},
    "service": {"fastapi": "0.141.1", "numpy": "2.4.6"},
    "shadows": [],
    "source": "collections",
    "spooled": 0,
    "state": "done",
    "stale_bundle": None,
    "status": "ok",
    "stored": 1,
    "subject": "k1:4fa58785a4b1d2a3e867a38d0311bf724d2e6803b613e68db5d9d87b13044077",
    "sync_age_seconds": 12.5,
    "text": "Income is low for the amount asked for.",
    "threads": 9,
    "threshold": 0.15,
    "training": {"lightgbm": "4.6.0", "numpy": "2.4.6"},
    "type": "lightgbm",
    "undisclosed": 0.0,
    "unknown": [],
    "unknown_category": [],
    "uptime_seconds": 86_400.0,
    "variant": "champion",
    "version": 3,
    "written": 25_310,
}

#: Status -> code of a problem, where an operation has none of its own.
CODES: Final[Mapping[str, str]] = {
        "400": "body-not-json", "401": "unauthorised", "403": "forbidden", "404": "batch-unknown",
        "408": "body-too-slow", "409": "batch-without-result", "413": "body-too-large",
        "415": "media-type", "422": "batch-parameter", "429": "too-many-requests",
        "500": "internal", "503": "too-busy",
}  # fmt: skip
OWN_CODES: Final[Mapping[tuple[str, str], str]] = {
    ("predict", "409"): "not-explainable",
    ("predict", "422"): "contract-violated",
    ("explain", "409"): "not-explainable",
    ("explain", "422"): "contract-violated",
    ("predict_batch", "400"): "body-empty",
    ("predict_batch", "422"): "batch-contract",
    ("outcomes", "400"): "body-empty",
    ("outcomes", "422"): "outcomes-invalid",
    ("decision", "404"): "decision-unknown",
    ("replay", "404"): "decision-unknown",
    ("replay", "409"): "not-replayable",
    ("rollback", "409"): "no-previous-bundle",
    ("metrics_threshold", "404"): "no-threshold-curve",
}
FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
        "contract-violated": {
            "field": "income", "code": "missing", "expected": "a number of at least 0",
        },
        "outcomes-invalid": {
            "field": "outcomes.0.outcome", "code": "invalid", "expected": "0 or 1",
        },
        "batch-contract": {"field": "income", "code": "missing", "expected": "a number"},
}  # fmt: skip

#: A batch that was just taken in.
WAITING: Final[Mapping[str, Any]] = {
    "request_id": REQUEST, "id": BATCH, "state": "queued", "created": MOMENT, "started": None,
    "ended": None, "files": {"applications.csv": 65_536}, "bundle": DIGEST,
    "policy": "house_default@3", "rows": None, "done": 0, "rejected": 0, "logged": 0,
    "dropped": 0, "decisions": {}, "seconds": {}, "problem": None,
}  # fmt: skip
