"""Accepting a finding: one entry more, and not a character else."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from scorewright.adapters.project_files import accept_finding, load_settings
from scorewright.core.errors import UsageError

REASON = "known when the decision is made"
SHAPES = {
    "no leakage": "# the end\n",
    "empty": "",
    "defaults commented out": "[leakage]\n#max_auc = 0.95\n\n# the costs\n[costs]\nx = 1 # y\n",
    "another before": (
        '[leakage]\nmax_auc = 0.9 # high\n\n[[leakage.accept]]\ncode = "A" # why\n'
        'column = "c"\nreason = "because of it"\n\n# the costs\n[costs]\nx = 1\n'
    ),
    "last in file": '[[leakage.accept]]\ncode = "A"\ncolumn = "c"\nreason = "because of it"',
    "empty list": "[leakage]\naccept = [] # none\nmax_auc = 0.9\n[costs]\nx = 1\n",
    "list": '[leakage]\naccept = [\n  { code = "A", column = "c" }, # why\n]\n[costs]\nx = 1\n',
    "dotted": "leakage.max_auc = 0.9 # high\n[costs]\nx = 1\n",
    "inline": "leakage = { max_auc = 0.9 } # high\n[costs]\nx = 1\n",
    "apart": '[leakage]\nmax_iv = 1.0\n[costs]\nx = 1\n[[leakage.accept]]\ncode = "A"\n# end\n',
    "a note with a sharp": '[leakage]\nnote = """\n# no comment"""\n\n[costs]\nx = 1\n',
}


@pytest.mark.parametrize("shape", SHAPES)
def test_an_entry_is_added_and_all_lines_stay(tmp_path: Path, shape: str) -> None:
    # given
    file = tmp_path / "scorewright.toml"
    file.write_text(SHAPES[shape], encoding="utf-8")
    before = tomllib.loads(SHAPES[shape])

    # when
    accept_finding(file, "LEAK-002", 'in"come', f"  {REASON} ")

    # then
    text = file.read_text(encoding="utf-8")
    after = tomllib.loads(text)
    entry = {"code": "LEAK-002", "column": 'in"come', "reason": REASON}
    leakage = before.get("leakage", {})
    before["leakage"] = {**leakage, "accept": [*leakage.get("accept", []), entry]}
    assert after == before
    for comment in ("# the end", "# the costs\n[costs]", "# why", "# high", "# none", "x = 1 # y"):
        assert (comment in text) == (comment in SHAPES[shape])
    assert [p.name for p in tmp_path.iterdir()] == ["scorewright.toml"]


def test_a_commented_default_stays_in_its_own_section(tmp_path: Path) -> None:
    file = tmp_path / "scorewright.toml"
    file.write_text(SHAPES["defaults commented out"], encoding="utf-8")
    accept_finding(file, "LEAK-002", "income", REASON)
    text = file.read_text(encoding="utf-8")
    assert text.index("#max_auc") < text.index("[[leakage.accept]]") < text.index("# the costs")


def test_an_accepted_finding_loads(project: Path) -> None:
    for column in ("a", "b.c"):
        accept_finding(project, "LEAK-001", column, REASON)
    accepted = load_settings(project, project, {}).settings.leakage.accept
    assert [(a.code, a.column, a.reason) for a in accepted] == [
        ("LEAK-001", "a", REASON),
        ("LEAK-001", "b.c", REASON),
    ]


def test_windows_line_ends_stay(tmp_path: Path) -> None:
    file = tmp_path / "scorewright.toml"
    file.write_bytes(b"[leakage]\r\nmax_auc = 0.9\r\n")
    accept_finding(file, "LEAK-001", "a", REASON)
    raw = file.read_bytes()
    assert raw.count(b"\n") == raw.count(b"\r\n") > 2


def test_the_same_finding_is_not_accepted_twice(project: Path) -> None:
    accept_finding(project, "LEAK-001", "a", REASON)
    before = project.read_bytes()
    with pytest.raises(UsageError) as caught:
        accept_finding(project, "LEAK-001", "a", "another good reason")
    assert caught.value.code == "accept-duplicate"
    line = before.decode().splitlines().index("[[leakage.accept]]") + 1
    assert f"{project}:{line}" in caught.value.message
    assert project.read_bytes() == before


@pytest.mark.parametrize("reason", ["", "ok", "         x         "])
def test_a_reason_has_to_be_one(project: Path, reason: str) -> None:
    before = project.read_bytes()
    with pytest.raises(UsageError) as caught:
        accept_finding(project, "LEAK-001", "a", reason)
    assert caught.value.code == "accept-reason-short"
    assert project.read_bytes() == before


@pytest.mark.parametrize("text", ["[leakage]\naccept = 3\n", "leakage = 3\n"])
def test_what_is_no_list_cannot_be_added_to(tmp_path: Path, text: str) -> None:
    file = tmp_path / "scorewright.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        accept_finding(file, "LEAK-001", "a", REASON)
    assert caught.value.code == "config-invalid"
    assert file.read_text() == text
