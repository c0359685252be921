"""The reference is a tested contract: every command, setting, finding and error has a heading."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from scorewright.core.project import Settings

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "scorewright"
REFERENCE = ROOT / "docs" / "reference"

#: Codes that are made of a name known only at run time.
DYNAMIC = {"code"}


def headings(page: str) -> set[str]:
    text = (REFERENCE / page).read_text(encoding="utf-8")
    return {m.strip().strip("`") for m in re.findall(r"^#{2,4} (.+)$", text, flags=re.MULTILINE)}


def string_values(keyword: str) -> Iterator[str]:
    """Yield every literal given for a keyword argument of that name anywhere in the source."""
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == keyword:
                value: Any = node.value
                options = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
                for option in options:
                    if isinstance(option, ast.Constant) and isinstance(option.value, str):
                        yield option.value


def setting_names(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from setting_names(inner, f"{prefix}{name}.")
        elif name == "tables":
            from scorewright.core.project import TableSettings

            yield from setting_names(TableSettings, "tables.NAME.")
        else:
            yield f"{prefix}{name}"


def test_every_command_has_a_heading() -> None:
    from typer.main import get_command

    from scorewright.entry.cli import app

    names = set()
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]  # groups have commands
        inner = getattr(command, "commands", None)
        names |= {f"{name} {sub}" for sub in inner} if inner else {name}
    assert len(names) >= 11
    assert names <= headings("commands.md")


def test_every_setting_has_a_heading() -> None:
    missing = set(setting_names(Settings)) - headings("settings.md")
    assert missing == set()


def test_every_error_code_has_a_heading() -> None:
    codes = {c for c in string_values("code") if re.fullmatch(r"[a-z]+(-[a-z]+)+", c)} - DYNAMIC
    assert len(codes) > 40
    missing = codes - headings("errors.md")
    assert missing == set()


def test_every_finding_code_has_a_heading() -> None:
    pattern = re.compile(r"\b(?:LEAK|CONV)-\d{3}\b")
    codes = {
        code
        for file in SOURCE.rglob("*.py")
        for code in pattern.findall(file.read_text(encoding="utf-8"))
    }
    assert len(codes) > 10
    assert codes <= headings("findings.md")


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page in [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        broken += [
            f"{page.relative_to(ROOT)}: {target}"
            for target in targets
            if not (page.parent / target).exists()
        ]
    assert broken == []
