"""Starting is quick because nothing heavy is imported before a command needs it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from scorewright.entry.cli import app

HEAVY = (
    "altair", "fastapi", "lightgbm", "mlflow", "numpy", "optuna", "pandas", "pandera", "polars",
    "scipy", "sklearn", "sqlalchemy", "vl_convert",
)  # fmt: skip


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scorewright", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def commands(node: Any, *words: str) -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, with the words that call it."""
    for name, inner in node.commands.items():
        if hasattr(inner, "commands"):
            yield from commands(inner, *words, name)
        else:
            yield " ".join((*words, name)), inner


@pytest.mark.parametrize("words", ["", "serve ", "store inventory "])
def test_help_imports_nothing_heavy(words: str) -> None:
    code = (
        f"import sys, json\nsys.argv = 'scorewright {words}--help'.split()\n"
        "from scorewright.entry.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "print('\\nMODULES ' + json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    modules = set(json.loads(done.stdout.split("MODULES ")[1]))
    assert "Usage" in done.stdout
    assert modules.isdisjoint(HEAVY)
    assert words or "pydantic" not in modules  # Typer reads the options of a command with it


def test_version() -> None:
    done = run("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("scorewright 0.")


def test_no_command_shows_the_help() -> None:
    done = run()
    assert "Usage" in done.stdout + done.stderr
    assert done.returncode == 2


def test_a_wrong_option_is_a_usage_error_without_a_traceback() -> None:
    done = run("train", "--no-such-option")
    assert done.returncode == 2
    assert "no-such-option" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_every_command_has_json_and_an_example() -> None:
    found = dict(commands(get_command(app)))
    assert {"train", "data check", "store inventory"} <= found.keys()
    for words, command in found.items():
        assert "--json" in {name for option in command.params for name in option.opts}, words
        assert f"Example: scorewright {words}" in (command.epilog or ""), words


def test_the_help_of_a_command_ends_with_its_example() -> None:
    done = run("store", "inventory", "--help")
    assert done.returncode == 0
    assert "--json" in done.stdout
    assert "Example: scorewright store inventory mlruns" in done.stdout


def test_completion_is_offered() -> None:
    done = run("--show-completion", "bash")
    assert "scorewright" in done.stdout.lower()
