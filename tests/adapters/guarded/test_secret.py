"""A secret in a file: made once, the same for all, refused where it is not one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scorewright.adapters.guarded import load_secret
from scorewright.core.errors import ScorewrightError


def test_it_is_made_once_even_by_many_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "pepper"
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: load_secret(path).data, range(32)))
    assert len(made) == 1
    assert path.stat().st_mode & 0o077 == 0


def test_its_name_tells_nothing_of_it(tmp_path: Path) -> None:
    secret = load_secret(tmp_path / "pepper")
    assert len(secret.id) == 8
    assert secret.id not in secret.data.hex()
    assert secret.data.hex() not in repr(secret)


@pytest.mark.parametrize("text", ["", "zz" * 32, "ab" * 31, "ab" * 33, "\u00e9", "ab" * 1_000])
def test_what_is_no_secret_is_refused_and_kept(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pepper"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(ScorewrightError) as raised:
        load_secret(path)
    assert raised.value.code == "secret-invalid"
    assert path.read_text(encoding="utf-8") == text


def test_one_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pepper"
    load_secret(path)
    path.chmod(0o644)
    with pytest.raises(ScorewrightError) as raised:
        load_secret(path)
    assert raised.value.code == "key-permissions"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    load_secret(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(ScorewrightError) as raised:
        load_secret(tmp_path / "link")
    assert raised.value.code == "secret-invalid"
