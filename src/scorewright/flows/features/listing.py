"""The sets of features a project declares, and what is in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from scorewright.core.features import FeaturePlan, PlannedFeature
from scorewright.flows.features.declared import Declared

__all__ = ["FeatureLine", "FeatureListing", "SetLine", "list_features", "tables_of"]


@dataclass(frozen=True, slots=True)
class SetLine:
    """One set.

    Attributes:
        name, about, extends: As declared.
        own: Features it declares itself.
        features: With those of the sets it extends.
        is_built: Whether the settings name it.
    """

    name: str
    about: str
    extends: tuple[str, ...]
    own: int
    features: int
    is_built: bool


@dataclass(frozen=True, slots=True)
class FeatureLine:
    """One feature.

    Attributes:
        name, unit: As declared.
        type, use: As they follow from its definition.
        tables: It is made of, the applications included.
    """

    name: str
    type: str
    unit: str
    use: str
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FeatureListing:
    """All sets, and the features of the one that was asked for.

    Attributes:
        sets: In declared order.
        asked: Its name; None where only the sets were asked for.
        features: Of that set.
    """

    sets: tuple[SetLine, ...]
    asked: str | None
    features: tuple[FeatureLine, ...]

    def set_rows(self) -> list[tuple[str, str, str, str, str]]:
        """Return name, number of features, of its own, extends and purpose, for people."""
        return [
            (
                f"{s.name} (built)" if s.is_built else s.name,
                str(s.features),
                str(s.own),
                ", ".join(s.extends),
                s.about,
            )
            for s in self.sets
        ]

    def feature_rows(self) -> list[tuple[str, str, str, str, str]]:
        """Return name, type, unit, use and tables, for people."""
        return [(f.name, f.type, f.unit, f.use, ", ".join(f.tables)) for f in self.features]

    def to_dict(self) -> Mapping[str, Any]:
        """Return the JSON document of ``features list --json``."""
        document: dict[str, Any] = {
            "schema_version": 1,
            "sets": [asdict(s) for s in self.sets],
        }
        if self.asked is not None:
            document |= {"set": self.asked, "features": [asdict(f) for f in self.features]}
        return document


def list_features(declared: Declared, built: str, asked: str | None = None) -> FeatureListing:
    """List the sets, and the features of one.

    Args:
        declared: Compiled for the set that is asked for, or for any.
        built: The set the settings name.
        asked: Whose features are listed; None lists the sets alone.
    """
    library = declared.library
    sets = tuple(
        SetLine(
            name=s.name,
            about=s.about,
            extends=s.extends,
            own=len(s.features),
            features=len(library.resolve(s.name)),
            is_built=s.name == built,
        )
        for s in library.sets
    )
    plan = declared.plan
    features = () if asked is None else tuple(_line(plan, f) for f in plan.features)
    return FeatureListing(sets, asked, features)


def _line(plan: FeaturePlan, feature: PlannedFeature) -> FeatureLine:
    return FeatureLine(
        name=feature.name,
        type=str(feature.type),
        unit=feature.unit,
        use=str(feature.use),
        tables=tables_of(plan, feature),
    )


def tables_of(plan: FeaturePlan, feature: PlannedFeature) -> tuple[str, ...]:
    """Return the tables whose rows a feature is made of, in the order of the relations.

    Tables that only lie on the way to another one are left out.
    """
    relations = plan.relations
    needed = plan.restricted((feature.name,)).tables
    on_the_way = {relations.history(name).parent for name in needed}
    read = {table for table, _ in feature.sources} | (set(needed) - on_the_way)
    return tuple(name for name in relations.names if name in read)
