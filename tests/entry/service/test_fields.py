"""A field is described as it is checked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.bundles import Bundle
from scorewright.core.contracts import Column, ColumnType, Contract, UnknownPolicy, check_row
from scorewright.entry.service.fields import application_schemas

LISTS = (("1", "2", "10"), ("car", "home"), ("1", "A", "01"), ("-3",))
SENT = st.one_of(
    st.sampled_from(["1", "01", "A", "car", "boat", "-3"]),
    st.integers(-12, 12),
    st.integers(-12, 12).map(float),
    st.sampled_from([1.5, True, [], {}]),
)


@pytest.mark.parametrize("policy", list(UnknownPolicy))
@pytest.mark.parametrize("categories", LISTS)
@given(sent=SENT)
def test_a_category(
    bundle: Bundle, categories: tuple[str, ...], policy: UnknownPolicy, sent: Any
) -> None:
    # Given a list of categories, some of them codes
    column = Column("x", ColumnType.CATEGORY, categories=categories, unknown=policy, nullable=False)
    contract = Contract("t", (column,))
    described = application_schemas(replace(bundle, contract=contract))["Features"]
    # Then what the document allows is what is taken
    is_allowed = jsonschema_rs.is_valid(described, {"x": sent})
    assert is_allowed == (not check_row(contract, {"x": sent}).problems)
