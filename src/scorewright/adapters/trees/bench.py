"""LightGBM's bench: bins are made once for a matrix, and folds are subsets of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

from scorewright.adapters.trees.booster import LgbmModel, bins, native_parameters, train
from scorewright.adapters.trees.parameters import refusals
from scorewright.adapters.trees.weights import row_weights
from scorewright.core.sampling import Sample
from scorewright.flows.ports import FitTask, FoldFit, FoldTask, Params

__all__ = ["LgbmBench"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]

#: What the bins depend on; other parameters share them.
BINNING = ("max_bin", "min_data_in_bin", "subsample_for_bin", "random_state")


class LgbmBench:
    """Fits LightGBM models on one matrix.

    The cut points of the bins come from all rows of the matrix, those of the other folds
    included; labels play no part in them. That, and nothing else, is what a model differs in
    from one fitted on its rows alone; on a sample of all rows the two are equal bit for bit.

    Without ``early_stopping_round`` the folds are fitted one after the other, each when it is
    asked for. With it they grow side by side, one tree each in turn, until the mean of their
    validation losses has not fallen for that many rounds. The measure is the log loss, not the
    AUC: it is what the trees minimise and punishes scores that become too sure of themselves,
    which a ranking does not show. Rows are weighted in it as the sample and the class weights
    bend the odds, so that bent scores are held against equally bent labels.

    Side by side every fold's bins are in memory at once: one byte a cell, about six times the
    matrix's rows for five folds. The matrix itself is never copied.

    Args:
        task: Matrix, labels, space, signs and threads.
        ratio: Weight of a bad / weight of a good, from parameters and labels.
    """

    def __init__(self, task: FitTask, ratio: Callable[[Params, Labels], float]) -> None:
        self._task = task
        self._ratio = ratio
        self._bins: dict[tuple[Any, ...], lgb.Dataset] = {}

    def fit_folds(self, folds: Sequence[FoldTask], params: Params) -> Iterator[FoldFit]:
        """Fit one model per fold and yield its scores, in the order of the folds.

        Raises:
            UsageError: ``monotone-categorical``, or ``learner-params`` where LightGBM refuses.
        """
        patience = int(params.get("early_stopping_round") or 0)
        rounds = int(params["n_estimators"])
        if patience:
            yield from self._side_by_side(folds, params, patience)
            return
        for fold in folds:
            growing = self._open(fold, params, has_valid=False)
            with refusals("LightGBM", lgb.basic.LightGBMError):
                for _ in range(rounds):
                    growing.grow()
                fit = FoldFit(growing.train_score(), growing.valid_score(), params)
            del growing
            yield fit

    def fit(self, sample: Sample, params: Params) -> LgbmModel:
        """Fit one model on a sample.

        Raises:
            UsageError: ``monotone-categorical``, or ``learner-params`` where LightGBM refuses.
        """
        native = self._native(sample, params)
        with refusals("LightGBM", lgb.basic.LightGBMError):
            data = self._data(sample, params, native)
            booster, losses = train(data, native, int(params["n_estimators"]))
        return LgbmModel(booster, self._task.space, losses)

    def _side_by_side(
        self, folds: Sequence[FoldTask], params: Params, patience: int
    ) -> Iterator[FoldFit]:
        """Grow all folds together and stop them together.

        The threads go to folds, not into one: they then never wait for each other inside a tree.
        """
        growing = [self._open(fold, params, has_valid=True) for fold in folds]
        best, chosen = np.inf, 0
        with (
            refusals("LightGBM", lgb.basic.LightGBMError),
            ThreadPoolExecutor(self._task.threads, initializer=_hush) as pool,
        ):
            for done in range(1, int(params["n_estimators"]) + 1):
                loss = float(np.mean(list(pool.map(_Growing.advance, growing))))
                if loss < best:
                    best, chosen = loss, done
                    for fold in growing:
                        fold.keep()
                elif done - chosen >= patience:
                    break
        settled = {**params, "n_estimators": chosen, "early_stopping_round": 0}
        for fold in growing:
            yield FoldFit(fold.train_score(chosen), fold.valid_score(), settled)

    def _open(self, fold: FoldTask, params: Params, *, has_valid: bool) -> _Growing:
        """Return the booster of a fold before its first tree."""
        native = {**self._native(fold.sample, params), "metric": "None"}
        if has_valid:
            native["num_threads"] = 1
        with refusals("LightGBM", lgb.basic.LightGBMError):
            data = self._data(fold.sample, params, native)
            booster = lgb.Booster(native, data)
            if has_valid:
                shared = self._shared(params, native)
                booster.add_valid(shared.subset(_listed(fold.valid)), "valid")
        omega = fold.sample.omega * self._ratio(params, fold.sample.labels(self._task.y))
        return _Growing(booster, fold, self._task, omega, native["num_threads"])

    def _native(self, sample: Sample, params: Params) -> dict[str, Any]:
        return native_parameters(self._task, params, len(sample.rows) + len(sample.made_y))

    def _data(self, sample: Sample, params: Params, native: Mapping[str, Any]) -> lgb.Dataset:
        """Return a sample in the shared bins, weighted; rows made up are put into them."""
        shared = self._shared(params, native)
        labels = sample.labels(self._task.y)
        weight = row_weights(labels, self._ratio(params, labels), sample.weights())
        if sample.made_y.size:
            matrix = sample.matrix(self._task.x)
            return lgb.Dataset(
                matrix, label=labels, weight=weight, reference=shared, params=shared.params
            ).construct()
        # Weights are set on the subset: on the shared bins they would stay for the next sample.
        subset = shared.subset(_listed(sample.rows)).construct()
        return subset.set_weight(weight)

    def _shared(self, params: Params, native: Mapping[str, Any]) -> lgb.Dataset:
        """Return the bins of the whole matrix, made when first asked for."""
        key = tuple(params.get(name) for name in BINNING)
        if key not in self._bins:
            own = {name: params[name] for name in BINNING if name in params}
            same = ("feature_pre_filter", "force_row_wise", "num_threads", "verbosity")
            own |= {name: native[name] for name in same}
            self._bins[key] = bins(self._task, None, own).construct()
        return self._bins[key]


class _Growing:
    """The booster of one fold while it grows."""

    def __init__(
        self, booster: lgb.Booster, fold: FoldTask, task: FitTask, omega: float, threads: int
    ) -> None:
        self._booster = booster
        self._fold = fold
        self._task = task
        self._threads = threads
        self._valid_y = task.y[fold.valid] == 1
        self._weight = np.where(self._valid_y, omega, 1.0)
        self._now: Floats = np.empty(0)
        self._kept_valid: Floats | None = None
        self._kept_train: Floats | None = None
        self._is_whole = not fold.sample.made_y.size and np.array_equal(
            fold.sample.rows, fold.train
        )

    def grow(self) -> None:
        """Add one tree."""
        self._booster.update()

    def advance(self) -> float:
        """Add one tree and return the weighted log loss of the validation rows."""
        self.grow()
        self._booster.eval_valid(self._listen)
        p = np.clip(np.where(self._valid_y, self._now, 1.0 - self._now), 1e-15, 1.0)
        return float(-np.average(np.log(p), weights=self._weight))

    def keep(self) -> None:
        """Remember the scores of this round; LightGBM has them at hand for its own rows."""
        self._kept_valid = self._now.copy()
        if self._is_whole:
            self._booster.eval_train(self._listen)
            self._kept_train = self._now.copy()

    def train_score(self, rounds: int | None = None) -> Floats:
        """Return the scores of all training rows of the fold."""
        if self._kept_train is not None:
            return self._kept_train
        if self._is_whole:
            self._booster.eval_train(self._listen)
            return self._now.copy()
        return self._predict(self._fold.train, rounds)

    def valid_score(self) -> Floats:
        """Return the scores of the validation rows."""
        return self._predict(self._fold.valid) if self._kept_valid is None else self._kept_valid

    def _predict(self, rows: npt.NDArray[np.int64], rounds: int | None = None) -> Floats:
        score = self._booster.predict(
            self._task.x[rows], num_iteration=rounds, num_threads=self._threads
        )
        return np.asarray(score, dtype=np.float64)

    def _listen(self, score: Floats, data: lgb.Dataset) -> tuple[str, float, bool]:  # noqa: ARG002 - LightGBM's signature
        """Take the scores LightGBM keeps of its own rows, in the shape of a metric."""
        self._now = score
        return "listened", 0.0, True


def _hush() -> None:
    """Silence LightGBM in this thread: its verbosity belongs to the thread that set it."""
    few = np.zeros((2, 1))
    lgb.Dataset(few, label=few[:, 0], params={"verbosity": -1, "num_threads": 1}).construct()


def _listed(rows: npt.NDArray[np.int64]) -> list[int]:
    listed: list[int] = rows.tolist()
    return listed
