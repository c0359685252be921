"""Whether a policy sample holds rows its model was trained on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import polars as pl

from scorewright.core.contracts import Contract
from scorewright.core.errors import UsageError
from scorewright.core.project import Settings
from scorewright.core.tables import frame_digest, labels
from scorewright.flows.events import Note
from scorewright.flows.policy.columns import aligned, training_frame
from scorewright.flows.policy.predictions import Predictions, read_predictions
from scorewright.flows.policy.tools import PolicyTools
from scorewright.flows.ports import LoadedBundle

__all__ = ["refuse_training_rows"]

#: Standard deviations that chance is granted.
_REACH = 3.0
#: Features can tell where this share of training rows in the sample would stand out.
_SHOWS = 0.1
#: Characters of the digest at the end of a data version.
_SHORT = 12


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is known of the training rows.

    Attributes:
        keys: Their keys; None where the table has none.
        frame: Rows of the project's table; None where it cannot be read.
        is_whole: Whether all training rows are known to be among them.
    """

    keys: pl.Series | None
    frame: pl.DataFrame | None
    is_whole: bool


@dataclass(frozen=True, slots=True)
class _Likeness:
    """How the sample's features meet those of training rows that no other training row repeats.

    Attributes:
        hits: Rows of the sample with the features of such a row.
        limit: So many chance explains.
        can_tell: Whether a sample of which one row in ten is a training row would exceed it.
    """

    hits: int
    limit: float
    can_tell: bool

    @property
    def shared(self) -> int:
        """Rows that count as training rows: none where chance explains them."""
        return self.hits if self.hits > self.limit else 0


def refuse_training_rows(
    settings: Settings,
    loaded: LoadedBundle,
    frame: pl.DataFrame,
    contract: Contract,
    tools: PolicyTools,
) -> None:
    """Refuse a sample that shares rows with the training data.

    Three things tell: the same rows altogether, in whatever order; keys; and features. Features
    are held against those of training rows that no other training row repeats. By chance a new
    row hits one of them as often as a training row does that is held against all others, which
    is the share q of training rows whose features occur exactly twice. Of m rows, more than
    ``m q + 3 sd`` are refused, sd counting the sample's chance and that of q itself.

    Args:
        settings: The project.
        loaded: The bundle.
        frame: The sample, checked.
        contract: What it keeps.
        tools: Ports.

    Raises:
        UsageError: ``policy-training-rows``; ``policy-training-unknown``: neither keys nor
            features can tell.
    """
    seen = _training_rows(settings, loaded, contract, tools)
    if _is_the_training_table(loaded, frame, contract, seen):
        raise _shared(frame.height, (frame.height, 0, frame.height), "the training table itself")
    by_key = _shared_keys(frame, contract, seen)
    like = _Likeness(0, 0.0, can_tell=False)
    if seen.frame is not None and (names := _features(contract, seen.frame)):
        like = _likeness(frame.select(names), seen.frame.select(names))
    shared = max(by_key, like.shared)
    if shared:
        said = f"{by_key:,} by key, {like.shared:,} by their features"
        if like.shared and like.limit:
            said += f", of which chance explains {math.floor(like.limit):,}"
        raise _shared(frame.height, (shared, by_key, like.shared), said)
    if like.can_tell and seen.is_whole:
        return
    why = "so many training rows repeat each other's features that they would not stand out"
    if not seen.is_whole:
        why = "the project's table does not hold the training rows any more"
    if contract.key is None or seen.keys is None:
        raise _unknown(f"there is no key, and {why}")
    tools.notify(Note(f"only keys tell whether the sample holds training rows: {why}"))


def _shared_keys(frame: pl.DataFrame, contract: Contract, seen: _Seen) -> int:
    """Count the rows whose key a training row has; 0 where there are no keys."""
    if contract.key is None or seen.keys is None:
        return 0
    return int(frame[contract.key].cast(pl.String).is_in(seen.keys.implode()).sum())


