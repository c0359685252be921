"""Parameters as MLflow keeps them, and the values they stand for."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from typing import Any

__all__ = ["as_text", "number", "typed"]

_WORDS: dict[str, Any] = {"true": True, "false": False, "none": None, "null": None}


def typed(text: str) -> Any:  # noqa: ANN401 - whatever the text stands for
    """Return the value of a parameter's text; text that is no literal stays text.

    Args:
        text: What MLflow keeps: ``repr`` of numbers, ``None``, ``True``, lists.
    """
    word = text.strip().lower()
    if word in _WORDS:
        return _WORDS[word]
    try:
        value = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    return value if _is_plain(value) else text


def _is_plain(value: object) -> bool:
    """Tell whether a value fits into JSON."""
    match value:
        case None | bool() | int() | str():
            return True
        case float():
            return math.isfinite(value)
        case list():
            return all(map(_is_plain, value))
        case dict():
            return all(isinstance(k, str) and _is_plain(v) for k, v in value.items())
        case _:
            return False


def as_text(value: Any) -> str:  # noqa: ANN401 - whatever a parameter is
    """Return the text that MLflow keeps of a parameter."""
    return str(value)


def number(params: Mapping[str, str], key: str) -> float | None:
    """Return a parameter as a finite number, None where it is absent or no number."""
    try:
        value = float(params[key])
    except (KeyError, ValueError):
        return None
    return value if math.isfinite(value) else None
