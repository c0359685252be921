"""Is a column's importance more than chance would give it? Three ways to ask."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scorewright.core.selection.choice import Choice, chosen

__all__ = ["null_importance_test", "shadow_test", "stability_shares", "wrongly_kept"]

Floats = npt.NDArray[np.float64]

HALF = 0.5


def shadow_test(real: Floats, shadow: Floats, percentile: float, level: float) -> Choice:
    """Keep columns that beat the shuffled copies (Kursa and Rudnicki 2010, "Boruta").

    In each round a column scores a hit if its importance is above the given percentile of the
    shuffled copies' importances. Hits are held against a coin by a binomial test on both sides,
    each p-value multiplied by the number of columns: more hits than chance keeps the column,
    fewer drops it. An undecided one is kept if its median importance is above the median of the
    thresholds.

    Args:
        real: Importances of the columns, shape (rounds, p).
        shadow: Importances of their shuffled copies, shape (rounds, p).
        percentile: Of the copies' importances; 100 is the best of them.
        level: Level of the tests, such as 0.05.

    Returns:
        The kept columns; the scores are shares of rounds with a hit.
    """
    # scipy is imported here because the serving process reaches this room and never selects.
    from scipy.stats import binom  # noqa: PLC0415

    rounds, columns = real.shape
    threshold = np.percentile(shadow, percentile, axis=1)
    hits = (real > threshold[:, None]).sum(axis=0)
    more = binom.sf(hits - 1, rounds, HALF) * columns
    fewer = binom.cdf(hits, rounds, HALF) * columns
    is_ahead = np.median(real, axis=0) > np.median(threshold)
    keep = (more < level) | ((fewer >= level) & is_ahead)
    undecided = (more >= level) & (fewer >= level)
    return chosen(
        keep,
        hits / rounds,
        real.mean(axis=0),
        undecided=float(undecided.sum()),
    )


def null_importance_test(real: Floats, null: Floats, level: float) -> Choice:
    """Keep columns that importances under shuffled labels do not explain (Altmann et al. 2010).

    The p-value is ``(1 + draws at or above the real one) / (1 + draws)`` (Phipson and Smyth
    2010): never 0, and exact for any number of draws.

    Args:
        real: Importances with the real labels, shape (fits, p); their mean is tested.
        null: Importances with shuffled labels, shape (draws, p).
        level: Largest p-value of a column that is kept.

    Returns:
        The kept columns; the scores are 1 - p.
    """
    mean = real.mean(axis=0)
    above = (null >= mean).sum(axis=0)
    p = (1.0 + above) / (1.0 + len(null))
    return chosen((p <= level) & (mean > 0.0), 1.0 - p, mean)


def stability_shares(importances: Floats, top: int, share: float) -> Choice:
    """Keep columns that are often among the most important (Meinshausen and Buehlmann 2010).

    Args:
        importances: One row per fit on a half of the rows, shape (fits, p).
        top: How many columns of a fit count as selected; one of importance 0 never does.
        share: Least share of fits a kept column was selected in.

    Returns:
        The kept columns; the scores are the shares.
    """
    # Equal importances at the edge: the earlier column wins, always.
    order = np.argsort(-importances, axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(order.shape[1])[None, :], axis=1)
    shares = ((rank < top) & (importances > 0.0)).mean(axis=0)
    bound = wrongly_kept(importances.shape[1], top, share)
    return chosen(shares >= share, shares, importances.mean(axis=0), wrongly_kept_at_most=bound)


def wrongly_kept(columns: int, top: int, share: float) -> float:
    """Return the most columns without a signal that are kept on average.

    ``top**2 / ((2 share - 1) columns)``, theorem 1 of Meinshausen and Buehlmann (2010), for
    exchangeable columns and shares above a half.

    Args:
        columns: Number of columns.
        top: Columns selected per fit.
        share: Least share of fits, in (0.5, 1].
    """
    return min(float(columns), top**2 / ((2.0 * share - 1.0) * columns))
