"""The programs that judge the deployment files, run on a file or on several at once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

__all__ = ["DEPLOY", "ROOT", "broken", "compose_faults", "docker_faults", "kubernetes_faults"]

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program of this environment."""
    name, *rest = (str(argument) for argument in arguments)
    program = Path(sys.executable).with_name(name)
    return subprocess.run(
        [str(program), *rest], capture_output=True, text=True, check=False, timeout=240
    )


def docker_faults(*files: Path) -> dict[str, set[str]]:
    """Return the codes hadolint finds, by the name of the file."""
    done = run("hadolint", "--no-color", "--format", "json", *files)
    found: dict[str, set[str]] = {file.name: set() for file in files}
    for fault in json.loads(done.stdout):
        found[Path(fault["file"]).name].add(fault["code"])
    assert (done.returncode != 0) == any(found.values())
    return found


def compose_faults(*files: Path) -> dict[str, list[str]]:
    """Return what breaks the schema of compose files, by the name of the file."""
    schema = ("--builtin-schema", "vendor.compose-spec", "--output-format", "json")
    done = run("check-jsonschema", *schema, *files)
    said = json.loads(done.stdout)
    assert said.get("parse_errors", []) == []
    found: dict[str, list[str]] = {file.name: [] for file in files}
    for fault in said.get("errors", []):
        found[Path(fault["filename"]).name].append(f"{fault['path']}: {fault['message']}")
    assert (done.returncode != 0) == any(found.values())
    return found


def kubernetes_faults(*files: Path) -> dict[str, list[str]]:
    """Return what breaks the schemas of Kubernetes, unknown fields included."""
    done = run("kubernetes-validate", "--strict", *files)
    lines = (done.stdout + done.stderr).splitlines()
    assert sum(" passed " in line for line in lines) + done.returncode > 0
    return {
        file.name: [line for line in lines if str(file) in line and " passed " not in line]
        for file in files
    }


def broken(source: Path, target: Path, old: str, new: str) -> Path:
    """Write a copy of a file with one thing wrong."""
    text = source.read_text(encoding="utf-8")
    assert old in text, f"{source.name} has no {old!r} to break"
    target.write_text(text.replace(old, new), encoding="utf-8")
    return target
