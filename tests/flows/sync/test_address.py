"""Addresses of registered models."""

from __future__ import annotations

import pytest

from scorewright.core.errors import UsageError
from scorewright.flows.sync import ModelAddress


def test_it_is_read_and_written() -> None:
    address = ModelAddress.parse("models:/loans_lgbm@champion")
    assert (address.name, address.alias) == ("loans_lgbm", "champion")
    assert str(address) == "models:/loans_lgbm@champion"


@pytest.mark.parametrize(
    "text",
    ["", "loans", "models:/loans/3", "models:/loans", "models:/@champion", "models:/loans@",
     "models:/a/b@champion", "models:/loans@1", "http://evil/@champion", "models:/a b@champion",
     "models:/loans@champion\n", "models:/loans@../x"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        ModelAddress.parse(text)
    assert caught.value.code == "model-uri"
