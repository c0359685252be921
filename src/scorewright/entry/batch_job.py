"""The program that scores one batch: ``python -m scorewright.entry.batch_job``.

Its task comes as one line of JSON on standard input; when that input ends, the service has ended
and so does this process. It may be killed by what it reads; the service lives on.
"""

from __future__ import annotations

import json
import os
import sys
import threading

from scorewright.wiring.batches import run_batch
from scorewright.wiring.children import bound

__all__ = ["main"]

#: Bytes of address space. Libraries reserve far more than they use.
ADDRESS_SPACE = 12 * 1024**3
#: Bytes of memory that is really written to.
DATA = 2 * 1024**3
NICENESS = 5


def main() -> int:
    """Score one batch.

    Returns:
        0 when a report was written, of whatever kind.
    """
    bound(ADDRESS_SPACE, data=DATA, niceness=NICENESS)
    os.umask(0o077)
    task = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_the_service, daemon=True).start()
    run_batch(task)
    return 0


def _end_with_the_service() -> None:
    while os.read(0, 4_096):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
