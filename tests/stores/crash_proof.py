"""The proof that a store survived: gone on with, taken back, each row and file where it was."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from tests.stores.crash_cases import Case, Machine
from tests.stores.crash_states import State, Vault

from scorewright.flows.store.progress import Progress

__all__ = ["Figures", "Proof"]

_HALF_WRITTEN = (".partial", ".part", "-journal", "-wal")
_CODES = {"store-write-failed", "store-invalid", "write-failed"}
_EVERY = 10
"""How often a state is gone on with to the very end, and what was finished taken back."""


class _ArrivedError(BaseException):
    """Going on has led to a state that is proved by itself."""


@dataclass(slots=True)
class Figures:
    """What a sweep found.

    Attributes:
        points: Stops of the run, or refused calls.
        torn: Writes of which half arrived.
        proved: Distinct states that were gone on with.
        arrived: Of these, how many led to another one of them, to the byte, at the end of a step:
            that one is proved by itself, and what follows is the same.
        tolerated: Refused calls in spite of which the plan was carried out.
        codes: Of the errors.
        failures: What is wrong, one line each.
        seconds: It took.
    """

    points: int = 0
    torn: int = 0
    proved: int = 0
    arrived: int = 0
    tolerated: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def to_json(self) -> dict[str, object]:
        """Return them as a document."""
        return {
            "points": self.points,
            "torn": self.torn,
            "proved": self.proved,
            "arrived": self.arrived,
            "tolerated": dict(self.tolerated),
            "codes": dict(self.codes),
            "failures": self.failures,
            "seconds": round(self.seconds, 1),
        }


class Proof:
    """Proves states of one store.

    Args:
        case: Its plan.
        folder: Of the proof itself.
        machine: Ready.
        say: Told how far it is.
        every: How often what is stopped is taken back at once, too.
    """

    def __init__(
        self,
        case: Case,
        folder: Path,
        machine: Machine,
        say: Callable[[str], None],
        every: int = 1,
    ) -> None:
        self._every = every
        self.case = case
        self.machine = machine
        self.say = say
        self.output = folder / "output"
        self.vault = Vault(folder, case.place.folder, case.place.kept)
        self.begin = self.vault.take()
        self._before = case.place.look()
        self._sources = case.place.untouched()
        case.act()
        self._after = case.place.look()

    def restore(self) -> None:
        """Put the store back as it was."""
        self.vault.put_back(self.begin)

    def prove(
        self, state: State, place: int, figures: Figures, proved: Collection[str] = ()
    ) -> list[str]:
        """Go on, and take it back; take back at once.

        Args:
            state: Of the store.
            place: Number of the state: some are looked at more closely.
            figures: Counted in.
            proved: Digests, or outcomes, of states that are proved by themselves: there is no
                need to go on from one of them.
        """
        self.vault.put_back(state)
        is_whole = not place % _EVERY
        wrong = self._go_on(figures, () if is_whole else proved)
        figures.proved += 1
        if not wrong and is_whole:
            wrong = self._take_back("finished")
        if not wrong and not place % self._every:
            self.vault.put_back(state)
            wrong = self._take_back("stopped")
        return wrong

    def _go_on(self, figures: Figures, proved: Collection[str]) -> list[str]:
        try:
            with self._until(proved):
                self.case.act()
        except _ArrivedError:
            figures.arrived += 1
            return []
        except Exception as error:  # noqa: BLE001 - any is one finding
            return [f"not resumed: {type(error).__name__}: {error}"]
        return self.is_done()

    def milestones(self) -> list[State]:
        """Carry the plan out; return the state before it, and that after each step."""
        self.restore()
        finish, found = Progress.finish_step, [self.begin]

        def finished(progress: Progress, number: int) -> None:
            finish(progress, number)
            found.append(self.vault.take())

        with patch.object(Progress, "finish_step", finished):
            self.case.act()
        return found

    @contextmanager
    def _until(self, proved: Collection[str]) -> Iterator[None]:
        """Look at the state after each step, and end at one of these."""
        finish = Progress.finish_step

        def finished(progress: Progress, number: int) -> None:
            finish(progress, number)
            state = self.vault.take()
            if state.digest in proved or self.vault.outcome(state) in proved:
                raise _ArrivedError

        with patch.object(Progress, "finish_step", finished if proved else finish):
            yield

    def is_done(self) -> list[str]:
        """Return what is not as after the plan."""
        return [*self._differing(self._after, "carried out"), *self._left()]

    def _take_back(self, what: str) -> list[str]:
        try:
            self.case.back()
        except Exception as error:  # noqa: BLE001 - any is one finding
            return [f"{what}, not taken back: {type(error).__name__}: {error}"]
        return self._differing(self._before, f"{what}, taken back")

    def _differing(self, wished: tuple[dict[str, str], dict[str, str]], what: str) -> list[str]:
        found = self.case.place.look()
        lines = [
            f"{what}: {name} is {now.get(name)}, not {then.get(name)}"
            for then, now in zip(wished, found, strict=True)
            for name in sorted({*then, *now})
            if then.get(name) != now.get(name)
        ]
        if self.case.place.untouched() != self._sources:
            lines.append(f"{what}: a source was changed")
        return lines[:5]

    def _left(self) -> list[str]:
        return [
            f"half-written: {Path(here, name)}"
            for here, _, names in os.walk(self.case.place.folder)
            for name in names
            if name.endswith(_HALF_WRITTEN)
        ]

    def judge(self, code: int, call: str, figures: Figures) -> list[str]:
        """Return what is wrong with the answer to a refused call."""
        said = self.said()
        if "Traceback" in said:
            return [f"a traceback: {said[-500:]}"]
        if code == 0:
            figures.tolerated[call] += 1
            return self.is_done()
        document = said[: said.find("\n}") + 2]
        try:
            found = str(json.loads(document)["error"]["code"])
        except (ValueError, KeyError, TypeError):
            return [f"exit code {code}, no code: {said[-500:]}"]
        figures.codes[found] += 1
        return (
            [] if code == 3 and found in _CODES else [f"exit code {code}, {found}: {said[-400:]}"]
        )

    def said(self) -> str:
        """Return what the child said last."""
        return self.output.read_text(encoding="utf-8", errors="replace")
