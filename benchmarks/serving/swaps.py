"""How soon one client is answered while the deployed bundle changes again and again."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np

from benchmarks.reference_model import Reference
from benchmarks.serving.client import HOST, asked, serving
from benchmarks.serving.ours import Swapping, loads, server, swapping
from benchmarks.serving.process import NotMeasuredError

__all__ = ["swaps"]

#: Every swap is proved in a child first, so the seconds may end before the swaps do.
SWAPS, SECONDS, QUIET_SECONDS = 200, 45.0, 2.0


def swaps(made: Reference) -> None:
    """Measure one service without swaps, and with them."""
    with swapping(made) as project:
        started = server(project.settings, loads(made)[:1])
        requests = started.loads[0].requests
        try:
            with (
                serving(started) as (running, _),
                socket.create_connection((HOST, started.port)) as connection,
            ):
                _tell("without swaps", _quiet(connection, requests), running.memory()[0])
                done, seconds, answered = _swapped(project, connection, requests)
                label = f"while {done} swaps of the reference model happen"
                _tell(label, seconds, running.memory()[0])
        except NotMeasuredError as error:
            print(f"swaps: not measured: {error}")
            return
    mixed = len(answered) - len({bundle for bundle, _ in answered})
    print(
        f"{len(seconds)} answers 200 with {len(answered)} pairs of bundle and policy, {mixed} mixed"
    )


def _quiet(connection: socket.socket, requests: Sequence[bytes]) -> list[float]:
    return [seconds for seconds, _ in _answers(connection, requests, QUIET_SECONDS)]


def _swapped(
    project: Swapping, connection: socket.socket, requests: Sequence[bytes]
) -> tuple[int, list[float], set[tuple[str, str]]]:
    """Deploy the other bundle whenever the last one answers.

    Returns:
        How many swaps were seen, the seconds of all answers, and the pairs of bundle and policy.
    """
    done, seconds, answered = 0, [], set()
    for took, body in _answers(connection, requests, SECONDS):
        seconds.append(took)
        said = json.loads(body)
        answered.add((said["model"]["bundle"], said["policy"]["digest"]))
        if said["model"]["bundle"] == project.deployed:
            done += 1
            if done > SWAPS:
                break
            project.swap()
    return done - 1, seconds, answered  # the first one answered from the start


def _answers(
    connection: socket.socket, requests: Sequence[bytes], limit: float
) -> Iterator[tuple[float, bytes]]:
    """Ask without a pause for some seconds; give seconds and body of each answer."""
    until = time.perf_counter() + limit
    for number in count():
        began = time.perf_counter()
        if began > until:
            return
        answer = asked(connection, requests[number % len(requests)])
        yield time.perf_counter() - began, answer.partition(b"\r\n\r\n")[2]


def _tell(label: str, seconds: Sequence[float], memory: float) -> None:
    p50, p99, worst = (float(np.quantile(seconds, q)) * 1e3 for q in (0.5, 0.99, 1.0))
    print(
        f"one client {label}: p50 {p50:.2f} ms, p99 {p99:.2f} ms, longest {worst:.0f} ms, "
        f"{len(seconds)} requests; {memory / 1e6:.0f} MB"
    )
