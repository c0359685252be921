from __future__ import annotations

from pathlib import Path

import pytest

from scorewright.adapters.project_files import load_reasons
from scorewright.core.errors import UsageError


@pytest.mark.parametrize(
    ("data", "said", "remedy"),
    [
        (None, "There is no reason dictionary", "Put the file there"),
        (b"version = ", "Invalid value", "Expected: version"),
        (b"version = 1", "Expected `str`", "Expected: version"),
        (b"\xff", "utf-8", "Expected: version"),
        (b'version = "1"\n#' + b"x" * 6_000_000, "longer than", "Expected: version"),
    ],
)
def test_what_is_wrong_with_a_dictionary_is_said(
    tmp_path: Path, data: bytes | None, said: str, remedy: str
) -> None:
    file = tmp_path / "reasons.toml"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        load_reasons(file, {})
    assert caught.value.code == "reasons-invalid"
    assert said in caught.value.message
    assert str(file) in caught.value.message
    assert caught.value.remedy.startswith(remedy)
