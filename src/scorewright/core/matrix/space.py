"""The feature space: which columns, in which order, and how each becomes a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Feature", "FeatureSpace"]

Value = float | int | str | bool | None


@dataclass(frozen=True, slots=True)
class Feature:
    """One model input.

    Attributes:
        name: Column name.
        categories: Empty for numbers and booleans. For a category, its values in code order:
            the code is the position, and a missing or unlisted value is NaN.
    """

    name: str
    categories: tuple[str, ...] = ()

    @property
    def is_categorical(self) -> bool:
        """Whether the feature is encoded by category code."""
        return bool(self.categories)


@dataclass(frozen=True, slots=True)
class FeatureSpace:
    """The model's inputs, in the order of the matrix columns."""

    features: tuple[Feature, ...]
    _names: tuple[str, ...] = field(init=False, repr=False, compare=False, default=())
    _coded: tuple[tuple[int, dict[str, int]], ...] = field(
        init=False, repr=False, compare=False, default=()
    )

    def __post_init__(self) -> None:
        """Index names and categories."""
        coded = tuple(
            (i, {value: code for code, value in enumerate(f.categories)})
            for i, f in enumerate(self.features)
            if f.categories
        )
        object.__setattr__(self, "_names", tuple(f.name for f in self.features))
        object.__setattr__(self, "_coded", coded)

    @property
    def names(self) -> tuple[str, ...]:
        """Feature names in order."""
        return self._names

    @property
    def categorical_indices(self) -> tuple[int, ...]:
        """Positions of the categorical features."""
        return tuple(i for i, f in enumerate(self.features) if f.is_categorical)

    def row(self, values: Mapping[str, Value]) -> npt.NDArray[np.float64]:
        """Encode one application.

        Args:
            values: Typed values by name, as `scorewright.core.contracts.check_row` returns them.

        Returns:
            Array of shape (n_features,); missing and unlisted values are NaN.
        """
        row: list[Any] = [values[name] for name in self._names]
        for position, codes in self._coded:
            value = row[position]
            if value is not None:
                row[position] = codes.get(value if type(value) is str else str(value))
        # NumPy reads None as NaN, and every other value as `float` does.
        return np.fromiter(row, np.float64, len(row))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {
            "schema_version": 1,
            "features": [{"name": f.name, "categories": list(f.categories)} for f in self.features],
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> FeatureSpace:
        """Read the form written by `to_dict`."""
        return cls(tuple(Feature(e["name"], tuple(e["categories"])) for e in document["features"]))
