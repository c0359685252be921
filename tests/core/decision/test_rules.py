"""What a rule says of itself."""

from __future__ import annotations

from scorewright.core.decision import Rule


def test_a_rule_says_what_it_does() -> None:
    assert Rule(0.1234567).sentence() == "decline from 0.123457"
    banded = Rule(0.1, 0.08, 0.15)
    assert banded.sentence(".4f") == "refer from 0.0800, decline from 0.1500 (threshold 0.1000)"
