"""Keep a program running until standard input closes: ``python -m scorewright.entry.keep ...``.

Nothing but the standard library is imported: this process only waits.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Sequence

__all__ = ["keep"]

LOOK_SECONDS = 0.5
STOP_SECONDS = 3.0
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


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the program; it saw its standard input close and mostly ends by itself."""
    for end in (child.terminate, child.kill):
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            end()


def _listen(over: threading.Event) -> None:
    """Wait until nobody holds the other end of standard input any more."""
    while sys.stdin.buffer.read(1):
        pass
    over.set()


def main() -> None:
    """Keep the program named on the command line."""
    over = threading.Event()
    threading.Thread(target=_listen, args=(over,), daemon=True).start()
    keep(sys.argv[1:], over)


if __name__ == "__main__":
    main()
