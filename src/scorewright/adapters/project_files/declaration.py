"""The wished structure of a store, in a file of its own."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from scorewright.adapters.project_files.load import read_settings_text
from scorewright.adapters.project_files.problems import Codes, Problems
from scorewright.adapters.project_files.source import parse
from scorewright.core.errors import UsageError
from scorewright.core.project import RationaliseSettings

__all__ = ["load_declaration"]

_CODES = Codes(
    unknown="config-unknown-key",
    invalid="config-invalid",
    noun="a setting",
    remedy="Correct what is named above; docs/reference/settings.md explains [store.rationalise].",
)


class _Store(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    rationalise: RationaliseSettings


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    store: _Store


def load_declaration(file: Path) -> RationaliseSettings:
    """Read ``[store.rationalise]`` of a TOML file; what else it holds is left alone.

    Args:
        file: Any TOML file, a project's settings too.

    Raises:
        UsageError: ``config-unreadable``, ``config-syntax``, ``config-unknown-key``,
            ``config-invalid``, ``declaration-missing``.
    """
    source = parse(file, read_settings_text(file), "config-syntax")
    store = source.data.get("store")
    if not isinstance(store, dict) or "rationalise" not in store:
        raise UsageError(
            f"{file} has no section [store.rationalise].",
            remedy='Say there what is wished, such as: archive = ["old_experiment"]',
            code="declaration-missing",
            details={"file": str(file)},
        )
    data = {"store": {"rationalise": store["rationalise"]}}
    try:
        return _File.model_validate(data).store.rationalise
    except ValidationError as error:
        problems = Problems(source, _CODES)
        problems.add_all(error, _File, data)
        problems.raise_if_any()
        raise
