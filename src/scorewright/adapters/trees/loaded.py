"""A LightGBM model read back: by the library alone, or by its Python package where that fails."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from scorewright.adapters.trees.attribution import ShapleyTable
from scorewright.adapters.trees.damage import damaged
from scorewright.adapters.trees.lightgbm_text import link, shapley_table
from scorewright.adapters.trees.native import LibraryError, NativeBooster, native_library
from scorewright.core.matrix import FeatureSpace

__all__ = ["FILE", "LoadedLgbmModel", "PackageBooster", "load_booster"]

Floats = npt.NDArray[np.float64]

FILE = "model.txt"
FEW_ROWS = 16


class Predictor(Protocol):
    """What reads LightGBM's text; ``columns`` is how many it expects."""

    columns: int

    def predict(self, x: Floats) -> Floats:
        """Return probabilities of shape (n,)."""
        ...

    def sums(self, x: Floats) -> Floats:
        """Return the sums of the trees, shape (n,)."""
        ...

    def contributions(self, x: Floats) -> Floats:
        """Return Shapley values of the sum of the trees, shape (n, p + 1); the last is the base."""
        ...

    def gain(self) -> Floats:
        """Return the total gain per column, shape (p,)."""
        ...


class LoadedLgbmModel:
    """A booster from a bundle. Its inputs are positional; `FeatureSpace` keeps the order.

    Args:
        predictor: Reads the text.
        text: LightGBM's text format, kept as it came.
        space: Names of the columns.
    """

    def __init__(self, predictor: Predictor, text: bytes, space: FeatureSpace) -> None:
        self._predictor = predictor
        self._text = text
        self._space = space
        self._link = link(text)

    def predict(self, x: Floats) -> Floats:
        """Return raw scores of shape (n,)."""
        return self._predictor.predict(x)

    def log_odds(self, x: Floats) -> Floats:
        """Return the log-odds of the raw scores, shape (n,)."""
        return self._predictor.sums(x) * self._link

    def contributions(self, x: Floats) -> Floats:
        """Return what each column adds to the log-odds, shape (n, p + 1); the last is the base.

        They are path-dependent Shapley values (Lundberg et al. 2020), the same as LightGBM's own
        up to rounding.
        """
        table = self._table
        source = self._predictor if table is None else table
        return source.contributions(x) * self._link

    def files(self) -> Mapping[str, bytes]:
        """Return LightGBM's text format."""
        return {FILE: self._text}

    def importance(self) -> Mapping[str, float]:
        """Return total gain per feature."""
        gain = self._predictor.gain()
        return {n: float(g) for n, g in zip(self._space.names, gain, strict=True)}

    def loss_history(self) -> Sequence[float]:
        """Return nothing: the text does not hold it."""
        return ()

    @functools.cached_property
    def _table(self) -> ShapleyTable | None:
        """Explains rows, made when first asked for; None where the library is needed."""
        return shapley_table(self._text, self._predictor.columns)


class PackageBooster:
    """LightGBM's Python package as a predictor.

    Raises:
        LibraryError: The text is refused.
    """

    def __init__(self, text: bytes) -> None:
        import lightgbm as lgb  # noqa: PLC0415 - only where the library alone cannot be had

        try:
            self._booster = lgb.Booster(model_str=text.decode("utf-8"))
        except lgb.basic.LightGBMError as error:
            raise LibraryError(str(error)) from error
        self.columns = int(self._booster.num_feature())

    def predict(self, x: Floats) -> Floats:
        """Return probabilities of shape (n,)."""
        return self._ask(x)

    def sums(self, x: Floats) -> Floats:
        """Return the sums of the trees, shape (n,)."""
        return self._ask(x, raw_score=True)

    def contributions(self, x: Floats) -> Floats:
        """Return Shapley values of the sum of the trees, shape (n, p + 1); the last is the base."""
        return self._ask(x, pred_contrib=True)

    def gain(self) -> Floats:
        """Return the total gain per column, shape (p,)."""
        gain = self._booster.feature_importance(importance_type="gain")
        return np.asarray(gain, dtype=np.float64)

    def _ask(self, x: Floats, **kind: Any) -> Floats:  # noqa: ANN401 - the library's parameters
        threads = 1 if len(x) <= FEW_ROWS else 0  # starting threads costs more than a row
        found = self._booster.predict(x, num_threads=threads, **kind)
        return np.asarray(found, dtype=np.float64)


def load_booster(files: Mapping[str, bytes], space: FeatureSpace) -> LoadedLgbmModel:
    """Read the text format. Only for bytes a disposable child has survived.

    Raises:
        IntegrityError: ``bundle-model``.
    """
    try:
        text = files[FILE]
        text.decode("utf-8")
        predictor = _predictor(text)
        model = LoadedLgbmModel(predictor, text, space)
    except (KeyError, ValueError, LibraryError) as error:
        raise damaged("LightGBM", str(error)) from error
    found, expected = predictor.columns, len(space.features)
    if found != expected:
        raise damaged("LightGBM", f"it expects {found} features, the bundle {expected}")
    return model


def _predictor(text: bytes) -> Predictor:
    library = native_library()
    return PackageBooster(text) if library is None else NativeBooster(library, text)
