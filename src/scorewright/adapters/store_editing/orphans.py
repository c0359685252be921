"""What a child process does first: take its arguments, and end when its parent does."""

from __future__ import annotations

import json
import os
import sys
import time
from threading import Thread
from typing import Final

__all__ = ["arguments_of_parent"]

_PAUSE_SECONDS: Final = 0.2


def arguments_of_parent() -> list[str]:
    """Read what `run_child` sends, and watch that its process lives."""
    parent, *arguments = json.loads(sys.stdin.read())
    if os.name != "nt":
        Thread(target=_watch, args=(parent,), daemon=True).start()
    return [str(argument) for argument in arguments]


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PAUSE_SECONDS)
    os._exit(1)
