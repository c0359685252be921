"""The learner of a name, made ready for its parameters."""

from __future__ import annotations

from scorewright.flows.ports import ComposedLearner, Learner, LearnerCatalogue, Params

__all__ = ["find_learner"]


def find_learner(learners: LearnerCatalogue, name: str, overrides: Params) -> Learner:
    """Return a learner that says of itself what it is with these parameters.

    What is made of other learners (``selected``, ``ensemble``) takes its model type, and whether
    it can keep signs, from them; every other learner is returned as it is.

    Args:
        learners: The installed learners.
        name: As in the settings.
        overrides: What will be given to `Learner.parameters`.

    Raises:
        UsageError: ``learner-unknown``, ``selection-params``, ``ensemble-members``.
    """
    learner = learners.get(name)
    return learner.configured(overrides) if isinstance(learner, ComposedLearner) else learner
