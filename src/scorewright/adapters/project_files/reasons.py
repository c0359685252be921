"""The file of the reason dictionary: TOML that people write and review."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from scorewright.core.errors import UsageError
from scorewright.core.reasons import ReasonDictionary, ReasonEntry

__all__ = ["load_reasons"]

LIMIT = 5_000_000


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    code: str
    text: str
    features: list[str]


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    version: str
    reason: list[_Entry] = []
    prohibited: list[str] = []


def load_reasons(path: Path | None, descriptions: Mapping[str, str]) -> ReasonDictionary:
    """Read the dictionary.

    Args:
        path: The file; None means that every feature is a reason of its own.
        descriptions: Feature -> words of the contract, for features no entry names.

    Raises:
        UsageError: ``reasons-invalid``, with what is wrong and where.
    """
    if path is None:
        return ReasonDictionary("contract", descriptions=dict(descriptions))
    try:
        data = path.read_bytes()
        if len(data) > LIMIT:
            raise _invalid(path, f"it is longer than {LIMIT} bytes")
        document = msgspec.convert(tomllib.loads(data.decode("utf-8")), type=_Document)
    except FileNotFoundError as error:
        raise UsageError(
            f"There is no reason dictionary {path}, which the settings name.",
            remedy="Put the file there, or take 'reasons' out of [serve].",
            code="reasons-invalid",
        ) from error
    except OSError as error:
        raise _invalid(path, error.strerror or "it cannot be read") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise _invalid(path, str(error)) from error
    return ReasonDictionary(
        document.version,
        tuple(ReasonEntry(e.code, e.text, tuple(e.features)) for e in document.reason),
        tuple(document.prohibited),
        dict(descriptions),
    )


def _invalid(path: Path, why: str) -> UsageError:
    return UsageError(
        f"The reason dictionary {path} cannot be used: {why}.",
        remedy='Expected: version = "...", [[reason]] with code, text and features, and '
        "prohibited = [...].",
        code="reasons-invalid",
    )
