"""Features declared once: read from text, checked, put in order, and computed alike everywhere."""

from scorewright.core.features.batch import compute
from scorewright.core.features.frames import ENTITY, with_entity
from scorewright.core.features.online import RowEvaluator
from scorewright.core.features.plan import Feature, FeaturePlan, PlannedFeature, compile_plan
from scorewright.core.features.profile import ColumnProfile, merge_profiles, profile
from scorewright.core.features.proof import AsOfProof, merge_proofs, prove_as_of, refuse_future
from scorewright.core.features.relations import AsOf, AsOfUnit, History, Relations
from scorewright.core.features.text import parse, render

__all__ = [
    "ENTITY",
    "AsOf",
    "AsOfProof",
    "AsOfUnit",
    "ColumnProfile",
    "Feature",
    "FeaturePlan",
    "History",
    "PlannedFeature",
    "Relations",
    "RowEvaluator",
    "compile_plan",
    "compute",
    "merge_profiles",
    "merge_proofs",
    "parse",
    "profile",
    "prove_as_of",
    "refuse_future",
    "render",
    "with_entity",
]
