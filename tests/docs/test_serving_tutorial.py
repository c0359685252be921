"""The tutorial on serving is run as it stands, and says what the program says."""

from __future__ import annotations

import shutil

import pytest
from tests.docs.walking import Shell, walk

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not (shutil.which("bash") and shutil.which("curl")), reason="bash or curl is missing"
    ),
]


def test_the_tutorial_on_serving_runs_as_it_stands(shell: Shell) -> None:
    walked = walk("serving.md", shell)
    assert (walked.ran, walked.compared, walked.served) == (14, 13, 3)
