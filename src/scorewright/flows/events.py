"""What a flow says while it works. The command line draws it, the tests collect it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Event", "Note", "Notify", "StageDone", "StageStarted", "StepDone", "ignore"]


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A stage began. ``steps`` is its number of steps, 0 when not known."""

    stage: str
    steps: int = 0


@dataclass(frozen=True, slots=True)
class StepDone:
    """``done`` of the stage's steps are finished."""

    stage: str
    done: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StageDone:
    """A stage ended; ``summary`` is one short line for people."""

    stage: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth knowing that is neither an error nor a result."""

    message: str


Event = StageStarted | StepDone | StageDone | Note
Notify = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Do nothing with an event; the default listener."""
