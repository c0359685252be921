"""The file of rules, and rules of other packages."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from scorewright.adapters.audit_rules import load_rules
from scorewright.core.audit import Rule
from scorewright.core.errors import UsageError

OWN = Rule("ACME-001", "naming", "info", "not ours", "call us", lambda _: ())
SEVERAL = [OWN]
NO_RULE = {"code": "ACME-001"}


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Offer an object of this module as another package would."""

    def offer(name: str) -> None:
        point = EntryPoint("acme", f"acme_rules:{name}", "scorewright.audit_rules")

        def load(_: EntryPoint) -> Any:
            return globals()[name] if name in globals() else _missing(name)

        monkeypatch.setattr(EntryPoint, "load", load)

        def points(group: str) -> list[EntryPoint]:
            return [point] if group == "scorewright.audit_rules" else []

        monkeypatch.setattr("scorewright.adapters.audit_rules.rules.entry_points", points)

    return offer


def _missing(name: str) -> None:
    raise AttributeError(name)


def test_the_rules_that_ship_are_whole() -> None:
    rules = load_rules()
    assert [rule.code for rule in rules] == sorted(rule.code for rule in rules)
    assert {rule.criterion for rule in rules} == {
        "location", "naming", "metrics", "parameters", "tags", "database", "completeness"
    }  # fmt: skip


def test_severities_come_from_the_settings() -> None:
    by_code = {rule.code: rule for rule in load_rules({"RUN-001": "info", "RUN-002": "off"})}
    assert by_code["RUN-001"].severity == "info"
    assert "RUN-002" not in by_code


@pytest.mark.parametrize("name", ["OWN", "SEVERAL"])
def test_other_packages_bring_rules(offered: Callable[[str], None], name: str) -> None:
    offered(name)
    assert OWN in load_rules()
    assert "ACME-001" not in {rule.code for rule in load_rules({"ACME-001": "off"})}


@pytest.mark.parametrize(
    ("name", "text"), [("NO_RULE", "is a dict"), ("GONE", "cannot be imported: GONE")]
)
def test_what_is_no_rule_is_refused(offered: Callable[[str], None], name: str, text: str) -> None:
    offered(name)
    with pytest.raises(UsageError, match=text) as error:
        load_rules()
    assert error.value.code == "audit-rule-invalid"
    assert f"'acme' (acme_rules:{name})" in error.value.message
