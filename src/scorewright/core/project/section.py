"""What every section of the settings is made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Section", "SnakeCase"]

SnakeCase = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]


class Section(BaseModel):
    """A table of the settings: frozen, without unknown entries, without silent conversions."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
