"""The one line on every setting, from the package's resources."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files

from scorewright.flows.settings_text import SettingText

__all__ = ["settings_guide"]


def settings_guide() -> Mapping[str, SettingText]:
    """Return what is said about each setting, by dotted key.

    Sections stand under their own name, the fields of a table under ``tables.NAME``.
    """
    file = files("scorewright.resources") / "templates" / "settings.toml"
    guide: dict[str, SettingText] = {}
    for section, entries in tomllib.loads(file.read_text(encoding="utf-8")).items():
        guide[section] = SettingText(entries.pop("about"))
        for field, entry in entries.items():
            said = SettingText(**entry) if isinstance(entry, dict) else SettingText(entry)
            guide[f"{section}.{field}"] = said
    return guide
