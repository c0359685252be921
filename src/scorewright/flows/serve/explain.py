"""Explain a decision: contributions that sum to the score, and reasons in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import ReferenceType, ref

import numpy as np
import numpy.typing as npt

from scorewright.core.errors import UsageError
from scorewright.core.reasons import Explanation, ReasonDictionary, explain
from scorewright.flows.ports import Explains
from scorewright.flows.serve.variant import Variant

__all__ = ["Words", "explain_score", "explanation_document", "reasons_document"]

Floats = npt.NDArray[np.float64]


class Words:
    """Keeps the dictionaries of variants, and keeps no variant for that. Safe for threads.

    Args:
        load: Reads the dictionary for a variant.
    """

    def __init__(self, load: Callable[[Variant], ReasonDictionary]) -> None:
        self._load = load
        self._made: tuple[tuple[ReferenceType[Variant], ReasonDictionary], ...] = ()

    def __call__(self, variant: Variant) -> ReasonDictionary:
        """Return the dictionary for a variant's features."""
        for known, dictionary in self._made:
            if known() is variant:
                return dictionary
        dictionary = self._load(variant)
        alive = (made for made in self._made if made[0]() is not None)
        self._made = ((ref(variant), dictionary), *alive)
        return dictionary


def explain_score(variant: Variant, x: Floats, dictionary: ReasonDictionary) -> Explanation:
    """Explain the score of one application.

    Args:
        variant: Model and policy.
        x: The application as that model's scorer encodes it, shape (1, p).
        dictionary: Words for features.

    Raises:
        UsageError: ``not-explainable``: the model is no sum of contributions.
    """
    deployment = variant.deployment
    model = deployment.loaded.model
    if not isinstance(model, Explains):
        raise UsageError(
            f"A model of the learner '{deployment.loaded.manifest.learner}' has no contributions "
            "that sum to its score.",
            remedy="Deploy a model that has, such as lgbm, xgboost, catboost, woe or scorecard.",
            code="not-explainable",
        )
    return explain(model.contributions(x)[0], deployment.scorer.space.names, dictionary)


def reasons_document(explanation: Explanation) -> list[dict[str, Any]]:
    """Return the reasons for an answer, the strongest first."""
    return [
        {
            "rank": rank,
            "code": reason.code,
            "text": reason.text,
            "contribution": reason.contribution,
            "features": list(reason.features),
        }
        for rank, reason in enumerate(explanation.reasons, start=1)
    ]


def explanation_document(explanation: Explanation, dictionary: ReasonDictionary) -> dict[str, Any]:
    """Return the whole explanation for an answer."""
    return {
        "score": {
            "log_odds": explanation.log_odds,
            "baseline": explanation.baseline,
            "undisclosed": explanation.undisclosed,
        },
        "contributions": explanation.contributions,
        "reasons": reasons_document(explanation),
        "dictionary": {"version": dictionary.version, "digest": dictionary.digest},
    }
