"""What a run lacks against the conventions, by kind."""

from __future__ import annotations

from dataclasses import dataclass

from scorewright.core.conventions import Conventions, RunRecord, missing

__all__ = ["Lacks", "lacks_of"]

_KINDS = {
    "CONV-003": "metrics",
    "CONV-004": "params",
    "CONV-005": "tags",
    "CONV-006": "artifacts",
    "CONV-010": "histories",
}


@dataclass(frozen=True, slots=True)
class Lacks:
    """Names that are missing, in the order of the conventions.

    Attributes:
        metrics: Last values; also histories per iteration.
        histories: Values per fold.
        params: ``a|b`` asks for one of the two.
        tags, artifacts: Names.
        has_model, has_input: Whether a model and a data set with a digest and a role are there.
    """

    metrics: tuple[str, ...] = ()
    histories: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    has_model: bool = True
    has_input: bool = True

    @property
    def needs_training(self) -> bool:
        """Whether anything is missing that nobody can write down afterwards."""
        names = (*self.metrics, *self.histories, *self.params, *self.artifacts)
        return bool(names) or not (self.has_model and self.has_input)

    @property
    def sentence(self) -> str:
        """Everything by name; "" where nothing is missing."""
        kinds = {
            "metrics": self.metrics,
            "values per fold": self.histories,
            "parameters": self.params,
            "tags": self.tags,
            "artifacts": self.artifacts,
        }
        parts = [f"{kind} {', '.join(names)}" for kind, names in kinds.items() if names]
        parts += [] if self.has_model else ["a model"]
        parts += [] if self.has_input else ["a data set with a digest and a role"]
        return "; ".join(parts)


def lacks_of(record: RunRecord, conventions: Conventions) -> Lacks:
    """Hold a run against the conventions; names and descriptions are another's business.

    Args:
        record: The run.
        conventions: The policy.
    """
    found: dict[str, tuple[str, ...]] = {}
    codes = set()
    for finding in missing(record, conventions):
        codes.add(finding.code)
        kind = _KINDS.get(finding.code)
        if kind is not None:
            names = finding.evidence["missing"]
            groups = names.values() if isinstance(names, dict) else [names]
            # A figure may be asked for by two groups.
            found[kind] = tuple(dict.fromkeys(name for group in groups for name in group))
    return Lacks(
        metrics=found.get("metrics", ()),
        histories=found.get("histories", ()),
        params=found.get("params", ()),
        tags=found.get("tags", ()),
        artifacts=found.get("artifacts", ()),
        has_model="CONV-007" not in codes,
        has_input="CONV-008" not in codes,
    )
