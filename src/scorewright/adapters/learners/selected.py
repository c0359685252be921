"""A learner that chooses its columns first, on the rows it is fitted on: inside every fold.

Settings name the learner and the method; the complete parameters are those of the learner, under
its library's names, and those of the choice with ``selection_`` before them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.adapters.learners.composed import (
    damaged,
    inner_learner,
    inner_parameters,
    load_below,
    put_below,
)
from scorewright.core.digests import canonical_json
from scorewright.core.errors import UsageError
from scorewright.core.matrix import FeatureSpace
from scorewright.core.sampling import Sample
from scorewright.flows.fitting import sampled
from scorewright.flows.ports import (
    Explains,
    FitTask,
    FittedModel,
    FoldFit,
    FoldTask,
    Learner,
    Params,
)

__all__ = ["LEARNER", "Selected", "SelectedBench", "SelectedModel"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]

FILE = "selected.json"
FOLDER = "inner"
PREFIX = "selection_"


class SelectedModel:
    """A model of some columns that takes the full matrix.

    Args:
        model: Fitted on the kept columns.
        document: What ``selected.json`` holds.
        space: The full feature space.
    """

    def __init__(
        self, model: FittedModel, document: Mapping[str, Any], space: FeatureSpace
    ) -> None:
        self._model = model
        self._document = document
        self._space = space
        self._columns = [space.names.index(name) for name in document["kept"]]

    @property
    def kept(self) -> tuple[str, ...]:
        """Names of the kept features, in the order of the space."""
        return tuple(self._document["kept"])

    def predict(self, x: Floats) -> Floats:
        """Return raw scores of shape (n,); columns that were not kept play no part."""
        return self._model.predict(np.take(x, self._columns, axis=1))

    def files(self) -> Mapping[str, bytes]:
        """Return what was chosen and why, and the inner model's files in a folder."""
        return {FILE: canonical_json(self._document), **put_below(FOLDER, self._model.files())}

    def importance(self) -> Mapping[str, float]:
        """Return the inner model's importances, and 0 for what was not kept."""
        return {**dict.fromkeys(self._space.names, 0.0), **self._model.importance()}

    def loss_history(self) -> Sequence[float]:
        """Return the inner model's losses."""
        return self._model.loss_history()


class ExplainedSelectedModel(SelectedModel):
    """One whose inner model explains its scores."""

    def __init__(
        self, model: FittedModel, document: Mapping[str, Any], space: FeatureSpace, inner: Explains
    ) -> None:
        super().__init__(model, document, space)
        self._inner = inner

    def contributions(self, x: Floats) -> Floats:
        """Return the inner model's contributions, shape (n, p + 1); 0 for what was not kept."""
        out = np.zeros((len(x), len(self._space.features) + 1))
        found = self._inner.contributions(np.take(x, self._columns, axis=1))
        out[:, [*self._columns, -1]] = found
        return out


def _around(model: FittedModel, document: Mapping[str, Any], space: FeatureSpace) -> SelectedModel:
    """Return the model of some columns; it explains where the inner one does."""
    if isinstance(model, Explains):
        return ExplainedSelectedModel(model, document, space, model)
    return SelectedModel(model, document, space)


