"""The page of promises holds what tests of a run wrote, and nothing else."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "tools" / "make_guarantees.py"
GROUPS = {"Log": {"killed": "A killed process loses nothing", "once": "One key, one decision"}}
TESTS = """
import pytest

def test_measured(record_property):
    record_property("guarantee", "killed: 12 kills | 0 lost")
    record_property("other", "x")

def test_failed(record_property):
    record_property("guarantee", "once: 5 requests")
    assert False

@pytest.mark.skip
def test_left_out(): ...

class TestIt:
    def test_inside(self, record_property):
        record_property("guarantee", "killed: again 3")
"""


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_guarantees", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a real run."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "test_some.py").write_text(TESTS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0"]
    command += ["-p", "no:cacheprovider", "-o", "junit_family=xunit1"]
    options = ["--rootdir", str(folder), "-c", "/dev/null", "--junitxml", "run.xml"]
    subprocess.run(
        [*command, *options, "test_some.py"], cwd=folder, check=False, capture_output=True
    )
    return folder / "run.xml"


def test_figures_are_those_of_tests_that_passed(tool: ModuleType, report: Path) -> None:
    found = sorted((f.promise, f.text, f.test) for f in tool.figures_of(report))
    assert found == [
        ("killed", "12 kills | 0 lost", "test_some.py::test_measured"),
        ("killed", "again 3", "test_some.py::TestIt::test_inside"),
    ]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", f.day) for f in tool.figures_of(report))


def test_the_page_says_what_was_not_measured(tool: ModuleType, report: Path) -> None:
    text = tool.page(GROUPS, tool.figures_of(report))
    assert "| A killed process loses nothing | 12 kills \\| 0 lost | `test_some.py::" in text
    measured, _, missing = text.partition("## Not measured")
    assert "One key" not in measured
    assert missing.strip().endswith("- One key, one decision.")
    assert "## Not measured" not in tool.page({"Log": {"killed": "x"}}, tool.figures_of(report))


@pytest.mark.parametrize("value", ["nothing", "killed:", "killed:  "])
def test_a_figure_has_its_promise(tool: ModuleType, tmp_path: Path, value: str) -> None:
    file = tmp_path / "run.xml"
    property_ = f'<property name="guarantee" value="{value}"/>'
    file.write_text(
        '<testsuites><testsuite timestamp="2026-11-21T10:00:00"><testcase classname="tests.a"'
        f' name="t"><properties>{property_}</properties></testcase></testsuite></testsuites>'
    )
    assert tool.main([str(file), "--output", str(tmp_path / "page.md")]) == 1
    assert not (tmp_path / "page.md").exists()


def test_an_unknown_promise_is_refused(tool: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"no such promise.*stranger \(t\)"):
        tool.page(GROUPS, [tool.Figure("stranger", "1", "t", "2026-11-21")])


def test_the_tests_that_write_figures_are_named(tool: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "test_other.py").write_text("def test_it(): ...", encoding="utf-8")
    assert [name.partition("/")[2] for name in tool.tests_with_figures(tmp_path)] == [
        "test_some.py::test_measured", "test_some.py::test_failed",
        "test_some.py::TestIt::test_inside",
    ]  # fmt: skip


def test_every_promise_has_a_test_that_writes_its_figure(tool: ModuleType) -> None:
    text = "".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    for promises in tool.read_promises(ROOT / "tools" / "guarantees.toml").values():
        assert [name for name in promises if f'"{name}: ' not in text] == []


def test_every_figure_that_tests_write_has_its_promise(tool: ModuleType) -> None:
    groups = tool.read_promises(ROOT / "tools" / "guarantees.toml")
    known = {promise for promises in groups.values() for promise in promises}
    wrote = re.compile(r'record_property\(\s*"guarantee",\s*f?"([a-z-]+):')
    named = {
        name
        for file in (ROOT / "tests").rglob("*.py")
        if file != Path(__file__)
        for name in wrote.findall(file.read_text(encoding="utf-8"))
    }
    assert named
    assert named <= known
