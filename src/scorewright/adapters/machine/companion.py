"""A process beside this one, that ends with it and is started again when it dies."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

__all__ = ["start_companion"]

KEEPER = (sys.executable, "-P", "-m", "scorewright.entry.keep")


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