class Selected:
    """The learner around another one.

    Args:
        inner: The other, where this one is made ready for its parameters.
    """

    name = "selected"

    def __init__(self, inner: Learner | None = None) -> None:
        self.model_type = inner.model_type if inner else self.name
        self.supports_monotone = inner.supports_monotone if inner else False

    def configured(self, overrides: Mapping[str, Any]) -> Selected:
        """Return this learner around that of the parameters, with its type and its promises.

        Raises:
            UsageError: ``selection-params``, ``learner-unknown``.
        """
        name, params, _ = _parts(overrides)
        return Selected(inner_learner(name, params))

    def parameters(self, overrides: Mapping[str, Any], seed: int) -> dict[str, Any]:
        """Return complete parameters.

        Args:
            overrides: ``learner`` and its ``params``, ``method``, and the method's own; or
                complete parameters, some of them changed.
            seed: Seed of everything random.

        Raises:
            UsageError: ``selection-params``, ``learner-unknown``, ``learner-params``.
        """
        # Imported here because the serving process imports this module and never selects.
        from scorewright.adapters.selection import method_parameters  # noqa: PLC0415

        name, params, own = _parts(overrides)
        method = str(own.pop("method"))
        chosen = {"learner": name, "method": method, **method_parameters(method, own)}
        complete = inner_parameters(name, params, seed)
        return {**complete, **{PREFIX + key: value for key, value in chosen.items()}}

    def weight_ratio(self, params: Mapping[str, Any], y: Labels) -> float:
        """Return the inner learner's omega."""
        name, inner, _ = _parts(params)
        return inner_learner(name, inner).weight_ratio(inner, y)

    def fit(self, task: FitTask) -> SelectedModel:
        """Choose columns on the task's rows and fit the inner learner on them.

        Raises:
            UsageError: As the inner learner does.
        """
        from scorewright.adapters.selection import select  # noqa: PLC0415 - see above

        name, params, own = _parts(task.params)
        learner = inner_learner(name, params)
        whole = replace(task, params=params)
        choice = select(learner, whole, own["method"], own)
        space = FeatureSpace(tuple(task.space.features[k] for k in choice.kept))
        model = learner.fit(
            replace(
                whole,
                x=np.take(task.x, choice.kept, axis=1),
                space=space,
                monotone={n: s for n, s in task.monotone.items() if n in space.names},
            )
        )
        document = {
            "schema_version": 1,
            "learner": name,
            "method": own["method"],
            "kept": list(space.names),
            "scores": dict(zip(task.space.names, choice.scores, strict=True)),
            "facts": choice.facts,
        }
        return _around(model, document, task.space)

    def bench(self, task: FitTask) -> SelectedBench:
        """Return a bench that tells what each fold kept; every fold chooses anew."""
        return SelectedBench(self, task)

    def load(self, files: Mapping[str, bytes], space: FeatureSpace) -> SelectedModel:
        """Read the choice and the inner model back.

        Raises:
            IntegrityError: ``bundle-model``.
        """
        try:
            document = json.loads(files[FILE])
            features = {f.name: f for f in space.features}
            inner = FeatureSpace(tuple(features[name] for name in document["kept"]))
            name = str(document["learner"])
        except (KeyError, ValueError, TypeError) as error:
            raise damaged("selection of features", str(error)) from error
        return _around(load_below(name, FOLDER, files, inner), document, space)


@dataclass(frozen=True, slots=True)
class SelectedBench:
    """Fits one model after the other, each on the columns it chose."""

    learner: Selected
    task: FitTask

    def fit_folds(self, folds: Sequence[FoldTask], params: Params) -> Iterator[FoldFit]:
        """Fit one model per fold; yield its scores and what it kept."""
        for fold in folds:
            model = self.fit(fold.sample, params)
            yield FoldFit(
                train_score=model.predict(self.task.x[fold.train]),
                valid_score=model.predict(self.task.x[fold.valid]),
                params=params,
                kept=model.kept,
            )

    def fit(self, sample: Sample, params: Params) -> SelectedModel:
        """Fit one model on a sample."""
        return self.learner.fit(sampled(self.task, sample, params))


def _parts(params: Params) -> tuple[str, Mapping[str, Any], dict[str, Any]]:
    """Return the inner learner's name, its parameters, and those of the choice.

    Args:
        params: As in the settings, or complete.
    """
    if PREFIX + "learner" in params:
        own = {k.removeprefix(PREFIX): v for k, v in params.items() if k.startswith(PREFIX)}
        inner = {k: v for k, v in params.items() if not k.startswith(PREFIX)}
    else:
        own = {"method": "shadow", **params}
        inner = own.pop("params", {})
    name = own.pop("learner", None)
    if not isinstance(name, str) or not isinstance(inner, Mapping):
        raise UsageError(
            "Features cannot be selected: the parameters name no learner.",
            remedy='Give { learner = "lgbm", params = { ... }, method = "shadow" }.',
            code="selection-params",
        )
    return name, inner, own


LEARNER = Selected()
