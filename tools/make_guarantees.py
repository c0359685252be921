"""Write the page of promises from a test run: promise, test, figure.

    pytest -o junit_family=xunit1 --junitxml=run.xml ...
    python tools/make_guarantees.py run.xml [more.xml ...] [--output docs/guarantees.md]
    python tools/make_guarantees.py --tests        # the tests that write figures, one a line

A figure stands on the page only if a test of these runs wrote it and passed.
"""

from __future__ import annotations

import argparse
import ast
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Figure", "figures_of", "main", "page", "read_promises", "tests_with_figures"]

ROOT = Path(__file__).resolve().parents[1]
PROMISES = Path(__file__).with_name("guarantees.toml")
PAGE = ROOT / "docs" / "guarantees.md"
PROPERTY = "guarantee"
INTRODUCTION = """\
# What is promised, and measured

Each promise of the scoring service has a test; the figure is what that test wrote when it ran.
This page is made by `make guarantees` from the report of a test run and is not edited by hand.
"""
MISSING = """\
## Not measured in this run

Promises for which no test of this run wrote a figure: it was left out, needs more than the
machine had, or writes none yet.
"""

Groups = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Figure:
    """What a test measured.

    Attributes:
        promise: Id of the promise.
        text: The figure, in words.
        test: Where the test is, ``tests/x/test_y.py::test_z``.
        day: When it ran, ``YYYY-MM-DD``.
    """

    promise: str
    text: str
    test: str
    day: str


def read_promises(file: Path) -> Groups:
    """Return title -> (id -> promise), in the order of the file."""
    document = tomllib.loads(file.read_text(encoding="utf-8"))
    return {group["title"]: group["promises"] for group in document["group"]}


def figures_of(report: Path) -> Iterator[Figure]:
    """Yield the figures of a JUnit report; tests that failed or were skipped have none.

    Raises:
        ValueError: A figure without the id of its promise.
    """
    for suite in ET.parse(report).iter("testsuite"):  # noqa: S314 - pytest wrote it
        day = suite.get("timestamp", "")[:10]
        for case in suite.iter("testcase"):
            if any(case.find(end) is not None for end in ("failure", "error", "skipped")):
                continue
            for found in case.iter("property"):
                if found.get("name") == PROPERTY:
                    yield _figure(found.get("value", ""), _test(case), day)


def _figure(value: str, test: str, day: str) -> Figure:
    promise, colon, text = value.partition(":")
    if not colon or not text.strip():
        raise ValueError(f"{test} wrote {value!r}; expected 'ID: FIGURE'")
    return Figure(promise.strip(), text.strip(), test, day)


def _test(case: ET.Element) -> str:
    """Return where a test is, from the dotted name that the report has."""
    parts = case.get("classname", "").split(".")
    path = [part for part in parts if not part[:1].isupper()]
    classes = [part for part in parts if part[:1].isupper()]
    return "::".join([f"{'/'.join(path)}.py", *classes, case.get("name", "")])


def tests_with_figures(folder: Path) -> Iterator[str]:
    """Yield the tests below a folder that write a figure, as pytest names them."""
    for file in sorted(folder.rglob("test_*.py")):
        text = file.read_text(encoding="utf-8")
        if f'"{PROPERTY}"' not in text:
            continue
        place = file.relative_to(folder.parent).as_posix()
        yield from (f"{place}::{name}" for name in _writers(ast.parse(text).body))


def _writers(nodes: Iterable[ast.stmt]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}::{name}" for name in _writers(node.body))
        elif isinstance(node, ast.FunctionDef) and any(map(_is_figure, ast.walk(node))):
            yield node.name


def _is_figure(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != "record_property":
        return False
    return isinstance(node.args[0], ast.Constant) and node.args[0].value == PROPERTY


def page(groups: Groups, figures: Iterable[Figure]) -> str:
    """Return the page.

    Raises:
        ValueError: A figure of a promise that is not there.
    """
    given = _joined(figures)
    known = {promise for promises in groups.values() for promise in promises}
    if strange := sorted({f"{f.promise} ({f.test})" for f in given if f.promise not in known}):
        raise ValueError(f"no such promise in {PROMISES.name}: {', '.join(strange)}")
    parts = [INTRODUCTION]
    missing: list[str] = []
    for title, promises in groups.items():
        rows = [(text, f) for name, text in promises.items() for f in given if f.promise == name]
        if rows:
            parts += [f"## {title}\n", _table(rows)]
        measured = {figure.promise for _, figure in rows}
        missing += [f"- {text}.\n" for name, text in promises.items() if name not in measured]
    if missing:
        parts += [MISSING, "".join(missing)]
    return "\n".join(parts)


def _joined(figures: Iterable[Figure]) -> list[Figure]:
    """Make one figure of those that one test wrote with several parameters."""
    texts: dict[tuple[str, str], list[str]] = {}
    days: dict[tuple[str, str], str] = {}
    for figure in figures:
        place = (figure.promise, figure.test.partition("[")[0])
        texts.setdefault(place, []).append(figure.text)
        days[place] = max(days.get(place, ""), figure.day)
    return [
        Figure(promise, "; ".join(sorted(set(of))), test, days[promise, test])
        for (promise, test), of in sorted(texts.items())
    ]


def _table(rows: Sequence[tuple[str, Figure]]) -> str:
    lines = ["| promise | figure | test | measured |", "|---|---|---|---|"]
    lines += [
        f"| {_cell(text)} | {_cell(figure.text)} | `{_cell(figure.test)}` | {figure.day} |"
        for text, figure in rows
    ]
    return "\n".join([*lines, ""])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main(arguments: Sequence[str]) -> int:
    """Write the page; return the exit code."""
    parser = argparse.ArgumentParser(description="Write the page of promises from a test run.")
    parser.add_argument("reports", nargs="*", type=Path, help="of pytest --junitxml")
    parser.add_argument("--output", type=Path, default=PAGE)
    parser.add_argument("--tests", action="store_true", help="name the tests that write figures")
    options = parser.parse_args(arguments)
    if options.tests:
        sys.stdout.writelines(f"{test}\n" for test in tests_with_figures(ROOT / "tests"))
        return 0
    try:
        figures = [figure for report in options.reports for figure in figures_of(report)]
        text = page(read_promises(PROMISES), figures)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    options.output.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(figures)} figures in {options.output}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
