"""From raw score to PD: prior correction, then a calibrator. Data, not objects.

Prior correction undoes class weights: ``p = s / (s + omega (1 - s))`` with
``omega = weight of a bad / weight of a good`` (Elkan 2001, theorem 2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, assert_never

import numpy as np
import numpy.typing as npt

from scorewright.core.digests import canonical_json, sha256_hex

__all__ = ["Calibration", "Calibrator", "Isotonic", "NoCalibrator", "Platt"]

Floats = npt.NDArray[np.float64]

#: PDs and scores are kept inside (EPSILON, 1 - EPSILON) wherever a logarithm is taken.
EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class NoCalibrator:
    """The score is the PD."""

    kind: str = "none"


@dataclass(frozen=True, slots=True)
class Platt:
    """``logit(p) = intercept + slope * logit(score)`` (Platt 1999, on log-odds)."""

    intercept: float
    slope: float
    kind: str = "platt"


@dataclass(frozen=True, slots=True)
class Isotonic:
    """Linear between knots that never fall (Zadrozny and Elkan 2002)."""

    scores: Sequence[float]
    pds: Sequence[float]
    kind: str = "isotonic"


Calibrator = NoCalibrator | Platt | Isotonic


@dataclass(frozen=True, slots=True)
class Calibration:
    """The whole way from raw score to PD.

    Attributes:
        omega: Weight ratio of the prior correction; 1 changes nothing.
        calibrator: Applied after it.
    """

    omega: float
    calibrator: Calibrator
    _knots: tuple[Floats, Floats] | None = field(
        init=False, repr=False, compare=False, default=None
    )

    def __post_init__(self) -> None:
        """Turn knots into arrays once: for one row that costs more than the interpolation."""
        if isinstance(self.calibrator, Isotonic):
            knots = np.asarray(self.calibrator.scores), np.asarray(self.calibrator.pds)
            object.__setattr__(self, "_knots", knots)

    def apply(self, score: Floats) -> Floats:
        """Return PDs of the same shape as ``score``; each row alone decides its own PD."""
        p = score / (score + self.omega * (1.0 - score)) if self.omega != 1.0 else score
        match self.calibrator:
            case NoCalibrator():
                return p
            case Platt(intercept=a, slope=b):
                clipped = np.clip(p, EPSILON, 1.0 - EPSILON)
                z = a + b * np.log(clipped / (1.0 - clipped))
                out: Floats = 1.0 / (1.0 + np.exp(-z))
                return out
            case Isotonic(scores=xs, pds=ys):
                pd: Floats = np.interp(p, *(self._knots or (xs, ys)))
                return pd
            case _:
                assert_never(self.calibrator)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {
            "schema_version": 1,
            "omega": self.omega,
            "calibrator": asdict(self.calibrator),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Calibration:
        """Read the form written by `to_dict`.

        Raises:
            ValueError: An unknown kind of calibrator.
        """
        entry = dict(document["calibrator"])
        kind = entry.pop("kind")
        calibrator: Calibrator
        if kind == "none":
            calibrator = NoCalibrator()
        elif kind == "platt":
            calibrator = Platt(**entry)
        elif kind == "isotonic":
            calibrator = Isotonic(tuple(entry["scores"]), tuple(entry["pds"]))
        else:
            raise ValueError(f"unknown calibrator '{kind}'")
        return cls(omega=float(document["omega"]), calibrator=calibrator)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form."""
        return sha256_hex(canonical_json(self.to_dict()))
