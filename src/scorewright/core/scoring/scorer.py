"""The scorer: encode by name, predict, calibrate, and refuse what is not a probability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from scorewright.core.bundles import Bundle
from scorewright.core.calibration import Calibration
from scorewright.core.contracts import Contract
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.core.features import RowEvaluator, TableColumns
from scorewright.core.matrix import FeatureSpace

if TYPE_CHECKING:
    import polars as pl

__all__ = ["RawModel", "Scorer"]

Floats = npt.NDArray[np.float64]
Tables = Mapping[str, Sequence[Mapping[str, Any]] | TableColumns]


class RawModel(Protocol):
    """What the scorer needs of a model."""

    def predict(self, x: Floats) -> Floats:
        """Return raw scores in (0, 1) of shape (n,) for a matrix of shape (n, p)."""
        ...


@dataclass(frozen=True, slots=True)
class Scorer:
    """A model with everything that stands between an application and its PD.

    Attributes:
        model: Gives raw scores. Its inputs are positional.
        space: Order and coding of those inputs.
        calibration: From raw score to PD.
        contract: What the values must look like; checked by the callers that take foreign data.
        evaluator: Computes the features of histories; None for a model of the application alone.
    """

    model: RawModel
    space: FeatureSpace
    calibration: Calibration
    contract: Contract
    evaluator: RowEvaluator | None = None

    @classmethod
    def of(cls, bundle: Bundle, model: RawModel) -> Scorer:
        """Make the scorer of a bundle.

        Args:
            bundle: The bundle's documents.
            model: Loaded from its native files.
        """
        evaluator = None if bundle.features is None else RowEvaluator(bundle.features)
        return cls(model, bundle.space, bundle.calibration, bundle.contract, evaluator)

    def score_matrix(self, x: Floats) -> Floats:
        """Score an encoded matrix.

        Args:
            x: Shape (n, p), columns in the order of ``space``; NaN is missing.

        Returns:
            PDs of shape (n,), each in [0, 1].

        Raises:
            ScorewrightError: ``score-not-finite``: the model gave no probability for a row.
        """
        score = np.asarray(self.model.predict(x), dtype=np.float64)
        if score.shape != (len(x),):
            raise _not_finite(f"{score.shape} values for {len(x)} applications")
        pd = np.asarray(self.calibration.apply(score), dtype=np.float64)
        # Comparisons with NaN are false, so this one test refuses NaN and infinities too.
        wrong = ~((score >= 0.0) & (score <= 1.0) & (pd >= 0.0) & (pd <= 1.0))
        if bool(wrong.any()):
            count = int(wrong.sum())
            raise _not_finite(f"something that is no probability for {count} of {len(x)} rows")
        return pd

    def score_frame(self, frame: pl.DataFrame) -> Floats:
        """Score a typed frame.

        Args:
            frame: Typed columns, as `scorewright.core.tables.check_frame` returns them; their
                order is free and others may be present.

        Returns:
            PDs of shape (rows,); each equals `score_row` of its row.

        Raises:
            UsageError: ``missing-column``.
            ScorewrightError: ``score-not-finite``.
        """
        # Imported here because it needs polars, which the service does without.
        from scorewright.core.matrix import to_matrix  # noqa: PLC0415

        return self.score_matrix(to_matrix(frame, self.space))

    def score_row(self, values: Mapping[str, Any]) -> float:
        """Score one application.

        Args:
            values: Typed values by name; names outside ``space`` are ignored, the order is free.

        Returns:
            The PD.

        Raises:
            ScorewrightError: ``score-not-finite``.
            KeyError: A feature is missing.
        """
        return self.score_one(self.space.row(values).reshape(1, -1))

    def score_one(self, x: Floats) -> float:
        """Score one encoded application.

        Args:
            x: Shape (1, p), as `encoded` returns it.

        Returns:
            The PD.

        Raises:
            ScorewrightError: ``score-not-finite``.
        """
        score = self.model.predict(x)
        pd = self.calibration.apply(score)
        # The same test as for a matrix, on two numbers instead of arrays of one.
        if score.shape == (1,) and 0.0 <= score.item() <= 1.0 and 0.0 <= pd.item() <= 1.0:
            return float(pd.item())
        return float(self.score_matrix(x)[0])

    def score_application(self, application: Mapping[str, Any], tables: Tables) -> float:
        """Score one raw application: features first, then as `score_row`.

        Args:
            application: Typed or JSON-ready values by name, as
                `scorewright.core.features.RequestContract` checks them; the order is free.
            tables: Rows of the histories, or their columns; a table left out has no rows.

        Returns:
            The PD.

        Raises:
            UsageError: ``tables-unexpected``: the model knows no histories.
            ScorewrightError: ``score-not-finite``.
            KeyError: An input is missing.
        """
        return self.score_one(self.encoded(application, tables))

    def encoded(self, application: Mapping[str, Any], tables: Tables) -> Floats:
        """Return the model's inputs for one raw application, shape (1, p).

        Args:
            application: As `score_application` takes it.
            tables: As `score_application` takes them.

        Raises:
            UsageError: ``tables-unexpected``: the model knows no histories.
            KeyError: An input is missing.
        """
        return self.space.row(self._inputs(application, tables)).reshape(1, -1)

    def _inputs(self, application: Mapping[str, Any], tables: Tables) -> Mapping[str, Any]:
        if self.evaluator is not None:
            return {**application, **self.evaluator.features(application, tables)}
        if tables:
            raise UsageError(
                "The model reads the application alone, and tables came with it.",
                remedy="Leave the tables out.",
                code="tables-unexpected",
            )
        return application


def _not_finite(what: str) -> ScorewrightError:
    return ScorewrightError(
        f"The model gave {what}.",
        remedy="Run 'scorewright bundle verify'; if it passes, report the row's run id and bundle.",
        code="score-not-finite",
    )
