"""``current.json``: which bundle and policy are deployed. Replaced whole, never edited."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from scorewright.adapters.bundles.verification import DIGEST
from scorewright.adapters.guarded import read_regular
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.flows.ports import Current

__all__ = [
    "CURRENT",
    "POLICY_NAME",
    "dump_current",
    "parse_current",
    "read_current",
    "read_previous",
]

CURRENT = "current.json"
POLICY_NAME = re.compile(r"(?P<bundle>[0-9a-f]{64})\.policy-(?P<version>[0-9]{4,9})\.json")
LIMIT = 100_000
T = TypeVar("T")


def read_current(directory: Path) -> Current:
    """Read ``current.json``.

    Raises:
        UsageError: ``no-bundle`` when nothing has been deployed yet.
        IntegrityError: ``current-invalid``.
    """
    return _parsed(directory, parse_current)


def read_previous(directory: Path) -> Current | None:
    """Read from ``current.json`` what was deployed before; None where nothing was.

    Raises:
        UsageError: ``no-bundle`` when nothing has been deployed yet.
        IntegrityError: ``current-invalid``.
    """
    return _parsed(directory, _parse_previous)


def _parsed(directory: Path, parse: Callable[[bytes], T]) -> T:
    try:
        data = read_regular(directory / CURRENT, LIMIT)
    except FileNotFoundError as error:
        raise UsageError(
            f"No bundle has been deployed in {directory} yet.",
            remedy="Run 'scorewright train'.",
            code="no-bundle",
        ) from error
    except (OSError, OverflowError) as error:
        raise _invalid(directory, str(error)) from error
    try:
        return parse(data)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _invalid(directory, str(error)) from error


def _parse_previous(data: bytes) -> Current | None:
    previous = json.loads(data).get("previous")
    return None if previous is None else _current(previous)


def parse_current(data: bytes) -> Current:
    """Read the document.

    Raises:
        ValueError, TypeError, KeyError: It is not one.
    """
    return _current(json.loads(data))


def _current(document: Mapping[str, Any]) -> Current:
    bundle, policy_file = str(document["bundle"]), str(document["policy_file"])
    named = POLICY_NAME.fullmatch(policy_file)
    if not DIGEST.fullmatch(bundle) or named is None or named["bundle"] != bundle:
        raise ValueError("it does not name a bundle and a policy of that bundle")
    since = datetime.fromisoformat(document["since"])
    if since.tzinfo is None:
        raise ValueError("its date has no time zone")
    return Current(bundle, policy_file, since)


def dump_current(current: Current, previous: Current | None) -> bytes:
    """Write the document, with what was deployed before it."""
    document = {"schema_version": 1, **_entry(current)}
    document["previous"] = None if previous is None else _entry(previous)
    return (json.dumps(document, sort_keys=True, indent=2) + "\n").encode("utf-8")


def _entry(current: Current) -> dict[str, Any]:
    return {
        "bundle": current.bundle,
        "policy_file": current.policy_file,
        "since": current.since.isoformat(),
    }


def _invalid(directory: Path, why: str) -> IntegrityError:
    return IntegrityError(
        f"{directory / CURRENT} cannot be used: {why}.",
        remedy="Train again, or restore the file; do not edit it.",
        code="current-invalid",
    )
