"""Scorecards: bins, weights of evidence, coefficients, points."""

from scorewright.core.scorecards.build import Plan, build_card
from scorewright.core.scorecards.card import Card
from scorewright.core.scorecards.characteristic import Bin, Characteristic
from scorewright.core.scorecards.classes import Classes, Counts
from scorewright.core.scorecards.coefficients import Evidence, Penalty, fit_coefficients
from scorewright.core.scorecards.evidence import (
    chance_information,
    information,
    weights_of_evidence,
)
from scorewright.core.scorecards.growth import Cases, Splitter, Wish, grow_characteristic
from scorewright.core.scorecards.pooling import Limits
from scorewright.core.scorecards.reading import FeaturePoints, applicant_points, points_table
from scorewright.core.scorecards.scaling import NATURAL, Scaling
from scorewright.core.scorecards.turning import fit_proved_coefficients, standard_errors

__all__ = [
    "NATURAL",
    "Bin",
    "Card",
    "Cases",
    "Characteristic",
    "Classes",
    "Counts",
    "Evidence",
    "FeaturePoints",
    "Limits",
    "Penalty",
    "Plan",
    "Scaling",
    "Splitter",
    "Wish",
    "applicant_points",
    "build_card",
    "chance_information",
    "fit_coefficients",
    "fit_proved_coefficients",
    "grow_characteristic",
    "information",
    "points_table",
    "standard_errors",
    "weights_of_evidence",
]
