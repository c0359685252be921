"""What the service says when it starts: by which rules it will decide."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy, Rule
from scorewright.entry.service.__main__ import decides, ready


@pytest.fixture
def plain(bundle: Bundle, policy_for: Callable[..., Policy]) -> Policy:
    return policy_for(bundle)


def test_a_plain_policy_declines_from_its_threshold(plain: Policy) -> None:
    assert decides(plain) == "by PD, decline from 0.3000"


def test_a_band_is_said(plain: Policy) -> None:
    said = decides(replace(plain, refer_from=0.2, refer_to=0.4))
    assert said == "by PD, refer from 0.2000, decline from 0.4000 (threshold 0.3000)"


def test_segments_are_said(plain: Policy) -> None:
    one = replace(plain, segment_column="channel", segments={"web": Rule(0.1)})
    assert decides(one).endswith("; 1 value has a rule of its own by 'channel'")
    two = replace(one, segments={"web": Rule(0.1), "shop": Rule(0.2)})
    assert decides(two).endswith("; 2 values have rules of their own by 'channel'")


def test_the_line_for_programs_names_band_and_segments(plain: Policy) -> None:
    changed = replace(
        plain, refer_from=0.2, refer_to=0.4, segment_column="channel", segments={"web": Rule(0.1)}
    )
    line = json.loads(json.dumps(ready("http://127.0.0.1:1", "d" * 64, changed)))
    assert (line["threshold"], line["refer_from"], line["refer_to"]) == (0.3, 0.2, 0.4)
    assert (line["segment_column"], line["segment_rules"]) == ("channel", 1)
    assert ready("u", "d", plain)["refer_from"] is None
