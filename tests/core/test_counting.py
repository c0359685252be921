from __future__ import annotations

import pytest

from scorewright.core.counting import counted


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [
        (0, "run", "0 runs"),
        (1, "run", "1 run"),
        (2310, "run", "2,310 runs"),
        (1, "alias", "1 alias"),
        (2, "alias", "2 aliases"),
        (3, "address", "3 addresses"),
    ],
)
def test_a_noun_follows_its_number(count: int, noun: str, said: str) -> None:
    assert counted(count, noun) == said
