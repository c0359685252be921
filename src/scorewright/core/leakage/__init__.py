"""Columns and rows that know the outcome before they should."""

from __future__ import annotations

from scorewright.core.leakage.accepting import refuse_unknown
from scorewright.core.leakage.controls import adversarial_finding, shuffled_label_finding
from scorewright.core.leakage.limits import LeakageLimits
from scorewright.core.leakage.screening import screen
from scorewright.core.leakage.settling import Acceptance, Settled, settle

__all__ = [
    "Acceptance",
    "LeakageLimits",
    "Settled",
    "adversarial_finding",
    "refuse_unknown",
    "screen",
    "settle",
    "shuffled_label_finding",
]
