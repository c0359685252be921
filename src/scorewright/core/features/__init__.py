"""Features declared once: read from text, checked, put in order, and computed alike everywhere."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from scorewright.core.features.library import (
    FeatureLibrary,
    FeatureSet,
    Grid,
    Products,
    Shares,
    TableLink,
)
from scorewright.core.features.loading import TableColumns
from scorewright.core.features.online import RowEvaluator
from scorewright.core.features.plan import Feature, FeaturePlan, PlannedFeature, compile_plan
from scorewright.core.features.relations import AsOf, AsOfUnit, History, Relations
from scorewright.core.features.request import (
    MAX_ROWS,
    RequestCheck,
    RequestContract,
    RequestField,
    RequestTable,
)
from scorewright.core.features.sql import to_sql
from scorewright.core.features.text import parse, parse_window, render
from scorewright.core.features.tree import Aggregate, AggregateKind, Expression, Window

if TYPE_CHECKING:
    from scorewright.core.features.batch import compute
    from scorewright.core.features.builds import FeatureBuild, PartFile, build_digest
    from scorewright.core.features.frames import ENTITY, refuse_repeated_key, with_entity
    from scorewright.core.features.late import LateKeys, late_keys, merge_late
    from scorewright.core.features.profiles import ColumnProfile, merge_profiles, profile
    from scorewright.core.features.proof import (
        AsOfProof,
        merge_proofs,
        prove_as_of,
        refuse_future,
    )

__all__ = [
    "ENTITY",
    "MAX_ROWS",
    "Aggregate",
    "AggregateKind",
    "AsOf",
    "AsOfProof",
    "AsOfUnit",
    "ColumnProfile",
    "Expression",
    "Feature",
    "FeatureBuild",
    "FeatureLibrary",
    "FeaturePlan",
    "FeatureSet",
    "Grid",
    "History",
    "LateKeys",
    "PartFile",
    "PlannedFeature",
    "Products",
    "Relations",
    "RequestCheck",
    "RequestContract",
    "RequestField",
    "RequestTable",
    "RowEvaluator",
    "Shares",
    "TableColumns",
    "TableLink",
    "Window",
    "build_digest",
    "compile_plan",
    "compute",
    "late_keys",
    "merge_late",
    "merge_profiles",
    "merge_proofs",
    "parse",
    "parse_window",
    "profile",
    "prove_as_of",
    "refuse_future",
    "refuse_repeated_key",
    "render",
    "to_sql",
    "with_entity",
]

#: What needs polars, which the service does without: imported when it is asked for.
_WITH_POLARS = {
    "ENTITY": "frames",
    "with_entity": "frames",
    "refuse_repeated_key": "frames",
    "FeatureBuild": "builds",
    "PartFile": "builds",
    "build_digest": "builds",
    "compute": "batch",
    "LateKeys": "late",
    "late_keys": "late",
    "merge_late": "late",
    "ColumnProfile": "profiles",
    "merge_profiles": "profiles",
    "profile": "profiles",
    "AsOfProof": "proof",
    "merge_proofs": "proof",
    "prove_as_of": "proof",
    "refuse_future": "proof",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    room = _WITH_POLARS.get(name)
    if room is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{room}"), name)
