"""Which features the folds chose, where a learner chooses them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from scorewright.core.selection import agreement
from scorewright.flows.ports import ChoosesFeatures, FittedModel

__all__ = ["kept_figures", "selection_files"]

FILE = "feature_selection.json"
KEPT = "n_features_kept"


def kept_figures(model: FittedModel) -> dict[str, float]:
    """Return how many features the deployed model uses, where it chose among them.

    The parameter ``n_features`` counts what it was offered: a request must bring all of them.

    Args:
        model: Fitted on all rows.
    """
    return {KEPT: float(len(model.kept))} if isinstance(model, ChoosesFeatures) else {}


def selection_files(kept: Sequence[Collection[str]], features: Sequence[str]) -> dict[str, bytes]:
    """Return the artifact that says how often each feature was kept, and how stable that is.

    Args:
        kept: Features each fold's model was fitted on; empty where it takes all.
        features: All features.

    Returns:
        ``feature_selection.json``, or nothing where no fold chose.
    """
    if len(kept) < 2 or not all(kept):  # noqa: PLR2004 - one choice has nothing to agree with
        return {}
    document = {
        "schema_version": 1,
        "features": len(features),
        "folds": [sorted(one) for one in kept],
        **agreement(kept, features).to_dict(),
    }
    return {FILE: (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8")}
