"""Parts are found by the text of their modules and imported only when they are asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from scorewright.adapters.catalogues import Catalogue, Shelf, catalogue
from scorewright.core.errors import UsageError

SHELF = Shelf("shelf_of_parts", "scorewright.nobody", "PART", "part", "part.name", "part-unknown")


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalogue[str]]:
    """A package with two parts, one of which cannot be imported, a folder and a shared module."""
    folder = tmp_path / SHELF.package
    (folder / "room").mkdir(parents=True)
    (folder / "__init__.py").write_text("", encoding="utf-8")
    (folder / "room" / "__init__.py").write_text("", encoding="utf-8")
    (folder / "iron.py").write_text('PART: str = "iron"\n', encoding="utf-8")
    (folder / "gold.py").write_text("import not_installed\n\nPART = 1\n", encoding="utf-8")
    (folder / "shared.py").write_text('"""Uses PART = but has none."""\n', encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(catalogue, "_own_names", catalogue._own_names.__wrapped__)
    yield Catalogue(SHELF)
    for name in [name for name in sys.modules if name.split(".")[0] == SHELF.package]:
        del sys.modules[name]


def test_only_modules_that_hold_the_object_are_parts(parts: Catalogue[str]) -> None:
    assert parts.names() == ("gold", "iron")


def test_a_part_is_imported_when_it_is_asked_for(parts: Catalogue[str]) -> None:
    assert parts.get("iron") == "iron"
    with pytest.raises(ModuleNotFoundError):
        parts.get("gold")


def test_an_unknown_name_is_refused_with_near_misses(parts: Catalogue[str]) -> None:
    with pytest.raises(UsageError) as caught:
        parts.get("irons")
    assert caught.value.code == "part-unknown"
    assert caught.value.message == "There is no part called 'irons'."
    assert caught.value.remedy == "Set part.name in scorewright.toml to one of: iron."


def test_third_parties_offer_parts_by_entry_point(
    parts: Catalogue[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    point = EntryPoint("silver", "shelf_of_parts.iron:PART", SHELF.group)
    monkeypatch.setattr(catalogue, "entry_points", lambda **_: [point])
    assert parts.names() == ("gold", "iron", "silver")
    assert parts.get("silver") == "iron"


def test_a_package_that_is_not_there_holds_nothing() -> None:
    empty = Shelf("no_such_package", "scorewright.nobody", "PART", "part", "part.name", "p")
    assert Catalogue[str](empty).names() == ()
