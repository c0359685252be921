"""``bundle list`` and ``bundle rollback``: what is there, and the way back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.entry.cli.portfolio import Cli


def current(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project / "bundles/current.json").read_text("utf-8"))
    return found


@pytest.fixture
def twice(trained: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose second bundle is deployed."""
    monkeypatch.chdir(trained)
    settings = trained / "scorewright.toml"
    settings.write_text(settings.read_text("utf-8").replace("seed = 42", "seed = 43"), "utf-8")
    assert cli("-q", "train").code == 0
    return trained


def test_the_newest_stands_first_and_the_deployed_one_is_marked(twice: Path, cli: Cli) -> None:
    # Given two trainings
    deployed = current(twice)
    # When the bundles are listed
    said = cli("bundle", "list", "--json")
    rows = json.loads(said.out)["bundles"]
    # Then each says what it is, and what a rollback would go back to
    assert [row["bundle"] for row in rows] == [deployed["bundle"], deployed["previous"]["bundle"]]
    assert [row["state"] for row in rows] == ["deployed", "previous"]
    assert [row["policies"] for row in rows] == [[2], [1]]
    assert [row["policy"] for row in rows] == [2, 1]
    assert {row["model"] for row in rows} == {"loans_lgbm"}
    # And people read the same
    text = cli("bundle", "list").text
    assert deployed["bundle"][:12] in text
    assert "deployed, policy 2" in text
    assert "previous, policy 1" in text


def test_a_damaged_bundle_is_listed_as_such(twice: Path, cli: Cli) -> None:
    # Given a bundle of which a byte was changed
    other = current(twice)["previous"]["bundle"]
    contract = twice / "bundles" / other / "contract.json"
    contract.chmod(0o644)
    contract.write_bytes(contract.read_bytes() + b" ")
    # When the bundles are listed, then the others are as ever and it says what is wrong
    rows = json.loads(cli("bundle", "list", "--json").out)["bundles"]
    assert [(row["state"], row["cause"]) for row in rows] == [
        ("deployed", ""),
        ("previous, damaged", "bundle-file-changed"),
    ]
    assert "previous, damaged, policy 1 (bundle-file-changed)" in cli("bundle", "list").text
    # And going back to it is refused; what is deployed stays
    before = current(twice)
    refused = cli("bundle", "rollback", "--yes")
    assert refused.code == 3
    assert "bundle-file-changed" in refused.err
    assert current(twice) == before


def test_a_rollback_is_shown_first_and_done_with_yes(twice: Path, cli: Cli) -> None:
    # Given a deployment and the one before it
    deployed = current(twice)
    # When no consent is given, then it is only shown
    shown = cli("bundle", "rollback")
    assert shown.code == 0
    assert "Nothing has been changed" in shown.text
    assert deployed["previous"]["bundle"][:12] in shown.text
    assert json.loads(cli("bundle", "rollback", "--json").out)["changed"] is False
    assert current(twice) == deployed
    # When it is given, then the one before answers, and it says so
    done = cli("bundle", "rollback", "--yes")
    assert done.code == 0
    assert f"Deployed: {deployed['previous']['bundle'][:12]} with policy version 1" in done.text
    after = current(twice)
    assert after["bundle"] == deployed["previous"]["bundle"]
    assert after["policy_file"] == deployed["previous"]["policy_file"]
    # And done twice it goes forward again
    document = json.loads(cli("bundle", "rollback", "--yes", "--json").out)
    assert document["changed"] is True
    assert document["to"]["bundle"] == current(twice)["bundle"] == deployed["bundle"]


def test_nothing_before_is_said(trained: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained)
    for arguments in (["rollback"], ["rollback", "--yes"]):
        refused = cli("bundle", *arguments)
        assert refused.code == 2
        assert "no-previous-bundle" in refused.err


def test_a_project_without_bundles_has_an_empty_list(
    trained: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    monkeypatch.chdir(trained)
    shutil.rmtree(trained / "bundles")
    assert json.loads(cli("bundle", "list", "--json").out) == {"schema_version": 1, "bundles": []}
