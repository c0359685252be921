"""Rules that are suggested lead to every place that was found again."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scorewright.core.snapshot import Address, RootRule, parse_address, resolve, suggest_rules

_PART = st.sampled_from(["a", "b", "mlruns", "1", "2", ".trash", "artifacts", "Été"])
_PATH = st.lists(_PART, min_size=1, max_size=5).map("/".join)
_START = st.sampled_from(["/", "file:///", "", "./", "mlflow-artifacts:/", "file:///C:/", "//nas/"])
_URI = st.tuples(_START, _PATH).map("".join)


@given(st.dictionaries(_URI.map(parse_address), _PATH.map("/{}".format), max_size=8))
def test_suggested_rules_find_every_place_again(where: dict[Address, str]) -> None:
    paths = [(one.kind, one.path) for one in where]
    assume(
        not any(
            kind == other and path.startswith(f"{above}/")
            for kind, path in paths
            for other, above in paths
        )
    )
    found: dict[str, list[Address]] = {}
    for address, place in where.items():
        found.setdefault(place, []).append(address)
    rules = suggest_rules(found)
    for address, place in where.items():
        assert resolve(address, rules) == place


@given(_URI, _PATH.map("/{}".format), _PATH)
def test_a_rule_moves_everything_below_its_root(uri: str, new: str, rest: str) -> None:
    address = parse_address(f"{uri}/{rest}")
    for rule in suggest_rules({f"{new}/{rest}": [address]}):
        assert resolve(address, [rule]) == f"{new}/{rest}"


def test_the_trash_has_a_rule_of_its_own() -> None:
    old = "/home/a/mlruns"
    found = {f"/srv/mlruns/1/r{i}": [parse_address(f"{old}/1/r{i}")] for i in range(3)}
    found["/srv/mlruns/.trash/3/r9"] = [parse_address(f"{old}/3/r9")]
    rules = suggest_rules(found)
    trash = RootRule(f"{old}/3", "/srv/mlruns/.trash/3", 1)
    assert rules == (RootRule("/home/a", "/srv", 3), trash)
    # A run that was not found is looked for where the others were.
    assert resolve(parse_address(f"{old}/2/r5"), rules) == "/srv/mlruns/2/r5"


def test_what_stands_for_itself_is_not_led_away() -> None:
    found = {"/a/1/r": [parse_address("/a/1/r")], "/b/2/r": [parse_address("/a/2/r")]}
    assert suggest_rules(found) == (RootRule("/a/2", "/b/2", 1),)


@pytest.mark.parametrize(
    ("uri", "place", "rule"),
    [
        ("/mlruns/1/r", "/srv/mlruns/1/r", RootRule("/", "/srv", 1)),
        ("/srv/1/r", "/1/r", RootRule("/srv", "/", 1)),
        ("mlruns/1/r", "/srv/mlruns/1/r", RootRule("", "/srv", 1)),
        ("mlflow-artifacts:/1/r", "/srv/1/r", RootRule("mlflow-artifacts:", "/srv", 1)),
        ("C:\\1\\r", "/srv/1/r", RootRule("C:", "/srv", 1)),
        ("\\\\nas\\1\\r", "/srv/1/r", RootRule("//nas", "/srv", 1)),
    ],
)
def test_roots_of_every_kind(uri: str, place: str, rule: RootRule) -> None:
    assert suggest_rules({place: [parse_address(uri)]}) == (rule,)
    assert resolve(parse_address(uri), (rule,)) == place


def test_a_root_of_one_kind_does_not_reach_another() -> None:
    relative, proxied = RootRule("", "/rel"), RootRule("mlflow-artifacts:/", "/server")
    assert resolve(parse_address("1/r"), (relative, proxied)) == "/rel/1/r"
    assert resolve(parse_address("mlflow-artifacts:/1/r"), (relative, proxied)) == "/server/1/r"
    assert resolve(parse_address("mlflow-artifacts:/1/r"), (relative,)) is None
    assert resolve(parse_address("/1/r"), (relative,)) == "/1/r"
