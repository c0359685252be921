"""Which data a figure speaks of: training rows that are called a test."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.audit.predictions import Predictions
from scorewright.core.audit.rule import Check, Hit
from scorewright.core.audit.view import StoreView

__all__ = ["ROLE_CHECKS"]

_TEST = ("test", "holdout", "hold_out", "hold-out", "oot", "out_of_time")
_TRAINING = ("training", "train")


def _roles(view: StoreView) -> Iterator[Hit]:
    """Tell of predictions that claim a test, and of data sets with both roles."""
    yield from _both_roles(view)
    sizes = _training_rows(view)
    for run, stored in view.given.predictions.items():
        rows = sizes.get(run) if run in view.names else None
        if rows is None or not _is_test(stored):
            continue
        count = len(stored.y) if stored.role is None else int(_tested(stored).sum())
        detail = {"predictions": count, "training_rows": rows, "file": stored.path}
        if count == rows:
            text = f"{count:,} test predictions that were the {rows:,} training rows"
            yield Hit((view.subject(run),), text, detail)
        elif count > rows:
            text = f"{count:,} test predictions of a model of {rows:,} training rows: see whether "
            yield Hit((view.subject(run),), f"{text}these are among them", detail, "warning")


def _tested(stored: Predictions) -> npt.NDArray[np.bool_]:
    return np.isin(stored.role, _TEST) if stored.role is not None else np.ones(0, np.bool_)


def _is_test(stored: Predictions) -> bool:
    """Return whether predictions claim unseen rows that no fold has held out."""
    if stored.has_folds:
        return False
    if stored.role is not None:
        return bool(_tested(stored).any())
    told = f"{stored.path} {stored.analysis.get('data_role', '')}".lower()
    # Whole words: "root" and "latest" are no tests.
    words = f" {re.sub(r'[^a-z0-9]+', ' ', told)} "
    return any(f" {re.sub(r'[^a-z0-9]+', ' ', word)} " in words for word in _TEST)


def _training_rows(view: StoreView) -> dict[str, int]:
    """Return how many rows each run was trained on, by its inputs or its parameters."""
    snapshot = view.given.snapshot
    found: dict[str, int] = {}
    for run, params in view.params("n_rows", "n_train", "train_rows").items():
        counts = [int(v) for v in params.values() if v.isdecimal()]
        if counts:
            found[run] = min(counts)
    training = snapshot.inputs.filter(pl.col("context").is_in(_TRAINING))
    rows = training.join(snapshot.datasets, on="dataset_id", how="inner")
    for run, profile in rows.select("run_id", "profile").iter_rows():
        count = _num_rows(profile)
        if count is not None and run in view.names:
            found[run] = count
    return found


def _num_rows(profile: str | None) -> int | None:
    try:
        document = json.loads(profile or "")
    except ValueError:
        return None
    count = document.get("num_rows") if isinstance(document, dict) else None
    return count if isinstance(count, int) else None


def _both_roles(view: StoreView) -> Iterator[Hit]:
    snapshot = view.given.snapshot
    rows = snapshot.inputs.join(snapshot.datasets, on="dataset_id", how="inner")
    roles: dict[tuple[str, str], set[str]] = {}
    for run, digest, context in rows.select("run_id", "digest", "context").iter_rows():
        if digest and context and run in view.names:
            roles.setdefault((run, digest), set()).add(context.lower())
    for (run, digest), told in roles.items():
        if told & {*_TRAINING} and told & {"test", "testing", "holdout"}:
            text = f"data set {digest} is both {' and '.join(sorted(told))}"
            detail = {"digest": digest, "roles": sorted(told)}
            yield Hit((view.subject(run),), text, detail)


ROLE_CHECKS: dict[str, Check] = {"RUN-013": _roles}
