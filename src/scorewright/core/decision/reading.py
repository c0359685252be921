"""Reading a policy: every field is looked at, and what is wrong is named."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from scorewright.core.decision.rules import CostMatrix, LoanColumns, Rule
from scorewright.core.errors import IntegrityError

__all__ = ["NEW_IN_2", "policy_fields"]

#: Entries of the document that its first version did not have.
NEW_IN_2 = (
    "refer_from", "refer_to", "segment_column", "segments", "loan_costs", "data_digest", "made_at",
)  # fmt: skip

_TEXTS = (
    "id", "segment", "model_digest", "bundle", "calibration_digest", "data_version", "method",
    "owner", "reason",
)  # fmt: skip
_MAYBE_TEXTS = ("approver", "segment_column", "data_digest")
_ROLES = ("out_of_fold", "policy_sample")
#: A threshold just above 1 approves everybody.
_HIGHEST = 1.0000001


class _FieldError(ValueError):
    """A field is not what it should be: the text names it."""


def policy_fields(data: bytes, names: Collection[str]) -> dict[str, Any]:
    """Read the bytes of a policy, of this version or the first, and look at every field.

    Args:
        data: As written by `Policy.to_bytes`.
        names: All fields of a policy.

    Returns:
        Checked fields, ready to make a policy of.

    Raises:
        IntegrityError: ``policy-invalid``, naming the field.
    """
    try:
        return _fields(json.loads(data), names)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise IntegrityError(
            f"The policy cannot be read: {error}.",
            remedy="Restore the policy file or fit it again; do not edit it.",
            code="policy-invalid",
        ) from error


def _fields(document: Any, names: Collection[str]) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    if not isinstance(document, dict):
        raise _FieldError("it is no JSON object")
    version = document.get("schema_version")
    if version not in {1, 2} or isinstance(version, bool):
        raise _FieldError(f"'schema_version' is {version!r}, this release reads 1 and 2")
    _check_names(document, names, version)
    for name in _TEXTS:
        _text(document, name)
    _one_of(document, "data_role", _ROLES)
    for name in _MAYBE_TEXTS:
        if document.get(name) is not None:
            _text(document, name)
    number = document["version"]
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise _FieldError("'version' is no whole number from 0 on")
    _check_dates(document)
    if not isinstance(document["evidence"], dict):
        raise _FieldError("'evidence' is no object")
    common = _rule(document, "")
    return {
        **document,
        "threshold": common.threshold,
        "costs": _costs(document["costs"]),
        "refer_from": common.refer_from,
        "refer_to": common.refer_to,
        "segments": _segments(document),
        "loan_costs": _loans(document.get("loan_costs")),
    }


def _check_names(document: Mapping[str, Any], names: Collection[str], version: int) -> None:
    """Refuse a document that lacks a field or has one too many."""
    known = {name for name in names if version > 1 or name not in NEW_IN_2}
    if missing := sorted(known - set(document)):
        raise _FieldError(f"'{missing[0]}' is missing")
    if unknown := sorted(set(document) - known):
        raise _FieldError(f"'{unknown[0][:100]}' is no field of a policy")


def _text(document: Mapping[str, Any], name: str) -> None:
    if not isinstance(document[name], str):
        raise _FieldError(f"'{name}' is no text")


def _one_of(document: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> None:
    if document[name] not in allowed:
        raise _FieldError(f"'{name}' is none of {', '.join(allowed)}")


def _check_dates(document: Mapping[str, Any]) -> None:
    begins = _moment(document, "effective_from")
    if document.get("made_at") is not None:
        _moment(document, "made_at")
    if document["effective_to"] is not None and _moment(document, "effective_to") <= begins:
        raise _FieldError("'effective_to' is not after 'effective_from'")


def _moment(document: Mapping[str, Any], name: str) -> datetime:
    text = document[name]
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise _FieldError(f"'{name}' is no ISO 8601 date and time: {str(text)[:100]!r}") from error
    if moment.tzinfo is None:
        raise _FieldError(f"'{name}' has no time zone: {text[:100]!r}")
    return moment


def _number(value: object, name: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _FieldError(f"'{name}' is no number")
    if not math.isfinite(value) or not low <= value <= high:
        raise _FieldError(f"'{name}' is {value}, not from {low:g} to {high:g}")
    return float(value)


def _rule(document: Mapping[str, Any], prefix: str) -> Rule:
    threshold = _number(document["threshold"], f"{prefix}threshold", 0.0, _HIGHEST)
    ends = [document.get("refer_from"), document.get("refer_to")]
    if ends == [None, None]:
        return Rule(threshold)
    low = _number(ends[0], f"{prefix}refer_from", 0.0, _HIGHEST)
    high = _number(ends[1], f"{prefix}refer_to", 0.0, _HIGHEST)
    if not low <= threshold <= high:
        raise _FieldError(
            f"'{prefix}threshold' is {threshold:g}, outside its band {low:g} to {high:g}"
        )
    return Rule(threshold, low, high)


def _costs(document: Any) -> CostMatrix:  # noqa: ANN401 - any JSON value
    names = ("false_negative", "false_positive")
    if not isinstance(document, dict) or set(document) != set(names):
        raise _FieldError("'costs' does not hold false_negative and false_positive alone")
    return CostMatrix(*(_number(document[n], f"costs.{n}", 0.0, math.inf) for n in names))


def _loans(document: Any) -> LoanColumns | None:  # noqa: ANN401 - any JSON value
    if document is None:
        return None
    names = {"exposure", "loss_given_default", "margin"}
    if not isinstance(document, dict) or set(document) != names:
        raise _FieldError("'loan_costs' does not hold exposure, loss_given_default and margin")
    _text(document, "exposure")
    _text(document, "margin")
    lost = document["loss_given_default"]
    if not isinstance(lost, str):
        lost = _number(lost, "loan_costs.loss_given_default", 0.0, 1.0)
    return LoanColumns(document["exposure"], lost, document["margin"])


def _segments(document: Mapping[str, Any]) -> dict[str, Rule]:
    segments = document.get("segments", {})
    if not isinstance(segments, dict):
        raise _FieldError("'segments' is no object")
    if segments and document.get("segment_column") is None:
        raise _FieldError("'segment_column' is missing beside 'segments'")
    rules = {}
    for value, rule in segments.items():
        if not isinstance(rule, dict) or set(rule) != {"threshold", "refer_from", "refer_to"}:
            raise _FieldError(f"'segments.{value[:100]}' is no rule")
        rules[value] = _rule(rule, f"segments.{value[:100]}.")
    return rules
