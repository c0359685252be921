"""Interrupts that a library answered with an error of its own."""

from scorewright.adapters.interrupts.behind import interrupt_behind

__all__ = ["interrupt_behind"]
