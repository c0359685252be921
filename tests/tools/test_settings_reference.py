"""The page on the settings is the one its tool makes, and names every setting."""

from __future__ import annotations

import runpy
from pathlib import Path

from scorewright.core.project import AcceptedFinding, Settings, TableSettings

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/reference/settings.md"


def test_the_page_is_up_to_date() -> None:
    tool = runpy.run_path(str(ROOT / "tools/make_settings_reference.py"))
    assert PAGE.read_text(encoding="utf-8") == tool["reference"](), (
        "run: python tools/make_settings_reference.py"
    )


def test_every_setting_has_a_heading() -> None:
    # given the fields of the models, walked without the tool
    wanted = {"tables.NAME", "conventions"}
    wanted |= {f"tables.NAME.{field}" for field in TableSettings.model_fields}
    wanted |= {f"leakage.accept.{field}" for field in AcceptedFinding.model_fields}
    for section, field in Settings.model_fields.items():
        fields = getattr(field.annotation, "model_fields", {})
        wanted |= {section, *(f"{section}.{name}" for name in fields)} - {"tables"}
        for name, inner in fields.items():
            nested = getattr(inner.annotation, "model_fields", {})
            wanted |= {f"{section}.{name}.{key}" for key in nested}

    # then
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    headings = [line.strip("# `") for line in lines if line.startswith("##")]
    assert sorted(headings) == sorted(wanted)
