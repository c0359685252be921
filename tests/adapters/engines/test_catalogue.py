"""Engines by name, and whether their packages fit together."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace

import pytest

from scorewright.adapters.engines import (
    catalogue,
    engine,
    engine_names,
    fit_together,
    refuse_unknown,
)
from scorewright.adapters.engines.fit import java_version
from scorewright.core.errors import MissingExtraError, UsageError

INSTALLED = {"ray": "2.60.0", "pyspark": "4.3.0", "pyarrow": "25.0.1", "pandas": "2.3.3"}


def foreign(processes: int, address: str | None) -> SimpleNamespace:
    """Stand for an engine of another package."""
    return SimpleNamespace(name=f"{processes} at {address}")


def test_ours_are_there_by_name() -> None:
    assert engine_names() == ("local", "ray", "spark")
    assert engine("local", 2).name == "local"


def test_unknown_name_lists_near_misses() -> None:
    with pytest.raises(UsageError) as caught:
        engine("sparc", 2)
    assert caught.value.code == "engine-unknown"
    assert "spark" in caught.value.remedy
    assert "local" not in caught.value.remedy


def test_a_name_is_refused_without_making_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_OURS", dict.fromkeys(engine_names()))
    for name in ("local", "ray", "spark"):
        refuse_unknown(name)
    with pytest.raises(UsageError) as caught:
        refuse_unknown("dask")
    assert caught.value.code == "engine-unknown"
    assert caught.value.details["known"] == ["local", "ray", "spark"]


def test_local_takes_no_address() -> None:
    with pytest.raises(UsageError) as caught:
        engine("local", 2, "ray://host:10001")
    assert caught.value.code == "engine-address"


def test_third_party_comes_in_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("grid", f"{__name__}:foreign", catalogue.GROUP)
    monkeypatch.setattr(
        catalogue, "entry_points", lambda group: [point] if group == catalogue.GROUP else []
    )
    assert "grid" in engine_names()
    assert engine("grid", 3, "host").name == "3 at host"


@pytest.mark.parametrize("name", ["ray", "spark"])
def test_missing_package_names_its_extra(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = f"scorewright.adapters.engines.{name}_engine"
    monkeypatch.setattr(f"{module}.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError) as caught:
        engine(name, 2)
    assert caught.value.remedy == f"pip install 'scorewright[{name}]'"


def test_front_door_is_light() -> None:
    code = "import sys, scorewright.adapters.engines as e; print(set(sys.modules) & {*sys.argv})"
    heavy = ["polars", "numpy", "ray", "pyspark", "pandas", "pyarrow"]
    done = subprocess.run(
        [sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("changes", "java", "ray", "spark", "word"),
    [
        ({}, 17, "ok", "ok", "Java 17"),
        ({"ray": None, "pyspark": None}, None, "ok", "ok", "not installed"),
        ({"ray": "2.9.3"}, 21, "error", "ok", "Java 21"),
        ({}, None, "ok", "error", "no Java"),
        ({}, 11, "ok", "error", "Java 11 is too old"),
        ({"pyspark": "3.5.1"}, 17, "ok", "error", "4.3"),
        ({"pyarrow": "17.0.0"}, 17, "ok", "error", "pyarrow 17.0.0 is too old"),
        ({"pyarrow": None}, 17, "ok", "error", "pyarrow is not installed"),
        ({"pandas": None}, 17, "ok", "error", "pandas is not installed"),
        ({"pandas": "3.1.1"}, 17, "ok", "warning", "pandas 3.1.1"),
    ],
)
def test_what_does_not_fit_is_said(
    changes: Mapping[str, str | None], java: int | None, ray: str, spark: str, word: str
) -> None:
    versions = {k: v for k, v in {**INSTALLED, **changes}.items() if v is not None}
    answers = {fit.name: fit for fit in fit_together(versions, java)}
    assert answers["ray"].status == ray
    assert answers["spark"].status == spark
    assert word in answers["spark"].detail
    assert all(bool(fit.remedy) == (fit.status != "ok") for fit in answers.values())


def test_java_is_asked_for_its_version(tmp_path: Path) -> None:
    assert java_version({"JAVA_HOME": str(tmp_path)}) is None
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    for said, major in (('openjdk version "21.0.2" 2024-01-16', 21), ('java version "1.8.0"', 8)):
        java.write_text(f"#!/bin/sh\necho '{said}' >&2\n", encoding="ascii")
        java.chmod(0o755)
        assert java_version({"JAVA_HOME": str(tmp_path)}) == major
