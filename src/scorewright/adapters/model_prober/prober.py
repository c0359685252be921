"""Says of each model whether it loads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scorewright.adapters.model_prober.child import (
    Child,
    ChildDiedError,
    ChildHungError,
    ChildMissingError,
)
from scorewright.adapters.model_prober.descriptions import Described, WrongError, described
from scorewright.core.audit import ModelState
from scorewright.flows.store.evidence_ports import ModelVerdict, ProbeDepth, StoredModel

__all__ = ["ChildProber"]

#: What files without an MLmodel hold, by their ending.
_ENDINGS = {
    ".lgb": "lightgbm", ".txt": "lightgbm", ".ubj": "xgboost", ".xgb": "xgboost",
    ".bst": "xgboost", ".json": "xgboost", ".cbm": "catboost", ".skops": "skops",
    ".onnx": "onnx", ".pkl": "pickle", ".pickle": "pickle", ".joblib": "pickle",
    ".dill": "pickle", ".cloudpickle": "pickle",
}  # fmt: skip
#: What texts and JSON documents begin with that are models.
_HEADS = {".txt": (b"tree\n", b"tree\r\n"), ".json": (b'{"learner"', b'{"version"')}
_LOADED = ("lightgbm", "xgboost", "catboost", "skops", "bundle")


class ChildProber:
    """Tries models; keeps the port ``ModelProber``.

    Args:
        seconds: Wall time one model may take.
    """

    def __init__(self, seconds: float = 60.0) -> None:
        self._seconds = seconds

    def probe(
        self, models: Sequence[StoredModel], depth: ProbeDepth
    ) -> Iterator[ModelVerdict | None]:
        """Give a verdict on each model; see the port."""
        with Child(self._seconds) as child:
            for model in models:
                yield _verdict(model, depth, child)


def _verdict(model: StoredModel, depth: ProbeDepth, child: Child) -> ModelVerdict | None:
    try:
        told = _described(model)
    except WrongError as wrong:
        return ModelVerdict(ModelState.BROKEN, str(wrong))
    if depth is ProbeDepth.LOOK or told is None:
        return None
    if told.format == "pickle":
        if depth is not ProbeDepth.PICKLES:
            reason = "a pickle, which runs whatever code it holds when it is loaded: not tried"
            return ModelVerdict(ModelState.NOT_TRIED, reason, told.format)
    elif told.format not in _LOADED:
        reason = f"models of the kind {told.format} are not tried"
        return ModelVerdict(ModelState.NOT_TRIED, reason, told.format)
    return _asked(told, child)


def _described(model: StoredModel) -> Described | None:
    """Return how to load a model; None where a file only looks like one by its name."""
    if model.kind == "mlflow":
        return described(model.place, model.files)
    if model.kind == "bundle":
        return Described("bundle", model.place)
    ending = model.place.suffix.lower()
    try:
        with model.place.open("rb") as stream:
            head = stream.read(64).lstrip()
    except OSError as error:
        raise WrongError(f"it cannot be read: {error.strerror}") from error
    if ending in _HEADS and not head.startswith(_HEADS[ending]):
        return None
    if not head:
        raise WrongError("it is empty")
    return Described(_ENDINGS[ending], model.place)


def _asked(told: Described, child: Child) -> ModelVerdict:
    question = {"do": "load", "format": told.format, "place": str(told.place)}
    try:
        answer = child.ask(question) if child.is_fresh else _again(child, question)
    except ChildMissingError as error:
        reason = f"the process that tries models could not be started: {error}"
        return ModelVerdict(ModelState.NOT_TRIED, reason, told.format)
    except (ChildDiedError, ChildHungError) as error:
        return ModelVerdict(ModelState.BROKEN, str(error), told.format)
    finally:
        if told.format == "pickle":
            # Whatever it has done there ends with it.
            child.end()
    state = answer.get("state")
    known = next((s for s in ModelState if s.value == state), ModelState.BROKEN)
    reason = str(answer.get("reason", "" if known is ModelState.LOADED else "no answer"))
    return ModelVerdict(known, reason[:500], told.format)


def _again(child: Child, question: Mapping[str, Any]) -> dict[str, Any]:
    """Ask once more where an earlier model may be to blame."""
    try:
        return child.ask(question)
    except ChildDiedError:
        return child.ask(question)
