"""Did the arms get the shares they should have? If not, no comparison of them can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["SampleRatio", "sample_ratio"]

#: As in the practice of online experiments (Fabijan et al. 2019): rare enough to stop and look.
ALPHA = 0.001


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """The check of an allocation.

    Attributes:
        observed: Units by arm.
        expected: Units each arm should have.
        chi2: Pearson's statistic.
        p_value: Of a chi-squared distribution with arms - 1 degrees of freedom.
        is_off: Whether the p-value is below 0.001.
    """

    observed: Mapping[str, int]
    expected: Mapping[str, float]
    chi2: float
    p_value: float
    is_off: bool


def sample_ratio(observed: Mapping[str, int], shares: Mapping[str, float]) -> SampleRatio:
    """Compare how many units each arm has with its share.

    Args:
        observed: Units by arm; an arm that is absent has none. Count applicants, not requests:
            one who asks ten times is one unit.
        shares: Share by arm, all above 0, together 1.

    Returns:
        The check; with no units at all the p-value is 1.

    Raises:
        ValueError: The shares do not sum to 1, one is not above 0, or there is an unknown arm.
    """
    if abs(sum(shares.values()) - 1.0) > 1e-9 or min(shares.values()) <= 0.0:  # noqa: PLR2004
        raise ValueError("shares must be above 0 and sum to 1")
    if strange := set(observed) - set(shares):
        raise ValueError(f"unknown arms: {sorted(strange)}")
    counts = {arm: observed.get(arm, 0) for arm in shares}
    total = sum(counts.values())
    expected = {arm: total * share for arm, share in shares.items()}
    if total == 0 or len(shares) == 1:
        return SampleRatio(counts, expected, 0.0, 1.0, is_off=False)
    from scipy.stats import chi2 as distribution  # noqa: PLC0415 - the service starts without it

    chi2 = sum((counts[arm] - expected[arm]) ** 2 / expected[arm] for arm in shares)
    p_value = float(distribution.sf(chi2, len(shares) - 1))
    return SampleRatio(counts, expected, chi2, p_value, is_off=p_value < ALPHA)
