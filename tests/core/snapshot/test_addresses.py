"""What MLflow wrote down on other machines."""

from __future__ import annotations

import pytest

from scorewright.core.snapshot import AddressKind, RootRule, parse_address, resolve, suggest_rules


@pytest.mark.parametrize(
    ("uri", "kind", "path"),
    [
        ("/home/a/mlruns/1/r/artifacts", AddressKind.POSIX, "/home/a/mlruns/1/r/artifacts"),
        ("file:///home/a/ml%20runs/1/", AddressKind.POSIX, "/home/a/ml runs/1"),
        ("file:/home/a", AddressKind.POSIX, "/home/a"),
        ("file:///C:/Users/me/mlruns/1", AddressKind.WINDOWS, "C:/Users/me/mlruns/1"),
        ("file:///c%3A/Users/me", AddressKind.WINDOWS, "c:/Users/me"),
        ("C:\\Users\\me\\mlruns", AddressKind.WINDOWS, "C:/Users/me/mlruns"),
        ("\\\\nas\\team\\mlruns", AddressKind.WINDOWS, "//nas/team/mlruns"),
        ("file://nas/team/mlruns", AddressKind.WINDOWS, "//nas/team/mlruns"),
        ("./mlruns/1/r/artifacts", AddressKind.RELATIVE, "mlruns/1/r/artifacts"),
        ("mlruns/1", AddressKind.RELATIVE, "mlruns/1"),
        ("mlflow-artifacts:/1/r/artifacts", AddressKind.PROXIED, "1/r/artifacts"),
        ("mlflow-artifacts://host:5000/1/r", AddressKind.PROXIED, "1/r"),
        ("s3://bucket/x/", AddressKind.REMOTE, "s3://bucket/x"),
        ("models:/m-1", AddressKind.REMOTE, "models:/m-1"),
        ("", AddressKind.RELATIVE, ""),
    ],
)
def test_addresses_are_understood(uri: str, kind: AddressKind, path: str) -> None:
    address = parse_address(uri)
    assert (address.kind, address.path) == (kind, path)


def test_the_longest_rule_decides() -> None:
    rules = (RootRule("/old", "/a"), RootRule("/old/deep", "/b"), RootRule("", "/rel"))
    assert resolve(parse_address("/old/x"), rules) == "/a/x"
    assert resolve(parse_address("/old/deep/x"), rules) == "/b/x"
    assert resolve(parse_address("/older/x"), rules) == "/older/x"
    assert resolve(parse_address("./mlruns/1"), rules) == "/rel/mlruns/1"
    assert resolve(parse_address("s3://b/x"), rules) is None


def test_windows_paths_need_a_rule_and_ignore_case() -> None:
    address = parse_address("file:///C:/Users/Me/mlruns/1/r")
    assert resolve(address, ()) is None
    assert resolve(address, (RootRule("c:/users/me/mlruns", "/srv/m"),)) == "/srv/m/1/r"


def test_rules_are_suggested_by_what_was_found_again() -> None:
    old = "/home/a/mlruns"
    found = {f"/srv/m/1/r{i}/artifacts": [parse_address(f"{old}/1/r{i}/artifacts")] for i in "12"}
    found["/srv/m/2/r3/artifacts"] = [parse_address("file:///C:/x/2/r3/artifacts")]
    assert suggest_rules(found) == (RootRule(old, "/srv/m", 2), RootRule("C:/x", "/srv/m", 1))
    rules = suggest_rules(found)
    for place, addresses in found.items():
        assert {resolve(address, rules) for address in addresses} == {place}


def test_what_lies_where_it_was_written_needs_no_rule() -> None:
    assert suggest_rules({"/a/1": [parse_address("/a/1"), parse_address("s3://b/1")]}) == ()
