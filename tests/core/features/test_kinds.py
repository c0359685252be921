"""Types of expressions, and what is refused before a row is read."""

from __future__ import annotations

import pytest
from tests.core.features.ground import RELATIONS

from scorewright.core.contracts import ColumnType
from scorewright.core.errors import UsageError
from scorewright.core.features import parse
from scorewright.core.features.kinds import Scope, type_of

SCOPE = Scope(
    "applications",
    {c.name: c.type for c in RELATIONS.entity.columns},
    RELATIONS,
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("age", "integer"),
        ("income + age", "number"),
        ("age + 1", "number"),
        ("age / 2", "number"),
        ("decided - decided", "number"),
        ("employed + employed", "number"),
        ("income > 3", "boolean"),
        ("employed == 1", "boolean"),
        ('purpose != "car"', "boolean"),
        ("note == purpose", "boolean"),
        ("decided <= decided", "boolean"),
        ("employed and not employed", "boolean"),
        ("is_missing(note)", "boolean"),
        ('purpose in ("car",)', "boolean"),
        ("missing_if(age, 3)", "integer"),
        ('missing_if(purpose, "car")', "category"),
        ("fill(age, 0)", "integer"),
        ("fill(age, 0.5)", "number"),
        ("fill(age, True)", "number"),
        ("fill(employed, False)", "boolean"),
        ('fill(purpose, "none")', "text"),
        ("decided if employed else decided", "date"),
        ("abs(age)", "number"),
        ("sqrt(employed)", "number"),
        ("row_count(age, income)", "integer"),
        ("row_max(age, 2)", "number"),
        ("1", "integer"),
        ("1.0", "number"),
        ("True", "boolean"),
        ("count(loans)", "integer"),
        ("count(notes, text)", "integer"),
        ("nunique(loans, status)", "integer"),
        ("sum(loans, loan)", "number"),
        ("max(loans, days)", "integer"),
        ("max(visits, day)", "date"),
        ("min(loans, amount > 2)", "boolean"),
        ("last(loans, status)", "category"),
        ("first(loans, amount)", "number"),
        ("share(loans, amount > 1)", "number"),
        ("trend(months, balance)", "number"),
        ("std(loans, days)", "number"),
        ("time_since(loans)", "integer"),
        ("time_since(visits)", "integer"),
        ("mean(loans, max(months, balance))", "number"),
        ('count(months, last="2 years")', "integer"),
        ('count(visits, last="2 days")', "integer"),
    ],
)
def test_types(text: str, kind: str) -> None:
    assert type_of(parse(text), SCOPE) is ColumnType(kind)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("incme", "feature-column-unknown", "There is no column 'incme' in the table"),
        ("mean(loans, amont)", "feature-column-unknown", "in the table 'loans'."),
        ("mean(lons, amount)", "features-relations", "There is no table 'lons'"),
        ("mean(loans, mean(visits, 1))", "features-relations", "does not hang on it"),
        ("mean(months, count(loans))", "features-relations", "does not hang on it"),
        ("note + 1", "feature-type", "'note' is a text, where a number is needed"),
        ("decided + 1", "feature-type", "'decided' is a date, where a number is needed"),
        ("decided - age", "feature-type", "'decided' is a date"),
        ("income > note", "feature-type", "compares a number with a text"),
        ('purpose < "car"', "feature-type", "orders texts"),
        ("age and employed", "feature-type", "'age' is an integer, where a condition is needed"),
        ("not income", "feature-type", "where a condition is needed"),
        ("age in ('x',)", "feature-type", "'age' is an integer and never 'x'"),
        ("purpose in (1,)", "feature-type", "'purpose' is a category and never 1"),
        ("missing_if(decided, 1)", "feature-type", "'decided' is a date and never 1"),
        ("fill(age, note)", "feature-type", "mixes an integer with a text"),
        ("age if employed else note", "feature-type", "mixes an integer with a text"),
        ("1 if age else 2", "feature-type", "where a condition is needed"),
        ("log1p(note)", "feature-type", "where a number is needed"),
        ("row_sum(age, note)", "feature-type", "where a number is needed"),
        ("mean(loans, status)", "feature-type", "where a number is needed"),
        ("min(loans, status)", "feature-type", "a number or a date is needed"),
        ("share(loans, amount)", "feature-type", "where a condition is needed"),
        ("count(loans, where=amount)", "feature-type", "where a condition is needed"),
        ("last(notes, text)", "feature-window", "has no as-of column"),
        ("time_since(notes)", "feature-window", "has no as-of column"),
        ('count(notes, last="2 days")', "feature-window", "has no as-of column"),
        ('count(months, last="30 days")', "feature-window", "days of a table that counts months"),
    ],
)
def test_refusals(text: str, code: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        type_of(parse(text), SCOPE)

    assert caught.value.code == code
    assert words in caught.value.message
    assert caught.value.remedy


def test_near_misses_are_named() -> None:
    with pytest.raises(UsageError) as caught:
        type_of(parse("incme"), SCOPE)

    assert caught.value.remedy == "Did you mean income?"
