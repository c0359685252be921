"""The native model among a run's files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scorewright.core.backfill import NativeModel, read_model
from scorewright.flows.store.backfill_ports import FileContents, ModelFile, ModelScorer

__all__ = ["FoundModel", "StoredFile", "find_model"]

_NATIVE = re.compile(
    r"(?i)(^|/)([^/]*(model|booster)[^/]*\.(txt|json)|[^/]+\.(lgb|ubj|xgb|bst|cbm))$"
)
_PICKLE = re.compile(r"(?i)\.(pkl|pickle|joblib|dill|cloudpickle)$")
#: A bundle names the inputs of its model beside it, whatever the model calls them.
_SPACE = "features.json"
_CATBOOST = ".cbm"
#: Model type of the conventions -> format of its files.
_FORMATS = {"lgbm": "lightgbm", "xgboost": "xgboost", "catboost": "catboost"}
#: Of more files it is not asked which one is the run's.
_MOST = 20


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a run, or of a model that it logged.

    Attributes:
        name: Path below the run's artifacts, or below ``models/<id>``.
        place: On this machine.
        sha256: "" where it is not known.
    """

    name: str
    place: Path
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class FoundModel:
    """The model of a run.

    Attributes:
        model: None where there is none that can be read.
        file: Where it lies, None without one.
        sha256: Of the file.
        doubts: Why files that are there do not count.
        format: Of the file, as `ModelFile` calls it; "" without one.
    """

    model: NativeModel | None = None
    file: StoredFile | None = None
    sha256: str = ""
    doubts: tuple[str, ...] = ()
    format: str = ""


def find_model(
    files: Iterable[StoredFile],
    left_out: Iterable[str],
    contents: FileContents,
    scorer: ModelScorer | None = None,
) -> FoundModel:
    """Read the one native model of a run.

    Args:
        files: Of the run and its logged models.
        left_out: Names of artifacts that are no models.
        contents: Reads them.
        scorer: Loads models that are no text; without one these are no evidence.
    """
    known = sorted(files, key=lambda file: (file.name.count("/"), file.name))
    others = set(left_out)
    candidates = [f for f in known if _NATIVE.search(f.name) and f.name not in others]
    pickles = [file.name for file in known if _PICKLE.search(file.name)]
    doubts: list[str] = []
    found: dict[str, tuple[NativeModel, StoredFile]] = {}
    for file in candidates[:_MOST]:
        sha256 = file.sha256 or contents.sha256(file.place) or ""
        if sha256 in found:
            continue
        model = _read(file, contents, scorer)
        if isinstance(model, str):
            doubts.append(f"{file.name} does not load: {model}")
        elif model is not None:
            found[sha256] = (model.renamed(_names_beside(file, contents)), file)
        elif not file.name.lower().endswith(".json"):
            doubts.append(f"{file.name} is no model that can be read")
    if len(found) > 1:
        names = ", ".join(file.name for _, file in found.values())
        return FoundModel(doubts=(f"which of its models is the run's is not known: {names}",))
    if not found:
        doubts += [f"{name} is a pickle, and none is ever loaded" for name in pickles]
        return FoundModel(doubts=tuple(doubts))
    ((sha256, (model, file)),) = found.items()
    return FoundModel(model, file, sha256, format=_FORMATS[model.model_type])


def _read(
    file: StoredFile, contents: FileContents, scorer: ModelScorer | None
) -> NativeModel | str | None:
    """Return a model, why it does not load, or None where the file is none."""
    if not file.name.lower().endswith(_CATBOOST):
        return read_model(contents.read(file.place) or b"")
    if scorer is None:
        return None
    facts = scorer.facts(ModelFile("catboost", file.place))
    if isinstance(facts, str):
        return facts
    return NativeModel("catboost", facts.importance, facts.params)


def _names_beside(file: StoredFile, contents: FileContents) -> list[str]:
    """Return the inputs' names of a bundle, none where the model does not lie in one."""
    if PurePosixPath(file.place.as_posix()).parent.name != "model":
        return []
    content = contents.read(file.place.parent.parent / _SPACE)
    try:
        document = json.loads(content or b"null")
    except (ValueError, RecursionError):
        return []
    features = document.get("features") if isinstance(document, Mapping) else None
    if not isinstance(features, list):
        return []
    return [str(f["name"]) for f in features if isinstance(f, Mapping) and "name" in f]
