"""Make ``docs/reference/settings.md`` from the settings and what is said of them.

Run from the root of the repository after a change of ``core/project/settings.py`` or
``resources/templates/settings.toml``: ``python tools/make_settings_reference.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import tomlkit
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from scorewright.adapters.project_files.guide import settings_guide
from scorewright.adapters.project_files.schema import Schema
from scorewright.core.project import AcceptedFinding, Settings, TableSettings
from scorewright.flows.settings_text import SettingText

TARGET = Path(__file__).resolve().parents[1] / "docs/reference/settings.md"

OPENING = """\
# Settings

A project is described by one file, `scorewright.toml`, which `scorewright init FILE` writes with
every setting explained. It is looked for in the current folder and in the folders above it, or
named with `--config`. Paths in it are relative to it.

Every setting can be overridden from the environment: `SCOREWRIGHT__COSTS__FALSE_NEGATIVE=12` sets
`costs.false_negative`. Values are TOML (`12`, `true`, `["a", "b"]`); what is none is taken as
text. Names of columns keep the spelling they have in the file.

A wrong, unknown or missing setting is reported with file, line and column, all of them at once.

<!-- Made by tools/make_settings_reference.py; change the source, not this file. -->
"""


def reference() -> str:
    """Return the text of the page: one heading per section and per setting."""
    guide = settings_guide()
    lines = [OPENING.rstrip("\n")]
    for name, field in Settings.model_fields.items():
        model = field.annotation
        if name == "tables":
            lines += _section("tables.NAME", TableSettings, guide)
        elif isinstance(model, type) and issubclass(model, BaseModel):
            lines += _section(name, model, guide)
        else:
            lines += ["", f"## `{name}`", "", guide[name].text]
    return "\n".join(lines) + "\n"


def _section(
    section: str, model: type[BaseModel], guide: Mapping[str, SettingText]
) -> Iterator[str]:
    yield from ("", f"## `{section}`", "", guide[section].text)
    schema = Schema(model)
    nested = {}
    for name, field in model.model_fields.items():
        key = f"{section}.{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            nested[key] = field.annotation
            continue
        yield from ("", f"### `{key}`", "", guide[key].text)
        if field.annotation == list[AcceptedFinding]:
            yield from _accepted(key, guide)
            continue
        yield from ("", f"- Expects: {schema.expected((name,))}", f"- {_default(field)}")
        example = guide[key].example
        if example is not None:
            yield f"- Example: `{name} = {_inline(example)}`"
    for key, inner in nested.items():
        yield from _section(key, inner, guide)


def _inline(value: object) -> str:
    if isinstance(value, dict):
        pairs = (f"{tomlkit.key(key).as_string()} = {_inline(v)}" for key, v in value.items())
        return f"{{ {', '.join(pairs)} }}"
    return str(tomlkit.item(value).as_string())


def _accepted(key: str, guide: Mapping[str, SettingText]) -> Iterator[str]:
    schema = Schema(AcceptedFinding)
    for name, field in AcceptedFinding.model_fields.items():
        said = guide[f"{key}.{name}"]
        yield from ("", f"#### `{key}.{name}`", "", said.text, "")
        yield from (f"- Expects: {schema.expected((name,))}", f"- {_default(field)}")
        yield f"- Example: `{name} = {tomlkit.item(said.example).as_string()}`"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "Required"
    default = field.get_default()
    if default is None:
        return "Default: not set"
    if isinstance(default, dict):
        return "Default: `{}`"
    return f"Default: `{tomlkit.item(default).as_string()}`"


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
