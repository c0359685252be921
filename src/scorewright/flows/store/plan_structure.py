"""A plan from the wished structure: `[store.rationalise]` of the settings."""

from __future__ import annotations

from scorewright.core.project import RationaliseSettings
from scorewright.core.rationalise import Evidence, Wish, restructured
from scorewright.flows.store.plan_making import PlanDraft, PlanTools, make_plan

__all__ = ["plan_structure", "wish_of"]


def wish_of(settings: RationaliseSettings) -> Wish:
    """Return the wish that the settings declare."""
    return Wish(
        keep=tuple(settings.keep),
        merge=settings.merge,
        archive=tuple(settings.archive),
        delete=tuple(settings.delete),
        rename=settings.rename,
        rename_matching=settings.rename_matching,
        tag=settings.tag,
        describe=settings.describe,
        gather={name: tuple(others) for name, others in settings.gather.items()},
        artifact_root=settings.artifact_root or "",
    )


def plan_structure(evidence: Evidence, wish: Wish, tools: PlanTools) -> PlanDraft:
    """Make the plan that brings a store into the wished structure.

    What is so already gives no step: a plan made again after it was carried out is empty.

    Args:
        evidence: The store, from `look`.
        wish: From `wish_of`.
        tools: The store's own rows, and who asks.

    Raises:
        UsageError: ``experiment-unknown``, ``run-unknown``, ``rationalise-contradiction``,
            ``rationalise-cycle``, ``rationalise-pattern``, ``experiment-name-taken``,
            ``plan-reaches-alive``, ``plan-not-a-database``.
    """
    proposal, wished = restructured(evidence, wish)
    already = {e.id for e in wished.experiments.values() if e.is_deleted}
    merged = len([source for source in wished.merge if source not in already and source != "0"])
    return make_plan("rationalise", evidence, proposal, tools, merged)
