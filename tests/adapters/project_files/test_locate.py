"""Places of keys in TOML texts, against texts whose places are known and generated ones."""

from __future__ import annotations

import tomllib
from typing import Any

import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewright.adapters.project_files.locate import KeyPath, outline

TEXT = '''# comment with = and [brackets]
[project]
name = "a" # trailing [x]
"odd key".inner = 1

  [tables.loans]
files = [
    "one.csv", # ] not the end
    "two.csv",
]
note = """
[not.a.header]
x = 1 \\""" quoted
"""
raw = \'\'\'
[nor.this]\'\'\'

[data]
params = { num_leaves = 3, deep = { er = [1, 2] } }
when = 1979-05-27 07:32:00

[[leakage.accept]]
code = "A"
[[leakage.accept]]
code = "B"
[leakage.accept.more]
x = 1
[ "a.b" . 'c d' ]
y = true
'''


def test_every_kind_of_key_is_found_where_it_stands() -> None:
    # given a text with all the shapes TOML has
    tomllib.loads(TEXT)

    # when
    found = outline(TEXT).positions

    # then
    expected: dict[KeyPath, tuple[int, int]] = {
        ("project",): (2, 1),
        ("project", "name"): (3, 1),
        ("project", "odd key", "inner"): (4, 1),
        ("tables", "loans"): (6, 3),
        ("tables", "loans", "files"): (7, 1),
        ("tables", "loans", "files", 1): (9, 5),
        ("tables", "loans", "note"): (11, 1),
        ("tables", "loans", "raw"): (15, 1),
        ("data",): (18, 1),
        ("data", "params", "num_leaves"): (19, 12),
        ("data", "params", "deep", "er", 1): (19, 46),
        ("data", "when"): (20, 1),
        ("leakage", "accept", 0): (22, 1),
        ("leakage", "accept", 0, "code"): (23, 1),
        ("leakage", "accept", 1): (24, 1),
        ("leakage", "accept", 1, "code"): (25, 1),
        ("leakage", "accept", 1, "more", "x"): (27, 1),
        ("a.b", "c d", "y"): (29, 1),
    }
    assert {path: (found[path].line, found[path].column) for path in expected} == expected
    assert ("not", "a", "header") not in found
    assert ("nor", "this") not in found


def test_what_is_missing_is_placed_at_what_contains_it() -> None:
    found = outline("[project]\nname = 'x'\n\n[data]\n")
    assert found.nearest(("data", "target")).line == 4
    assert found.nearest(("nowhere", "x")).line == 1


def test_windows_line_ends_do_not_move_places() -> None:
    found = outline("[a]\r\nb = 1\r\n# c\r\nd = 2\r\n")
    assert (found.nearest(("a", "d")).line, found.nearest(("a", "d")).column) == (4, 1)


def _paths(value: Any, path: KeyPath = ()) -> list[KeyPath]:
    here = [path] if path else []
    if isinstance(value, dict):
        return here + [p for key, inner in value.items() for p in _paths(inner, (*path, key))]
    if isinstance(value, list):
        return here + [p for n, inner in enumerate(value) for p in _paths(inner, (*path, n))]
    return here


SCALARS = st.one_of(st.booleans(), st.integers(-1000, 1000), st.text(max_size=8))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
def test_every_path_of_any_document_is_found_on_a_line_that_names_it(data: dict[str, Any]) -> None:
    # given a document written by another library
    text = tomlkit.dumps(data)

    # when
    found = outline(text).positions
    lines = text.replace("\r\n", "\n").split("\n")

    # then every key and element of the parsed document has a place, and nothing else has one
    assert set(found) == set(_paths(tomllib.loads(text)))
    for path, place in found.items():
        if isinstance(path[-1], str):
            assert tomlkit.key(path[-1]).as_string() in lines[place.line - 1]
