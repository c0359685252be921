"""The conventions that ship with the package, as a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any

from scorewright.core.conventions import Conventions

__all__ = ["load_conventions"]


def load_conventions(overrides: Mapping[str, Any] | None = None) -> Conventions:
    """Return the default conventions with a project's own lines.

    Args:
        overrides: The ``[conventions]`` table of the settings.

    Raises:
        UsageError: ``conventions-invalid``: an override names no entry or has a wrong value.
    """
    file = resources.files("scorewright") / "resources" / "conventions.toml"
    return Conventions.from_dict(tomllib.loads(file.read_text("utf-8"))).merged(overrides or {})
