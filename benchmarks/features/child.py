"""A piece of work in a process of its own, so that its CPU time and memory are its own."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.features.usage import peak_bytes, tree_cpu, tree_peak_bytes

__all__ = ["Cost", "in_child"]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a child cost, all its processes together, from the start of Python on.

    Attributes:
        cpu: User and system seconds.
        wall: Seconds.
        peak_bytes: Largest resident memory of the child itself.
        all_bytes: That of all processes that lived at its end, added up.
        result: What the work returned.
    """

    cpu: float
    wall: float
    peak_bytes: int
    all_bytes: int
    result: dict[str, Any]


def in_child(program: str, arguments: Mapping[str, Any]) -> Cost:
    """Run a function in a fresh Python.

    Args:
        program: ``package.module:function``; it takes the arguments and returns a JSON object.
        arguments: A JSON object.

    Raises:
        RuntimeError: The child failed; its last lines are in the message.
    """
    began = time.monotonic()
    module = "benchmarks.features.child"
    command = [sys.executable, "-m", module, program, json.dumps(arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall = time.monotonic() - began
    if done.returncode != 0:
        raise RuntimeError(f"{program} failed: {done.stderr[-3000:]}")
    document = json.loads(done.stdout.splitlines()[-1])
    return Cost(**{**document, "wall": wall})


def _main(program: str, arguments: str) -> None:
    """Do the work; print the cost as the last line."""
    module, _, name = program.partition(":")
    result = getattr(importlib.import_module(module), name)(json.loads(arguments))
    # An engine's processes are gone by now: what it read while they lived counts.
    cpu = max(tree_cpu(), result.pop("cpu", 0.0))
    everyone = max(tree_peak_bytes(), result.pop("all_bytes", 0))
    print(json.dumps(asdict(Cost(cpu, 0.0, peak_bytes(), everyone, result))), flush=True)
    # Spark and Ray linger at exit; everything is written.
    os._exit(0)


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2])
