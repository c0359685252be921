"""Processes beside this one, that end with it, however it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO

__all__ = ["accompanied", "start_companion"]

KEEPER = (sys.executable, "-P", "-m", "scorewright.entry.keep")
#: A program that is asked to end may take so long, and its keeper a little longer.
PATIENCE, STOP_SECONDS = 10.0, 10.0


@contextmanager
def accompanied(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    out: BinaryIO | int | None = None,
    error: BinaryIO | int | None = None,
    patience: float = PATIENCE,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program, which ends with the block or with this process, and all it started with it.

    Its keeper reads a pipe into which nothing is written. The system closes the other end when
    this process ends, however it ends. The program is in a session of its own: Ctrl-C is for
    this process alone.

    Args:
        command: The program; its standard input is empty.
        environment: Its environment; this process's if not given.
        out: Where its standard output goes; where this process's goes if not given.
        error: Where its standard error goes, likewise.
        patience: Seconds it has to end when it is asked to.

    Yields:
        Its keeper, which ends when it ends, with its code; ending it asks the program to end.
    """
    keeper = subprocess.Popen(  # noqa: S603 - our own program
        [*KEEPER, "--once", str(patience), *command],
        env=environment, stdin=subprocess.PIPE, stdout=out, stderr=error, start_new_session=True,
    )  # fmt: skip
    try:
        yield keeper
    finally:
        assert keeper.stdin is not None  # noqa: S101 - it is a pipe
        keeper.stdin.close()
        try:
            keeper.wait(patience + STOP_SECONDS)
        except subprocess.TimeoutExpired:
            keeper.kill()
            keeper.wait()


def start_companion(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a process that lives as long as this one.

    Its standard input is a pipe into which nothing is written. The system closes the other end
    when this process ends, however it ends; that end survives ``exec``, so what this process
    becomes is accompanied just as well.

    Args:
        command: The program; it says what it has to say on standard error.

    Returns:
        The process that keeps it alive.
    """
    theirs, ours = os.pipe()
    try:
        keeper = subprocess.Popen(  # noqa: S603 - our own program
            [*KEEPER, *command],
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the service; this ends after it
        )
    except OSError:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    os.set_inheritable(ours, True)  # noqa: FBT003 - the signature of the standard library
    return keeper
