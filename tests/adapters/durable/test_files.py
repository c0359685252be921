"""Documents are written whole, as people read them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.adapters.durable import json_text, load_json, save_json

_SINGLE = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)
_VALUES = st.recursive(
    _SINGLE | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), _VALUES, max_size=5), st.booleans())
def test_a_document_is_what_python_writes(document: dict[str, Any], is_sorted: bool) -> None:
    expected = json.dumps(document, indent=1, sort_keys=is_sorted, allow_nan=False)
    assert json_text(document, is_sorted=is_sorted) == expected


def test_no_number_that_json_lacks(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    save_json(file, {"b": 1, "a": [0.1, None]})
    with pytest.raises(ValueError, match="JSON compliant"):
        save_json(file, {"a": math.inf})
    assert load_json(file) == {"a": [0.1, None], "b": 1}
    assert [found.name for found in tmp_path.iterdir()] == ["x.json"]
