"""Starting is quick because nothing heavy is imported before a command needs it."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = (
    "altair", "fastapi", "lightgbm", "mlflow", "numpy", "pandas", "pandera", "polars",
    "pydantic", "scipy", "sklearn", "vl_convert",
)  # fmt: skip


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scorewright", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, json\nsys.argv = ['scorewright', '--help']\n"
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
    for command in (
        ["init"], ["train"], ["score"], ["serve"], ["doctor"], ["ui"], ["demo"],
        ["data", "check"], ["data", "accept"], ["bundle", "inspect"], ["bundle", "verify"],
    ):  # fmt: skip
        done = run(*command, "--help")
        assert done.returncode == 0, command
        assert "--json" in done.stdout, command
        assert "Example" in done.stdout, command


def test_completion_is_offered() -> None:
    done = run("--show-completion", "bash")
    assert "scorewright" in done.stdout.lower()
