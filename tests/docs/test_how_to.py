"""The how-to pages name commands, settings, error codes and files that are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from scorewright.core.project import Settings
from scorewright.entry.cli import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs/how-to").glob("*.md"))
TEXTS = {page.name: page.read_text(encoding="utf-8") for page in PAGES}
WORD = r"[a-z][a-z-]*"
WHOLE = re.MULTILINE | re.DOTALL


def code(text: str) -> Iterator[str]:
    """Yield what stands in code, blocks line by line and spans."""
    blocks = re.findall(r"^```\n(.*?)^```", text, flags=WHOLE)
    for block in blocks:
        yield from block.replace("\\\n", " ").splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=WHOLE))


def commands(text: str) -> set[tuple[str, ...]]:
    """Return the words after ``scorewright``, or after compose's service for commands."""
    found = set()
    for line in code(text):
        for words in re.findall(rf"(?:bin/|^|-- )scorewright ((?:{WORD} ?)+)", line):
            found.add(tuple(words.split()))
        for words in re.findall(rf"run --rm admin ((?:{WORD} ?)+)", line):
            found.add(tuple(words.split()))
    return found


def exists(words: tuple[str, ...]) -> bool:
    """Tell whether the words are a group, or begin with a command and go on with arguments."""
    node: Any = get_command(app)
    for word in words:
        inner = getattr(node, "commands", None)
        if inner is None:
            return True
        if word not in inner:
            return False
        node = inner[word]
    return True


def options(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    for line in code(text):
        for words, rest in re.findall(rf"(?:bin/|^|-- )scorewright ((?:{WORD} )+)(.*)", line):
            for option in re.findall(r"(?<!\S)--[a-z-]+", rest.split("  ")[0]):
                yield tuple(words.split()), option


@pytest.mark.parametrize("page", TEXTS)
def test_every_command_exists(page: str) -> None:
    found = commands(TEXTS[page])
    assert len(found) >= 2
    assert sorted(words for words in found if not exists(words)) == []


@pytest.mark.parametrize("page", TEXTS)
def test_every_option_exists(page: str) -> None:
    unknown = []
    for words, option in options(TEXTS[page]):
        node: Any = get_command(app)
        for word in words:
            node = getattr(node, "commands", {}).get(word, node)
        if option not in {name for parameter in node.params for name in parameter.opts}:
            unknown.append((" ".join(words), option))
    assert unknown == []


@pytest.mark.parametrize("page", TEXTS)
def test_every_setting_exists(page: str) -> None:
    for name in re.findall(r"`((?:serve|bundles|tracking)\.[a-z_.]+)`", TEXTS[page]):
        node: object = Settings
        for part in name.split("."):
            fields = getattr(node, "model_fields", {})
            assert part in fields, name
            node = fields[part].annotation


@pytest.mark.parametrize("page", TEXTS)
def test_every_error_code_has_a_heading(page: str) -> None:
    errors = (ROOT / "docs/reference/errors.md").read_text(encoding="utf-8")
    known = set(re.findall(r"^### `?([a-z-]+)`?$", errors, flags=re.MULTILINE))
    named = re.findall(
        r"`((?:bundle|policy|key|keys|log|secret|no|api)-[a-z]+(?:-[a-z]+)*)`", TEXTS[page]
    )
    assert len(named) > 0
    assert sorted(set(named) - known) == []


def test_every_file_of_the_repository_is_there() -> None:
    named = {
        path
        for text in TEXTS.values()
        for path in re.findall(r"`((?:deploy|tests|security|tools)/[\w./-]+)`", text)
    }
    assert len(named) > 5
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
