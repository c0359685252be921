"""The text of a new settings file: every setting, explained, defaults commented out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tomlkit
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from scorewright.core.project import AcceptedFinding, Settings, TableSettings

__all__ = ["SettingText", "settings_text"]

_ON_ONE_LINE = 90

_OPENING = """\
# Settings of one Scorewright project; paths are relative to this file.
# A line that starts with # and no space is a setting with its default (or, where there is
# none, an example): take the # away to change it. Variables of the environment win over this
# file: SCOREWRIGHT__COSTS__FALSE_NEGATIVE=12.
"""


@dataclass(frozen=True, slots=True)
class SettingText:
    """What is said about a setting.

    Attributes:
        text: One line.
        example: A value to show where there is no default.
    """

    text: str
    example: Any = None


def settings_text(
    guide: Mapping[str, SettingText], values: Mapping[str, Mapping[str, object]]
) -> str:
    """Write a settings file.

    Args:
        guide: Dotted key -> what to say of it; sections under their own name, tables under
            ``tables.NAME``.
        values: Section (``project``, ``tables.loans``) -> field -> value that is set; every
            other field appears as a comment with its default.

    Returns:
        TOML that loads as it is, and also with all its settings uncommented.
    """
    lines = [_OPENING.rstrip("\n")]
    for name, field in Settings.model_fields.items():
        model = field.annotation
        if name == "tables":
            for section in (key for key in values if key.startswith("tables.")):
                lines += _section(section, "tables.NAME", TableSettings, guide, values[section])
        elif isinstance(model, type) and issubclass(model, BaseModel):
            lines += _section(name, name, model, guide, values.get(name, {}))
        else:
            lines += ["", f"# {guide[name].text}", f"[{name}]"]
    return "\n".join(lines) + "\n"


def _section(
    section: str,
    guided_by: str,
    model: type[BaseModel],
    guide: Mapping[str, SettingText],
    values: Mapping[str, object],
) -> Iterator[str]:
    yield from ("", f"# {guide[guided_by].text}", f"[{section}]")
    nested = {}
    for name, field in model.model_fields.items():
        key = f"{guided_by}.{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            nested[name] = field.annotation
            continue
        if field.annotation == list[AcceptedFinding]:
            yield from _accepted(key, guide, values.get(name))
            continue
        yield f"# {guide[key].text}"
        is_set = name in values
        value = values[name] if is_set else _shown(field, guide[key])
        for line in f"{name} = {_toml(value)}".split("\n"):
            yield line if is_set else f"#{line.lstrip()}"
    # Tables of a table come last: what follows them would be theirs.
    for name, inner in nested.items():
        key = f"{guided_by}.{name}"
        yield from _section(f"{section}.{name}", key, inner, guide, {})


def _accepted(key: str, guide: Mapping[str, SettingText], entries: object) -> Iterator[str]:
    """Write ``[[leakage.accept]]`` entries, or one as an example."""
    yield from ("", f"# {guide[key].text}")
    if isinstance(entries, Sequence) and entries:
        for number, entry in enumerate(entries):
            yield from ["", f"[[{key}]]"] if number else [f"[[{key}]]"]
            yield from (f"{name} = {_toml(value)}" for name, value in entry.items())
        return
    yield f"#[[{key}]]"
    for name in AcceptedFinding.model_fields:
        text = guide[f"{key}.{name}"]
        yield f"# {text.text}"
        yield f"#{name} = {_toml(text.example)}"


def _shown(field: FieldInfo, text: SettingText) -> Any:  # noqa: ANN401 - any TOML value
    default = None if field.is_required() else field.get_default()
    return text.example if default is None else default


def _toml(value: Any) -> str:  # noqa: ANN401 - any TOML value
    match value:
        case dict():
            pairs = (f"{tomlkit.key(k).as_string()} = {_toml(v)}" for k, v in value.items())
            return "{" + ", ".join(pairs) + "}"
        case list():
            items = [_toml(item) for item in value]
            short = f"[{', '.join(items)}]"
            if len(short) <= _ON_ONE_LINE:
                return short
            return "[\n" + "".join(f"    {item},\n" for item in items) + "]"
        case _:
            return str(tomlkit.item(value).as_string())