def _shared(rows: int, counts: tuple[int, int, int], said: str) -> UsageError:
    shared, by_key, by_content = counts
    return UsageError(
        f"{shared:,} of {rows:,} rows of the sample are training rows of the model ({said}).",
        remedy="Give a sample the model never saw, or fit on its out-of-fold predictions.",
        code="policy-training-rows",
        details={"rows": shared, "by_key": by_key, "by_content": by_content},
    )


def _unknown(why: str) -> UsageError:
    return UsageError(
        f"Nothing says whether the model was trained on rows of the sample: {why}.",
        remedy="Restore the training table, or declare a key under [data] and train again; or fit "
        "on the out-of-fold predictions: leave --sample away.",
        code="policy-training-unknown",
    )


def _training_rows(
    settings: Settings, loaded: LoadedBundle, contract: Contract, tools: PolicyTools
) -> _Seen:
    """Find the training rows: in the project's table, and in the run's predictions."""
    found: Predictions | None = None
    try:
        found = read_predictions(tools.runs, loaded.bundle.run_id)
    except UsageError as error:
        tools.notify(Note(f"the run's predictions cannot be read ({error.code})"))
    keys = [] if found is None or contract.key is None else [found.keys]
    table, is_whole = None, False
    try:
        frame, of_table = training_frame(settings, tools)
        is_whole = _holds_them(loaded, frame, found, of_table)
        if of_table.key is not None:
            keys.append(frame[of_table.key].cast(pl.String))
        table = frame
    except UsageError as error:
        tools.notify(Note(f"the training table cannot be read ({error.code})"))
    if table is None and not keys:
        raise _unknown(
            "the project's table cannot be read, and no keys are known from the predictions of "
            f"run {loaded.bundle.run_id}"
        )
    return _Seen(pl.concat(keys).unique() if keys else None, table, is_whole)


def _holds_them(
    loaded: LoadedBundle, table: pl.DataFrame, found: Predictions | None, contract: Contract
) -> bool:
    """Whether the table still has the rows of the training, by what the run says of them."""
    if _is_version(loaded, table):
        return True
    if found is None:
        return False
    try:
        aligned(found, table, contract)
    except UsageError as error:
        if error.code != "policy-data-changed":
            raise
        return False
    return True


def _is_version(loaded: LoadedBundle, frame: pl.DataFrame) -> bool:
    return loaded.manifest.data_version.endswith(f"@{frame_digest(frame)[:_SHORT]}")


def _features(contract: Contract, training: pl.DataFrame) -> list[str]:
    return [c.name for c in contract.features if c.name in training.columns]


def _is_the_training_table(
    loaded: LoadedBundle, frame: pl.DataFrame, contract: Contract, seen: _Seen
) -> bool:
    """Whether the rows are those of the training, in whatever order and under whatever keys."""
    if _is_version(loaded, frame):
        return True
    training = seen.frame
    if training is None or training.height != frame.height:
        return False
    names = _features(contract, training)
    if not names:
        return False
    ours = frame.select(names).cast(training.select(names).schema, strict=False)
    y = [pl.Series("__y__", labels(rows, contract)) for rows in (frame, training)]
    one = ours.with_columns(y[0]).hash_rows().sort()
    return bool((one == training.select(names).with_columns(y[1]).hash_rows().sort()).all())


def _likeness(sample: pl.DataFrame, training: pl.DataFrame) -> _Likeness:
    """Hold the sample against training rows that no other training row repeats."""
    if not training.height:
        return _Likeness(0, 0.0, can_tell=False)
    ours = sample.cast(training.schema, strict=False).hash_rows()
    theirs = training.hash_rows().alias("row").value_counts(name="times")
    single = theirs.filter(pl.col("times") == 1)["row"]
    n, m = training.height, sample.height
    chance = 2.0 * theirs.filter(pl.col("times") == 2).height / n  # noqa: PLR2004 - twice
    # The rate is measured on n rows, in pairs, which has a chance of its own.
    spread = math.sqrt(m * chance * (1.0 - chance) + 2.0 * m * m * chance / n)
    limit = m * chance + _REACH * spread
    planted = m * ((1.0 - _SHOWS) * chance + _SHOWS * single.len() / n)
    return _Likeness(int(ours.is_in(single.implode()).sum()), limit, can_tell=planted > limit)
