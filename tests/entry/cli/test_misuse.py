"""A command line that cannot be understood is told as every other error: code, cause, remedy."""

from __future__ import annotations

import json

import pytest
from tests.entry.cli.portfolio import Cli


@pytest.mark.parametrize(
    ("arguments", "message", "remedy"),
    [
        (["trian"], "Did you mean 'train'?", "scorewright --help"),
        (["store", "shwo"], "Did you mean 'show'?", "scorewright store --help"),
        (["score"], "Missing argument 'file'", "scorewright score [OPTIONS] {file}"),
        (["score", "a.csv", "--jsn"], "--json", "scorewright score --help"),
        (["serve", "--port", "abc"], "'--port'", "scorewright serve --help"),
        (["--quiet=3"], "does not take a value", "scorewright --help"),
        (
            ["score", "a.csv", "--config", "b.toml"],
            "an option of scorewright itself",
            "scorewright --config ... score ...",
        ),
        (
            ["store", "plan", "-c", "b.toml"],
            "not of 'scorewright store plan'",
            "scorewright -c ... store plan ...",
        ),
    ],
)
def test_it_is_said_what_was_wrong_and_what_the_command_takes(
    cli: Cli, arguments: list[str], message: str, remedy: str
) -> None:
    said = cli(*arguments)
    assert (said.code, said.out) == (2, "")
    assert "error (command-line)" in said.err
    assert message in said.err
    assert remedy in said.err.partition("what to do:")[2]


def test_a_program_that_asks_for_json_gets_it(cli: Cli) -> None:
    said = cli("score", "--json")
    assert said.code == 2
    error = json.loads(said.out)["error"]
    assert (error["code"], error["message"]) == ("command-line", "Missing argument 'file'.")


@pytest.mark.parametrize("group", [[], ["store"], ["bundle"]])
def test_a_group_alone_shows_its_commands(cli: Cli, group: list[str]) -> None:
    said = cli(*group)
    assert said.code == 2
    assert "Usage: scorewright" in said.out + said.err
    assert "error" not in said.err
