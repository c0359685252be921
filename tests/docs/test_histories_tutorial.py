"""The tutorial on histories is run as it stands, and says what the program says."""

from __future__ import annotations

import json
import shutil

import polars as pl
import pytest
from tests.docs.walking import Shell, walk

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not (shutil.which("bash") and shutil.which("curl")), reason="bash or curl is missing"
    ),
]


def test_the_tutorial_on_histories_runs_as_it_stands(shell: Shell) -> None:
    walked = walk("histories.md", shell)
    assert (walked.ran, walked.compared, walked.served) == (9, 8, 1)
    # The page says that file and service agree: to the last digit
    scored = pl.read_csv(shell.folder / "scored.csv")
    assert scored["decision"].to_list() == ["approve", "decline"]
    assert json.loads(walked.output)["pd"] == scored["pd"][1]
