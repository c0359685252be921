"""Finds the interrupt behind an error.

Ctrl-C may arrive inside a transaction of a database. Closing it then raises an error, and what
Python shows is that error instead of the interrupt.
"""

from __future__ import annotations

__all__ = ["interrupt_behind"]


def interrupt_behind(
    error: BaseException, before: BaseException | None = None
) -> KeyboardInterrupt | SystemExit | None:
    """Return the interrupt during which an error was raised, None where there was none.

    Args:
        error: What was caught.
        before: What was being handled before the work began: an interrupt that is known
            already, such as that of a run which is being ended, is not found again.
    """
    seen: set[int] = set() if before is None else {id(before)}
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        if isinstance(one, KeyboardInterrupt | SystemExit):
            return one
        seen.add(id(one))
        waiting += [one.__context__, one.__cause__]
    return None
