"""The tutorial and the README are run as they stand, and say what the program says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest
from tests.docs.walking import ROOT, Shell, blocks, require_said, walk

README = ROOT / "README.md"
SOUTH_GERMAN = ROOT.parent / "shared" / "data" / "south_german" / "SouthGermanCredit.asc"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not (shutil.which("bash") and shutil.which("curl")), reason="bash or curl is missing"
    ),
]


def test_the_tutorial_runs_as_it_stands(shell: Shell) -> None:
    walked = walk("own-data.md", shell)
    assert (walked.ran, walked.compared, walked.served) == (10, 9, 1)


def own_data_section(text: str) -> str:
    """Return what the README says between this heading and the next."""
    return text.split("\n## Five minutes with your own data\n")[1].partition("\n## ")[0]


def readme_commands() -> Iterator[str]:
    """Yield the README's commands; those that make the environment are the reader's."""
    for block in blocks(own_data_section(README.read_text(encoding="utf-8"))):
        lines = [line for line in block.body.splitlines() if not line.startswith(("source", "pip"))]
        if not block.kind and lines and lines[0].startswith(("scorewright", "curl")):
            whole = lines[0].startswith("curl")
            yield from ["\n".join(lines)] if whole else lines


@pytest.mark.skipif(not SOUTH_GERMAN.exists(), reason="the South German set is not beside the repo")
def test_the_readme_runs_as_it_stands(shell: Shell) -> None:
    shutil.copy(SOUTH_GERMAN, shell.folder)
    shown = [
        block.body
        for block in blocks(own_data_section(README.read_text(encoding="utf-8")))
        if block.body.startswith("LEAK-")
    ]
    answer = ""
    for command in readme_commands():
        if command.startswith("scorewright serve"):
            shell.serve(command)
        elif command == "scorewright data check":
            output = shell.run(f"{command} --json", exit_code=1)
            for finding in json.loads(output)["leakage"]["open"]:
                said = [finding["code"], finding["severity"], finding["subject"]]
                require_said("\n".join([*said, finding["message"]]), shown.pop(0))
        else:
            answer = shell.run(command)
    assert shown == []
    promised = next(
        block.body
        for block in blocks(own_data_section(README.read_text(encoding="utf-8")))
        if block.kind == "json"
    )
    assert json.loads(promised).keys() == json.loads(answer).keys()
    assert json.loads(promised)["decision"] == json.loads(answer)["decision"]
    assert json.loads(promised)["pd"] == pytest.approx(json.loads(answer)["pd"], abs=0.02)
