"""The reference is a tested contract: every command, setting, finding and error has a heading."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from scorewright.core import errors
from scorewright.core.contracts import FieldProblem
from scorewright.core.errors import ScorewrightError
from scorewright.core.project import Settings
from scorewright.core.tables import check_frame, coerce

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "scorewright"
REFERENCE = ROOT / "docs" / "reference"

#: What comes before the dash of codes that `KeyRing.check` makes of its argument ``what``.
SIGNED = ("bundle", "policy")

SLUG = re.compile(r"[a-z]+(-[a-z]+)*")


def headings(page: str) -> set[str]:
    text = (REFERENCE / page).read_text(encoding="utf-8")
    return {m.strip().strip("`") for m in re.findall(r"^#{2,4} (.+)$", text, flags=re.MULTILINE)}


def trees() -> list[ast.Module]:
    return [ast.parse(file.read_text(encoding="utf-8")) for file in sorted(SOURCE.rglob("*.py"))]


def code_positions(modules: list[ast.Module]) -> dict[str, int]:
    """Return the functions and classes that take a code, with its place among the arguments."""
    found: dict[str, int] = {}
    for module in modules:
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef):
                names = [argument.arg for argument in node.args.args]
                own = names[1:] if names[:1] in (["self"], ["cls"]) else names
                if "code" in own and node.name != "__init__":
                    found[node.name] = own.index("code")
            elif isinstance(node, ast.ClassDef):
                fields = [
                    part.target.id
                    for part in node.body
                    if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
                ]
                for part in node.body:
                    if isinstance(part, ast.FunctionDef) and part.name == "__init__":
                        fields = [argument.arg for argument in part.args.args[1:]]
                if "code" in fields:
                    found[node.name] = fields.index("code")
    return found


def called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def literals(node: ast.expr | None, constants: dict[str, str]) -> Iterator[str]:
    """Yield the texts an expression may be: a literal, one of two, a constant, a form."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body, constants)
        yield from literals(node.orelse, constants)
    elif isinstance(node, ast.Name) and node.id in constants:
        yield constants[node.id]
    elif isinstance(node, ast.JoinedStr) and isinstance(node.values[-1], ast.Constant):
        yield from (f"{what}{node.values[-1].value!s}" for what in SIGNED)


def code_arguments(module: ast.Module, positions: dict[str, int]) -> Iterator[ast.expr]:
    """Yield every expression that is given as a code: by keyword, by position, by default."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            # `Codes(unknown=..., invalid=...)` names the codes of one kind of file; `_small`
            # takes that of a missing file as its third argument; rows raise `_Refusal(code)`.
            keywords = {"code", *(("unknown", "invalid") if called(node) == "Codes" else ())}
            yield from (given.value for given in node.keywords if given.arg in keywords)
            place = {**positions, "_small": 2, "_Refusal": 0}.get(called(node))
            if place is not None and place < len(node.args):
                yield node.args[place]
        elif isinstance(node, ast.FunctionDef):
            defaults = dict(
                zip(reversed(node.args.args), reversed(node.args.defaults), strict=False)
            )
            yield from (value for name, value in defaults.items() if name.arg == "code")


def error_codes() -> set[str]:
    """Return every code of an error or of a field that the source names."""
    modules = trees()
    positions = code_positions(modules)
    found: set[str] = set()
    for module in modules:
        constants = {
            part.targets[0].id: part.value.value
            for part in module.body
            if isinstance(part, ast.Assign)
            and isinstance(part.targets[0], ast.Name)
            and isinstance(part.value, ast.Constant)
            and isinstance(part.value.value, str)
        }
        for argument in code_arguments(module, positions):
            found.update(c for c in literals(argument, constants) if SLUG.fullmatch(c))
    return found


def exit_codes() -> dict[str, set[int]]:
    """Return the exit codes of each code that is given to an error class by keyword."""
    found: dict[str, set[int]] = {}
    for module in trees():
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and called(node) in errors.__all__:
                number = getattr(errors, called(node)).exit_code
                for given in node.keywords:
                    for code in literals(given.value, {}) if given.arg == "code" else ():
                        found.setdefault(code, set()).add(number)
    return found


def sections(page: str) -> dict[str, str]:
    """Return the text under each heading of the lowest level."""
    text = (REFERENCE / page).read_text(encoding="utf-8")
    parts = re.split(r"^#{2,3} (.+)$", text, flags=re.MULTILINE)
    return {name.strip(): body for name, body in zip(parts[1::2], parts[2::2], strict=True)}


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
    codes = error_codes()
    # One of each way to give a code: keyword, position, constant, default, form, helper.
    ways = {"config-missing", "body-shape", "contract-invalid", "data-unreadable"}
    assert ways | {"policy-revoked-key", "bundle-unsigned", "duplicate-row"} <= codes
    assert codes - headings("errors.md") == set()


def test_every_code_of_a_cell_or_field_has_a_heading() -> None:
    named = f"{check_frame.__doc__}{coerce.__doc__}{FieldProblem.__doc__}"
    codes = {c for c in re.findall(r"``([a-z-]+)``", named) if SLUG.fullmatch(c)}
    assert len(codes) >= 15
    assert codes - headings("errors.md") == set()


def test_every_documented_error_code_is_in_the_source() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in SOURCE.rglob("*.py"))
    # The service makes a code of the name of an HTTP status.
    made = {"not-found", "method-not-allowed"} | {
        f"{what}-{how}" for what in SIGNED for how in ("untrusted-key", "revoked-key")
    }
    codes = {name for name in headings("errors.md") if SLUG.fullmatch(name)} - made
    assert len(codes) > 100
    assert [code for code in sorted(codes) if f'"{code}"' not in text] == []


def test_documented_exit_codes_are_those_of_the_classes() -> None:
    said = sections("errors.md")
    wrong = [
        (code, number)
        for code, numbers in exit_codes().items()
        for number in numbers
        if (f"Exit code {number}" in said[code]) != (number != ScorewrightError.exit_code)
    ]
    assert len(exit_codes()) > 50
    assert wrong == []


def test_every_finding_code_has_a_heading() -> None:
    pattern = re.compile(r"\b(?:LEAK|CONV|FEAT|EXP|STORE|RUN|FILE|MODEL)-\d{3}\b")
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
