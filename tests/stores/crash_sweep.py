"""Interrupts plans at every system call that changes the disk, and proves what remains.

A kill leaves what a process has written until then. So one run, stopped after each call, shows
what each kill would leave; states that are the same are proved once. A refused call (EIO, ENOSPC)
is answered by the living process: a child of a process that has everything loaded already is run
for each.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from tests.stores.crash_calls import (
    CALLS,
    WRITES,
    Call,
    calls_of,
    changes,
    frozen,
    killed,
    run,
    struck,
    together,
)
from tests.stores.crash_cases import Case, Machine, large_case, small_case, story_cases
from tests.stores.crash_proof import Figures, Proof
from tests.stores.crash_states import State, is_being_made

__all__ = ["Sweep", "main"]

_ERRORS = ("EIO", "ENOSPC")
_THREADS = 4
#: Of so many steps one is looked at with what a process does before it goes on.
_OPENINGS = 10
#: An entry of a journal is written, and then brought to disk.
_SYNCED = 2
#: How often what is stopped is taken back at once, too.
_BACK = {"small": 1, "consolidation": 4, "structure": 1, "mending": 4, "large": 10}
_ALL = slice(None)
#: A state, and what led to it.
_Found = tuple[State, str]
_One = TypeVar("_One")


class Sweep:
    """Interrupts one plan.

    Args:
        proof: Of its store.
    """

    def __init__(self, proof: Proof) -> None:
        self._proof = proof
        self._case = proof.case
        self._machine = proof.machine
        self._say = proof.say
        self._output = proof.output
        self._proved: set[str] = set()
        self._outcomes: set[str] = set()

    def kills(self, draw: random.Random, points: int = 0, own: slice = _ALL) -> Figures:
        """Kill after every call, and in the midst of every write; or after some calls.

        Args:
            draw: Of the points.
            points: How many; 0 for all.
            own: Which of the states are proved, where several sweeps share them.
        """
        began, figures = time.monotonic(), Figures()
        fresh = self._sampled(figures, draw, points) if points else self._all(figures)
        self._say(f"{figures.points} stops, {len(fresh)} distinct states")
        for place in range(*own.indices(len(fresh))):
            state, where = next(islice(fresh.values(), place, None))
            for wrong in self._proof.prove(state, place, figures, () if points else fresh):
                figures.failures.append(f"{where}: {wrong}")
                self._say(figures.failures[-1])
            self._progress(place, len(fresh), figures)
        figures.seconds = time.monotonic() - began
        return figures

    def refusals(
        self, draw: random.Random, points: int = 0, alike: int = 0, own: slice = _ALL
    ) -> Figures:
        """Refuse every call, or some: once each for a failing disk and a full one.

        Args:
            draw: Of the calls.
            points: How many; 0 for all.
            alike: How many of each kind at the most, the first and the last among them; 0 for all.
            own: Which of them, where several sweeps share them.
        """
        began, figures = time.monotonic(), Figures()
        found = self._by_step(self._proof.milestones(), figures)
        kinds: dict[str, list[tuple[State, Call]]] = {}
        for state, call in found:
            kinds.setdefault(call.kind, []).append((state, call))
        self._say(f"{len(found)} calls of {len(kinds)} kinds")
        if alike:
            found = [one for kind in kinds.values() for one in _some(kind, alike, draw)]
        wanted = [(state, call, error) for state, call in found for error in _ERRORS]
        if points:
            wanted = draw.sample(wanted, min(points, len(wanted)))
        for place in range(*own.indices(len(wanted))):
            state, call, error = wanted[place]
            wrong = self._refuse(state, call, error, figures)
            figures.failures += [f"{error} {call.number} {call.text}: {one}" for one in wrong]
            if wrong:
                self._say(figures.failures[-1])
            self._progress(place, len(wanted), figures)
        figures.seconds = time.monotonic() - began
        return figures

    def _by_step(self, states: Sequence[State], figures: Figures) -> list[tuple[State, Call]]:
        """Return the calls of each step, as they are made by a process that begins with it.

        To refuse one of them, nothing before the step has to be done again.
        """
        places = [str(self._case.place.folder), tempfile.gettempdir()]
        self._outcomes = {self._proof.vault.outcome(state) for state in states[1:]}
        found = []
        for number, state in enumerate(states):
            figures.failures += self._proof.prove(state, number, figures, self._outcomes)
            self._proof.vault.put_back(state)
            calls = calls_of(self._case.command, self._output, places)
            # What comes before the step is the same for all: it is looked at for some.
            is_last = number == len(states) - 1
            first = 0 if is_last or not number % _OPENINGS else _entry(calls, "begin")
            last = len(calls) if is_last else _entry(calls, "done")
            found += [(state, call) for call in calls[first : last + _SYNCED]]
        return found

    def blows(self, draw: random.Random, points: int, *, is_large: bool = False) -> Figures:
        """Kill in earnest: half of the points at calls, half at any moment, with all threads.

        A kill at a call has to leave what the stop before that call showed; to look at each takes
        too long for a large store.
        """
        began, figures = time.monotonic(), Figures()
        seen = {self._proof.begin.outline}
        if not is_large:
            figures.failures += self._frozen(
                lambda *_: seen.add(self._proof.vault.take().outline), CALLS
            )
        self._proof.restore()
        calls = calls_of(self._case.command, self._output, [str(self._case.place.folder)])
        threads, whole = self._machine.threads, self._seconds()
        for place in range(points):
            self._proof.restore()
            if place % 2:
                call = draw.choice(calls)
                where = f"killed at call {call.number} {call.text}"
                struck(self._case.command, self._output, call, "signal=KILL")
            else:
                self._machine.threads = _THREADS
                seconds = draw.uniform(0, whole)
                where = f"killed after {seconds:.4f} s"
                killed(self._case.command, self._output, seconds)
            self._machine.threads = threads
            state = self._proof.vault.take()
            if place % 2 and not is_large and state.outline not in seen:
                figures.failures.append(f"{where}: no stop showed what it left")
            figures.failures += [
                f"{where}: {wrong}" for wrong in self._proof.prove(state, place, figures)
            ]
            figures.points += 1
        figures.seconds = time.monotonic() - began
        return figures

    def races(self, points: int) -> Figures:
        """Let several processes carry the plan out at the same time: one does, once."""
        began, figures = time.monotonic(), Figures(points=points, proved=points)
        outputs = [self._output.with_name(f"output-{number}") for number in range(_THREADS)]
        for _ in range(points):
            self._proof.restore()
            earlier = self._journaled("start"), self._journaled("end")  # of plans before this one
            codes = together(self._case.command, outputs)
            for code, output in zip(codes, outputs, strict=True):
                said = output.read_text(encoding="utf-8")
                if code and (code != 3 or '"store-busy"' not in said):
                    figures.failures.append(f"exit code {code}: {said[-300:]}")
            if not codes.count(0):
                figures.failures.append("nobody wins")
            figures.codes["store-busy"] += sum(map(bool, codes))
            begun = self._journaled("start") - earlier[0], self._journaled("end") - earlier[1]
            if begun != (1, 1):
                figures.failures.append(f"begun and ended {begun} times")
            figures.failures += self._proof.is_done()
        figures.seconds = time.monotonic() - began
        return figures

    def _journaled(self, entry: str) -> int:
        files = self._case.place.folder.glob(".scorewright/journal-*.jsonl")
        return sum(file.read_text().count(f'"entry": "{entry}"') for file in files)

    def _seconds(self) -> float:
        self._proof.restore()
        began = time.monotonic()
        run(self._case.command, self._output)
        return time.monotonic() - began

    def _sampled(self, figures: Figures, draw: random.Random, points: int) -> dict[str, _Found]:
        """Take some states of one run; each stop has the same chance to be among them."""
        states: list[_Found] = []
        seen = 0

        def look(_: int, call: str) -> None:
            nonlocal seen
            if not changes(call, [str(self._case.place.folder)]):
                return
            seen += 1
            where = f"killed after call {seen} {call}"
            if len(states) < points:
                states.append((self._proof.vault.take(), where))
            elif (place := draw.randrange(seen)) < points:
                states[place] = (self._proof.vault.take(), where)

        figures.failures += self._frozen(look, CALLS)
        figures.points = len(states)
        self._say(f"{seen} calls")
        return {state.digest: (state, where) for state, where in states}

    def _all(self, figures: Figures) -> dict[str, _Found]:
        """Take all states of two runs.

        In one of them MLflow makes the new store and opens the result; in the other files are seen
        before anything is in them, too.
        """
        fresh: dict[str, _Found] = {}
        last = self._proof.begin

        def keep(state: State, where: str) -> None:
            # What MLflow makes differs in times: all that follows was seen with the same bytes.
            if not self._machine.is_whole or is_being_made(state):
                fresh.setdefault(state.digest, (state, where))

        def look(_: int, call: str) -> None:
            nonlocal last
            if not changes(call, [str(self._case.place.folder)]):
                return
            figures.points += 1
            state = self._proof.vault.take()
            where = f"call {figures.points} {call}"
            keep(state, f"killed after {where}")
            torn = self._proof.vault.tear(state, last)
            if torn is not None:
                figures.torn += 1
                keep(torn, f"killed in the midst of {where}")
            last = state

        figures.failures += self._frozen(look, CALLS)
        last, self._machine.is_whole = self._proof.begin, True
        figures.failures += self._frozen(look, WRITES)
        self._machine.is_whole = False
        return fresh

    def _frozen(self, look: Callable[[int, str], None], calls: Sequence[str]) -> list[str]:
        self._proof.restore()
        code = frozen(self._case.command, self._output, look, calls)
        wrong = self._proof.is_done()
        return [f"exit code {code}: {self._proof.said()}"] if code else wrong

    def _refuse(self, begin: State, call: Call, error: str, figures: Figures) -> list[str]:
        self._proof.vault.put_back(begin)
        code = struck(self._case.command, self._output, call, f"error={error}")
        figures.points += 1
        wrong = self._proof.judge(code, call.name, figures)
        state = self._proof.vault.take()
        if not wrong and state.digest not in self._proved:
            self._proved.add(state.digest)
            wrong = self._proof.prove(state, len(self._proved), figures, self._outcomes)
        return wrong

    def _progress(self, place: int, whole: int, figures: Figures) -> None:
        if place and not place % 100:
            self._say(
                f"{place} of {whole}, {figures.arrived} arrived, {len(figures.failures)} failures"
            )


def _entry(calls: Sequence[Call], name: str) -> int:
    """Return the place of the first call that writes such an entry of the journal."""
    wanted = re.compile(rf'entry\\": ?\\"{name}\\"')
    return next(place for place, call in enumerate(calls) if wanted.search(call.text))


def _some(calls: Sequence[_One], most: int, draw: random.Random) -> list[_One]:
    """Return the first and the last call, and some between them."""
    if len(calls) <= most:
        return list(calls)
    return [calls[0], *draw.sample(calls[1:-1], most - 2), calls[-1]]


def main() -> None:
    """Sweep over plans; exit code 1 for any failure."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("cases", nargs="*", default=["story", "large"], help="small, story, large")
    parser.add_argument("--points", type=int, default=0, help="of each kind; 0 for all")
    parser.add_argument("--alike", type=_at_least_two, default=0,
                        help="refused calls of each kind; all without")  # fmt: skip
    parser.add_argument(
        "--plans", help="of the story: consolidation, structure, mending; all without"
    )
    parser.add_argument("--kinds", default="races,blows,kills,refusals")
    parser.add_argument("--states", type=_slice, default=_ALL,
                        help="A:B, those of kills and refusals to prove; all without")  # fmt: skip
    parser.add_argument("--blows", type=int, default=20, help="processes that are really killed")
    parser.add_argument("--races", type=int, default=5, help="of four processes")
    parser.add_argument("--large-points", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=2000, help="of the large store")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--made", type=Path, default=None, help="a fresh store, for `small`")
    wish = parser.parse_args()
    seed = random.SystemRandom().randrange(1 << 32) if wish.seed is None else wish.seed
    _say(f"seed {seed}")
    with tempfile.TemporaryDirectory(prefix="scorewright-crash-") as place:
        folder = Path(place)
        machine = Machine(folder, wish.made)
        with machine.ready():
            failed = [_sweep(case, machine, wish, seed) for case in _cases(wish, folder, machine)]
    sys.exit(any(failed))


