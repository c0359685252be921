"""Which registered model is followed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scorewright.core.errors import UsageError

__all__ = ["ModelAddress"]

#: What MLflow takes as a name, without what separates the parts of an address.
_FORM = re.compile(r"models:/(?P<name>[^/@:\s]{1,200})@(?P<alias>[A-Za-z][\w-]{0,200})")


@dataclass(frozen=True, slots=True)
class ModelAddress:
    """A registered model by its alias: ``models:/NAME@ALIAS``.

    Attributes:
        name: Name of the registered model.
        alias: Points to one of its versions, and is moved to deploy another one.
    """

    name: str
    alias: str

    @classmethod
    def parse(cls, text: str) -> ModelAddress:
        """Understand an address.

        Raises:
            UsageError: ``model-uri``.
        """
        found = _FORM.fullmatch(text)
        if found is None:
            raise UsageError(
                f"'{text[:200]}' names no registered model by alias.",
                remedy="Write models:/NAME@ALIAS, such as models:/loans_lgbm@champion. A version "
                "cannot be followed: it never changes.",
                code="model-uri",
            )
        return cls(found["name"], found["alias"])

    def __str__(self) -> str:
        """Return the address as it is written."""
        return f"models:/{self.name}@{self.alias}"
