"""What is kept of a value: itself, a keyed digest, or nothing; and pseudonyms under a key."""

from __future__ import annotations

import hashlib
import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.decision_log import Keeping, LoggedDecision, SubjectKey
from scorewright.core.features import TableColumns

KEY, OTHER = SubjectKey("k1", b"a" * 32), SubjectKey("k2", b"b" * 32)

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)


@given(st.text(), st.text())
def test_pseudonyms_are_equal_for_equal_ids_under_one_key(one: str, another: str) -> None:
    assert (KEY.pseudonym(one) == KEY.pseudonym(another)) == (one == another)
    assert KEY.pseudonym(one).partition(":")[2] != OTHER.pseudonym(one).partition(":")[2]
    assert KEY.pseudonym(one) == SubjectKey("k1", b"a" * 32).pseudonym(one)


def test_a_pseudonym_is_no_plain_digest_and_names_its_key() -> None:
    pseudonym = KEY.pseudonym("A-1")
    name, _, digest = pseudonym.partition(":")
    assert (name, len(digest)) == ("k1", 64)
    for plain in (b"A-1", b'"A-1"', b'subject\0"A-1"'):
        assert hashlib.sha256(plain).hexdigest() != digest
    assert KEY.secret.hex() not in repr(KEY)
    assert repr(KEY.secret) not in repr(KEY)


@given(st.dictionaries(st.sampled_from("abcdef"), scalars))
def test_everything_in_full_is_what_was_sent(values: dict[str, object]) -> None:
    keeping = Keeping(KEY)
    assert keeping.keeps_all
    assert keeping.values(values) == values
    assert keeping.left_out(values) == ()


@given(st.dictionaries(st.sampled_from("abcdef"), scalars))
def test_each_column_has_its_own_rule(values: dict[str, object]) -> None:
    keeping = Keeping(KEY, "none", {"a": "full", "b": "hashed"})
    kept = keeping.values(values)
    assert kept.keys() == values.keys() & {"a", "b"}
    assert kept.get("a") == values.get("a")
    if "b" in values:
        assert kept["b"] == {"hashed": KEY.digest("b", values["b"])}
    assert set(keeping.left_out(values)) == values.keys() - {"a"}


def test_equal_values_of_two_columns_or_keys_have_other_digests() -> None:
    digests = {key.digest(column, "x") for key in (KEY, OTHER) for column in ("a", "b")}
    assert len(digests) == 4


def test_tables_are_kept_by_the_same_rules() -> None:
    table = TableColumns(
        3,
        {"amount": np.array([1.5, np.nan, -0.0]), "status": ["open", None, "x"], "who": ["p"] * 3},
    )
    full = Keeping(KEY).table(table)
    assert full == {
        "height": 3,
        "columns": {
            "amount": [1.5, None, -0.0],
            "status": ["open", None, "x"],
            "who": ["p", "p", "p"],
        },
    }
    assert json.loads(json.dumps(full)) == full
    some = Keeping(KEY, "full", {"who": "none", "status": "hashed"}).table(table)
    assert some["left_out"] == ["who"]
    assert some["columns"].keys() == {"amount", "status"}
    assert [value["hashed"] for value in some["columns"]["status"]] == [
        KEY.digest("status", value) for value in ("open", None, "x")
    ]


def test_without_a_person_only_figures_stay() -> None:
    record = LoggedDecision(
        decision_id="d1", at=1, request_id="A-1", role="champion", variant="champion",
        propensity=0.5, answers=None, caller="c", tenant="t", idempotency="i", subject="k1:x",
        bundle="b", model_digest="m", policy="p@1", policy_digest="q", pd=0.1, decision="approve",
        threshold=0.2, inputs={"a": 1}, tables={"t": {}}, flags={"unknown_category": ["a"]},
        reasons=({"code": "R1"},), answer={"pd": 0.1},
    )  # fmt: skip
    blank = record.without_person()
    personal = ("request_id", "idempotency", "subject", "inputs", "tables", "flags", "reasons")
    assert not any(getattr(blank, name) for name in (*personal, "answer"))
    figures = ("decision_id", "at", "propensity", "bundle", "policy", "pd", "decision", "threshold")
    assert all(getattr(blank, name) == getattr(record, name) for name in figures)
    assert blank.without_person() == blank
