"""What trying the models of a store has shown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["ModelState", "TriedModel"]


class ModelState(StrEnum):
    """How far a model came.

    Attributes:
        LOADED: It was loaded, and answered.
        BROKEN: It cannot be loaded, here or elsewhere.
        LIBRARY: It needs a library that is not installed here.
        NOT_TRIED: Nobody tried it.
    """

    LOADED = "loaded"
    BROKEN = "broken"
    LIBRARY = "library"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class TriedModel:
    """One model of a store.

    Attributes:
        owner: ``run``, ``model`` (a logged one) or ``version``.
        owner_id: Run id, model id, or ``name/version``.
        path: Of its folder or file, below the owner's artifacts; "" for all of them.
        state: What came of it.
        reason: Why, a part of a sentence; "" where it was loaded.
        format: Such as ``lightgbm``; "" where it is not known.
    """

    owner: str
    owner_id: str
    path: str
    state: ModelState
    reason: str = ""
    format: str = ""
