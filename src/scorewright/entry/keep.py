"""Run a program until standard input closes: ``python -m scorewright.entry.keep ...``.

It is started again whenever it ends. With ``--once SECONDS`` before it, it is not: this process
ends with it, and ends whatever it started, which has so long to end by itself.

Nothing but the standard library is imported: this process only waits.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

__all__ = ["accompany", "keep"]

LOOK_SECONDS = 0.5
STOP_SECONDS = 3.0
POLL_SECONDS = 0.1
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
#: Whoever lived this long did not die of its beginning.
LIVED_SECONDS = 60.0


def keep(command: Sequence[str], over: threading.Event) -> None:
    """Start a program, again whenever it ends, later each time it ends soon.

    Args:
        command: The program; it shares this process's standard input.
        over: Set when it shall end.
    """
    wait = FIRST_WAIT
    while not over.is_set():
        began = time.monotonic()
        with subprocess.Popen(command) as child:  # noqa: S603 - our own program
            while child.poll() is None and not over.wait(LOOK_SECONDS):
                pass
            _end(child)
        wait = (
            FIRST_WAIT if time.monotonic() - began > LIVED_SECONDS else min(wait * 2, LONGEST_WAIT)
        )
        over.wait(wait)


def accompany(command: Sequence[str], over: threading.Event, seconds: float) -> int:
    """Run a program once; all that it started ends with it.

    Args:
        command: The program, in a session of its own.
        over: Set when it shall end.
        seconds: How long they have to end when they are asked to.

    Returns:
        The program's exit code; 128 and the signal's number where a signal ended it.
    """
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdin=subprocess.DEVNULL, start_new_session=True
    ) as child:
        while child.poll() is None and not over.wait(POLL_SECONDS):
            pass
        _end_group(child, seconds)
        code = child.wait()
    return code if code >= 0 else 128 - code


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the program; it saw its standard input close and mostly ends by itself."""
    for end in (child.terminate, child.kill):
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            end()


def _end_group(child: subprocess.Popen[bytes], seconds: float) -> None:
    """Ask a program and the processes it started to end, then make them."""
    if sys.platform == "win32":
        child.terminate()
        return
    if not _signalled(child, signal.SIGTERM):
        return
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        child.poll()  # a process nobody waited for still counts as one of the group
        if not _signalled(child, 0):
            return
        time.sleep(POLL_SECONDS)
    _signalled(child, signal.SIGKILL)


def _signalled(child: subprocess.Popen[bytes], number: int) -> bool:
    """Signal the program's whole group; return whether anybody was left to hear it."""
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return False
    return True


def _listen(over: threading.Event) -> None:
    """Wait until nobody holds the other end of standard input any more."""
    while os.read(0, 1):  # not sys.stdin: a thread that reads it does not let Python end
        pass
    over.set()


def main() -> int:
    """Keep the program named on the command line; return what this process ends with."""
    over = threading.Event()
    threading.Thread(target=_listen, args=(over,), daemon=True).start()
    if sys.argv[1] == "--once":
        signal.signal(signal.SIGTERM, lambda *_: over.set())
        return accompany(sys.argv[3:], over, float(sys.argv[2]))
    keep(sys.argv[1:], over)
    return 0


if __name__ == "__main__":
    sys.exit(main())
