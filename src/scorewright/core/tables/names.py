"""What the name of a column gives away: a protected attribute, an identifier, a role."""

from __future__ import annotations

import re
from typing import Final

__all__ = [
    "is_good_name",
    "is_good_value",
    "is_identifier_name",
    "is_protected_name",
    "squeezed",
    "words",
]

_PROTECTED: Final = frozenset(
    {
        "afam", "age", "ages", "alter", "birth", "birthdate", "birthday", "citizenship",
        "disability", "dob", "ethnic", "ethnicity", "famges", "gastarb", "gender", "geschl",
        "geschlecht", "marital", "marriage", "married", "nationality", "pregnancy", "pregnant",
        "race", "religion", "sex", "spouse", "widow", "widowed",
    }
)  # fmt: skip
_PROTECTED_PAIRS: Final = (
    ("family", "status"), ("foreign", "worker"), ("national", "origin"), ("civil", "status"),
    ("personal", "status"),
)  # fmt: skip
_PROTECTED_WHOLE: Final = frozenset({"single"})
_AGED_THINGS: Final = frozenset(
    {
        "account", "asset", "building", "business", "car", "collateral", "company", "credit",
        "file", "firm", "house", "inquiry", "line", "loan", "oldest", "newest", "property",
        "tradeline", "vehicle",
    }
)  # fmt: skip
_IDENTIFIERS: Final = frozenset({"guid", "id", "identifier", "key", "nr", "number", "uuid"})
_GLUED_ID: Final = re.compile(
    r"^(?:customer|cust|client|loan|member|applicant|application|account|acct|borrower|row|user)id$"
)
_GOOD: Final = frozenset(
    {
        "creditability", "current", "fullypaid", "good", "goodbad", "gut", "kredit", "nondefault",
        "paid", "paidback", "paidoff", "performing", "repaid", "settled",
    }
)  # fmt: skip
_AROUND_GOOD: Final = frozenset(
    {
        "account", "back", "been", "client", "credit", "customer", "debt", "flag", "full", "fully",
        "has", "in", "indicator", "is", "loan", "off", "payer", "status", "was", "were",
    }
)  # fmt: skip
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+")


def words(name: str) -> tuple[str, ...]:
    """Split a column name into lower-case words: ``CustomerAge_2`` is ``customer``, ``age``."""
    return tuple(word.lower() for word in _WORD.findall(name))


def squeezed(name: str) -> str:
    """Return the letters and digits of a name, in lower case."""
    return "".join(char for char in name.lower() if char.isalnum())


def is_protected_name(name: str) -> bool:
    """Tell whether a name says sex, age, marital status, race, religion, origin or the like.

    Whole words count: ``mortgage``, ``usage`` and ``percentage`` hold no age, and the age of an
    account or a car is not the applicant's.
    """
    parts = words(name)
    if name.lower() in _PROTECTED_WHOLE:
        return True
    if any(first in parts and second in parts for first, second in _PROTECTED_PAIRS):
        return True
    found = _PROTECTED.intersection(parts)
    if found == {"age"} and _AGED_THINGS.intersection(parts):
        return False
    return bool(found)


def is_identifier_name(name: str) -> bool:
    """Tell whether a name looks like that of an identifier: ``SK_ID_CURR``, ``LoanNr``."""
    parts = words(name)
    return bool(_IDENTIFIERS.intersection(parts)) or bool(_GLUED_ID.match(squeezed(name)))


def is_good_name(name: str) -> bool:
    """Tell whether the name of an outcome means that 1 or yes is good: ``loan_paid``, ``good``.

    Every word must belong: ``amount_paid`` and ``current_balance`` are no outcomes.
    """
    parts = frozenset(words(name))
    if squeezed(name) in _GOOD:
        return True
    good = _GOOD - {"current"}
    return bool(parts & good) and parts <= good | _AROUND_GOOD


def is_good_value(value: str) -> bool:
    """Tell whether a value of an outcome means good: ``Fully Paid``, ``good``, ``Current``."""
    return is_good_name(value)
