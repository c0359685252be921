"""Feature files: sets of features in TOML, or in Python for those who would rather loop."""

from __future__ import annotations

import re
import runpy
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scorewright.adapters.project_files.problems import Codes, Problems
from scorewright.adapters.project_files.source import TomlSource, decode, parse, read_bytes
from scorewright.core.errors import UsageError
from scorewright.core.features import (
    AggregateKind,
    AsOf,
    AsOfUnit,
    Expression,
    Feature,
    FeatureLibrary,
    FeatureSet,
    Grid,
    Products,
    Shares,
    TableLink,
    Window,
    parse_window,
)
from scorewright.core.features import parse as parse_expression

__all__ = ["load_feature_files"]

_CODE = "features-file"
_CODES = Codes(
    unknown=_CODE,
    invalid=_CODE,
    noun="an entry of a feature file",
    remedy="Correct the lines named above; docs/reference/features.md explains the entries.",
)
_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_]{0,119}$")
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=120)]
Kind = Literal[
    "count", "min", "max", "mean", "sum", "std", "nunique", "last", "first", "trend"
]  # fmt: skip


T = TypeVar("T")


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Table(_Entry):
    parent: str | None = None
    on: str
    key: str | None = None
    as_of: str | list[str] | None = None
    unit: Literal["days", "months", "date"] = "days"
    latest: int = Field(default=-1, le=0)


class _Feature(_Entry):
    value: str
    unit: str = ""
    about: str = ""


class _Rows(_Entry):
    table: str
    where: str | None = None
    last: str | None = None
    prefix: str | None = None


class _Grid(_Rows):
    columns: list[str] = Field(min_length=1)
    aggregates: list[Kind] = Field(min_length=1)


class _Shares(_Rows):
    column: str
    values: list[str] = Field(min_length=1)


class _Products(_Entry):
    of: list[str] = Field(min_length=2)
    degree: Literal[2] = 2
    prefix: str = "poly"


class _Set(_Entry):
    about: str = ""
    extends: list[str] = []
    features: dict[Name, str | _Feature] = {}
    grids: list[_Grid] = []
    shares: list[_Shares] = []
    products: list[_Products] = []


class _File(_Entry):
    schema_version: Literal[1] = 1
    tables: dict[str, _Table] = {}
    sets: dict[Name, _Set] = {}


def load_feature_files(paths: Sequence[Path]) -> FeatureLibrary:
    """Read feature files and put them together.

    Args:
        paths: ``.toml`` files, and ``.py`` files that define ``SETS``, a list of `FeatureSet`.
            A Python file is run: it is code of the project like any other.

    Raises:
        UsageError: ``features-file`` with file, line and column; ``feature-syntax``;
            ``feature-set-duplicate``; ``features-relations``.
    """
    library = FeatureLibrary((), ())
    for path in paths:
        found = _python(path) if path.suffix == ".py" else _toml(path)
        library = library.merged(found)
    return library


def _toml(path: Path) -> FeatureLibrary:
    source = parse(path, decode(path, read_bytes(path, _CODE), _CODE), _CODE)
    problems = Problems(source, _CODES)
    try:
        entry = _File.model_validate(source.data)
    except ValidationError as error:
        problems.add_all(error, _File, source.data)
        problems.raise_if_any()
        raise
    library = _Reader(source, problems).library(entry)
    problems.raise_if_any()
    return library


