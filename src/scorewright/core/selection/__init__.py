"""Which columns a model needs: tests of importances, clusters of columns, stability."""

from scorewright.core.selection.agreement import Agreement, agreement
from scorewright.core.selection.choice import Choice, chosen
from scorewright.core.selection.correlation import correlation_clusters, risk_ranks
from scorewright.core.selection.importance import (
    null_importance_test,
    shadow_test,
    stability_shares,
    wrongly_kept,
)

__all__ = [
    "Agreement",
    "Choice",
    "agreement",
    "chosen",
    "correlation_clusters",
    "null_importance_test",
    "risk_ranks",
    "shadow_test",
    "stability_shares",
    "wrongly_kept",
]