def _slice(text: str) -> slice:
    first, _, last = text.partition(":")
    return slice(int(first or 0), int(last) if last else None)


def _at_least_two(text: str) -> int:
    if (number := int(text)) < 2:
        raise argparse.ArgumentTypeError(text)
    return number


def _cases(wish: argparse.Namespace, folder: Path, machine: Machine) -> Iterator[Case]:
    if "small" in wish.cases:
        yield small_case(folder / "small", machine)
    if "story" in wish.cases:
        yield from story_cases(folder / "story")
    if "large" in wish.cases:
        yield large_case(folder / "large", wish.runs)


def _sweep(case: Case, machine: Machine, wish: argparse.Namespace, seed: int) -> bool:
    def say(text: str) -> None:
        _say(f"{time.strftime('%H:%M:%S')} {case.place.name}: {text}")

    draw, is_large = random.Random(seed), case.place.name == "large"
    with tempfile.TemporaryDirectory(prefix="scorewright-crash-vault-") as place:
        proof = Proof(case, Path(place), machine, say, _BACK[case.place.name])
        sweep = Sweep(proof)
        failed = False
        kinds: dict[str, Callable[[], Figures]] = {
            "races": lambda: sweep.races(wish.races),
            "blows": lambda: sweep.blows(draw, wish.blows, is_large=is_large),
            "kills": lambda: sweep.kills(
                draw, wish.large_points if is_large else wish.points, wish.states
            ),
            "refusals": lambda: sweep.refusals(draw, wish.points, wish.alike, wish.states),
        }
        if is_large:
            del kinds["refusals"]
        if wish.plans is not None and case.place.name not in wish.plans.split(","):
            kinds.clear()
        for kind, work in kinds.items():
            if kind not in wish.kinds.split(","):
                continue
            figures = work()
            say(f"{kind} {json.dumps(figures.to_json())}")
            failed |= bool(figures.failures)
        proof.restore()
    return failed


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