class _Reader:
    """Turns the entries of one file into values; what cannot be read is noted with its line."""

    def __init__(self, source: TomlSource, problems: Problems) -> None:
        self._source = source
        self._problems = problems

    def library(self, entry: _File) -> FeatureLibrary:
        links = tuple(_link(name, table) for name, table in entry.tables.items())
        sets = tuple(self._set(name, one) for name, one in entry.sets.items())
        return FeatureLibrary(links, sets)

    def _set(self, name: str, entry: _Set) -> FeatureSet:
        path = ("sets", name)
        features: list[Feature] = []
        for number, grid in enumerate(entry.grids):
            at = (*path, "grids", number)
            features += self._placed(at, self._grid(at, grid))
        for number, shares in enumerate(entry.shares):
            at = (*path, "shares", number)
            features += self._placed(at, self._shares(at, shares))
        for number, products in enumerate(entry.products):
            made = Products(tuple(products.of), products.prefix).features()
            features += self._placed((*path, "products", number), made)
        for key, one in entry.features.items():
            declared = one if isinstance(one, _Feature) else _Feature(value=one)
            expression = self._read((*path, "features", key), declared.value, parse_expression)
            if expression is not None:
                feature = Feature(key, expression, declared.unit, declared.about)
                features += self._placed((*path, "features", key), [feature])
        return FeatureSet(name, tuple(features), tuple(entry.extends), entry.about)

    def _placed(self, path: tuple[str | int, ...], features: list[Feature]) -> list[Feature]:
        """Tell features where they are declared, for what is found wrong later."""
        place = self._source.place(path)
        origin = f"{self._source.file}:{place.line}"
        return [replace(feature, origin=origin) for feature in features]

    def _grid(self, path: tuple[str | int, ...], entry: _Grid) -> list[Feature]:
        where, window = self._rows(path, entry)
        kinds = tuple(AggregateKind(kind) for kind in entry.aggregates)
        columns = tuple(entry.columns)
        return Grid(entry.table, columns, kinds, where, window, entry.prefix).features()

    def _shares(self, path: tuple[str | int, ...], entry: _Shares) -> list[Feature]:
        where, window = self._rows(path, entry)
        values = tuple(entry.values)
        return Shares(entry.table, entry.column, values, where, window, entry.prefix).features()

    def _rows(
        self, path: tuple[str | int, ...], entry: _Rows
    ) -> tuple[Expression | None, Window | None]:
        where = window = None
        if entry.where is not None:
            where = self._read((*path, "where"), entry.where, parse_expression)
        if entry.last is not None:
            window = self._read((*path, "last"), entry.last, parse_window)
        return where, window

    def _read(self, path: tuple[str | int, ...], text: str, reader: Callable[[str], T]) -> T | None:
        try:
            return reader(text)
        except UsageError as error:
            said = f"{error.message.rstrip('.')}. {error.remedy.rstrip('.')}"
            self._problems.add(path, said, error.code)
            return None


def _link(name: str, entry: _Table) -> TableLink:
    as_of = None
    if entry.as_of is not None:
        columns = (entry.as_of,) if isinstance(entry.as_of, str) else tuple(entry.as_of)
        as_of = AsOf(columns, AsOfUnit(entry.unit), entry.latest)
    return TableLink(name, entry.parent, entry.on, entry.key, as_of)


def _python(path: Path) -> FeatureLibrary:
    read_bytes(path, _CODE)
    try:
        sets: Any = runpy.run_path(str(path)).get("SETS")
    except UsageError as error:  # of an expression or a window that the file writes
        raise UsageError(
            f"{_place(path, error)}: {error.message}",
            remedy=error.remedy,
            code=error.code,
            details=error.details,
        ) from error
    except (Exception, SystemExit) as error:  # a file that ends itself must not end the command
        raise UsageError(
            f"{_place(path, error)}: the feature file failed: {type(error).__name__}: {error}.",
            remedy="Run the file by itself with python and mend it.",
            code=_CODE,
        ) from error
    if not isinstance(sets, list | tuple) or not all(isinstance(s, FeatureSet) for s in sets):
        raise _ill_made(path, "does not define SETS, a list of FeatureSet")
    for one in sets:
        _refuse_ill_made(path, one)
    return FeatureLibrary((), tuple(sets))


def _place(path: Path, error: BaseException) -> str:
    """Name the file's own line that was the last to run."""
    own = (f.lineno for f in reversed(traceback.extract_tb(error.__traceback__))
           if f.filename == str(path))  # fmt: skip
    line = next(own, None)
    return f"{path}:{line}" if line else str(path)


def _refuse_ill_made(path: Path, one: FeatureSet) -> None:
    """Refuse a set whose parts are of other types: Python let them pass when it was made.

    Raises:
        UsageError: ``features-file``.
    """
    if not isinstance(one.name, str) or not isinstance(one.extends, list | tuple):
        raise _ill_made(path, f"has a set {one.name!r} whose name is no text or extends no list")
    for feature in one.features:
        if not isinstance(feature, Feature):
            raise _ill_made(path, f"has {feature!r} in the set '{one.name}', which is no Feature")
        if not isinstance(feature.name, str) or _NAME.fullmatch(feature.name) is None:
            raise _ill_made(path, f"names a feature {feature.name!r}; expected letters and digits")
        if not isinstance(feature.expression, Expression):
            what = f"gives the feature '{feature.name}' {feature.expression!r}"
            raise _ill_made(path, f"{what}, which is no expression: write parse(...) around a text")


def _ill_made(path: Path, what: str) -> UsageError:
    return UsageError(
        f"{path} {what}.",
        remedy="End the file with SETS = [FeatureSet(...)]; docs/reference/features.md shows one.",
        code=_CODE,
        details={"file": str(path)},
    )
