"""The Dockerfile has no fault a linter knows, and keeps the promises of the image."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from tests.deploy.linters import DEPLOY, ROOT, broken, docker_faults

FILE = DEPLOY / "container/Dockerfile"

#: What is written in place of what, and the code of the fault it is.
BROKEN = {
    "shell-form": ('ENTRYPOINT ["/opt/scorewright/bin/scorewright"]', "ENTRYPOINT run", "DL3025"),
    "root": ("USER 10001:10001", "USER root", "DL3002"),
    "relative": ("WORKDIR /build", "WORKDIR build", "DL3000"),
    "latest": ("FROM ${BASE} AS build", "FROM python:latest AS build", "DL3007"),
    "add": ("COPY src src", "ADD src src", "DL3020"),
    "port": ("EXPOSE 8800", "EXPOSE 88000", "DL3011"),
    "twice": ('CMD ["serve"', 'CMD ["true"]\nCMD ["serve"', "DL4003"),
}


def instructions() -> list[str]:
    """Return the instructions of the file, each on one line, without comments."""
    text = re.sub(r"^\s*#.*\n", "", FILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [line.strip() for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def final_stage() -> list[str]:
    lines = instructions()
    last = max(number for number, line in enumerate(lines) if line.startswith("FROM "))
    return lines[last:]


def exec_form(keyword: str) -> list[str]:
    """Return the words of an instruction that must not need a shell."""
    (line,) = (line for line in final_stage() if line.startswith(f"{keyword} "))
    words = json.loads(line[line.index("[") :])
    assert all(isinstance(word, str) for word in words)
    return list(words)


def test_hadolint_finds_nothing() -> None:
    assert docker_faults(FILE) == {"Dockerfile": set()}


def test_hadolint_would_find_what_is_broken(tmp_path: Path) -> None:
    # Given copies with one thing wrong each, when they are judged together
    copies = [
        broken(FILE, tmp_path / name, old, new).resolve() for name, (old, new, _) in BROKEN.items()
    ]
    found = docker_faults(*copies)
    # Then each fault is found
    wanted = {name: code for name, (_, _, code) in BROKEN.items()}
    assert {name: code for name, code in wanted.items() if code not in found[name]} == {}


def test_no_linter_is_told_to_look_away() -> None:
    assert "hadolint ignore" not in FILE.read_text(encoding="utf-8")


def test_the_final_stage_only_copies() -> None:
    keywords = {line.split()[0] for line in final_stage()}
    assert "RUN" not in keywords
    assert "ADD" not in keywords
    assert "VOLUME" not in keywords


def test_it_runs_as_nobody_special_and_without_a_shell() -> None:
    stage = final_stage()
    assert "USER 10001:10001" in stage
    assert "STOPSIGNAL SIGTERM" in stage
    assert exec_form("ENTRYPOINT") == ["/opt/scorewright/bin/scorewright"]
    assert exec_form("CMD")[0] == "serve"
    assert exec_form("HEALTHCHECK")[-1] == "/opt/scorewright/probe.py"


def test_every_stage_stands_on_the_base_that_can_be_pinned() -> None:
    froms = [line for line in instructions() if line.startswith("FROM ")]
    assert [line.split()[1] for line in froms] == ["${BASE}", "${BASE}"]
    assert instructions()[0].startswith("ARG BASE=")


def test_what_is_installed_comes_from_the_lock_file() -> None:
    lines = [line for line in instructions() if " sync " in line]
    assert all("--frozen --no-dev --no-" in line for line in lines)
    assert "--no-editable" in lines[-1]
    # And the bill of materials is made of the same.
    extras, *others = [re.findall(r"--extra \w+", line) for line in lines]
    assert others == [extras]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"SHIPPED := {' '.join(extras)}\n" in makefile


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("deploy/container/Dockerfile", r"ARG VERSION=(.+)"),
        ("deploy/compose/compose.yaml", r"SCOREWRIGHT_IMAGE:-localhost/scorewright:(.+)\}"),
        ("deploy/kubernetes/kustomization.yaml", r"newTag: (.+)"),
        ("Makefile", r"IMAGE \?= localhost/scorewright:(.+)"),
    ],
)
def test_every_file_names_the_version_of_the_project(file: str, pattern: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert re.findall(pattern, (ROOT / file).read_text(encoding="utf-8")) == [project["version"]]


def test_only_what_is_needed_enters_the_build() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    copied = {
        part
        for line in instructions()
        if line.startswith("COPY ") and "--from" not in line
        for part in line.split()[1:-1]
    }
    allowed = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert all(any(part.startswith(rule) for rule in allowed) for part in copied)
    assert allowed == {
        "src",
        "pyproject.toml",
        "uv.lock",
        "README.md",
        "LICENSE",
        "deploy/container",
    }
