"""A policy somebody wrote by hand for a bundle; benchmarks use it too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scorewright.core.bundles import Bundle
from scorewright.core.decision import CostMatrix, Policy

__all__ = ["policy_of"]


def policy_of(bundle: Bundle, **changes: Any) -> Policy:
    """Return a policy for a bundle.

    Args:
        bundle: The only one it may be used with.
        **changes: Fields of the policy that are to differ.
    """
    policy = Policy(
        id="demo_default",
        version=1,
        segment="all",
        threshold=0.3,
        costs=CostMatrix(),
        model_digest=bundle.model_digest,
        bundle=bundle.manifest().digest,
        calibration_digest=bundle.calibration.digest,
        data_version=bundle.data_version,
        data_role="out_of_fold",
        method="exact_minimum_cost",
        owner="risk",
        approver=None,
        effective_from="2026-11-21T00:00:00+00:00",
        effective_to=None,
        reason="first",
        evidence={},
    )
    return replace(policy, **changes)
