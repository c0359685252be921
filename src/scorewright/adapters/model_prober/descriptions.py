"""What an ``MLmodel`` says of the files beside it, read without loading anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

__all__ = ["Described", "WrongError", "described"]

_NAME = "MLmodel"
_MAX_BYTES = 4 * 1024 * 1024
#: Fields of a flavour that name a file or a folder beside the MLmodel.
_PLACES = ("data", "model_path", "pickled_model", "python_model", "model_data")
_BUNDLE_LOADER = "scorewright.entry.mlflow_model"
_PICKLES = (".pkl", ".pickle", ".joblib", ".dill", ".cloudpickle")
_NATIVE = ("lightgbm", "xgboost", "catboost")


class WrongError(Exception):
    """Why a model cannot be loaded, a part of a sentence."""


@dataclass(frozen=True, slots=True)
class Described:
    """How to load a model.

    Attributes:
        format: ``lightgbm``, ``xgboost``, ``catboost``, ``skops``, ``pickle``, ``bundle``;
            ``external`` for one without flavours, or the name of a flavour that is not tried.
        place: Its file, or the folder of a bundle.
    """

    format: str
    place: Path


def described(folder: Path, files: frozenset[str]) -> Described:
    """Read the description of a model.

    Args:
        folder: Holds the ``MLmodel``.
        files: Paths inside the folder.

    Raises:
        WrongError: The description is damaged, names no flavour, or a file that is not there.
    """
    flavors = _flavors(folder / _NAME)
    for name, flavor in flavors.items():
        for field, path in _named(flavor):
            _check(folder, files, path, f"{_NAME} ({name}.{field})")
    return _chosen(folder, flavors)


def _flavors(file: Path) -> Mapping[str, Mapping[str, Any]]:
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
        document = yaml.safe_load(content.decode("utf-8"))
    except OSError as error:
        raise WrongError(f"its MLmodel cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise WrongError("its MLmodel is damaged: it is no YAML") from error
    if len(content) > _MAX_BYTES or not isinstance(document, Mapping):
        raise WrongError("its MLmodel is damaged or empty")
    flavors = document.get("flavors")
    if not isinstance(flavors, Mapping):
        raise WrongError("its MLmodel names no flavours, so nothing knows how to load it")
    return {str(k): v if isinstance(v, Mapping) else {} for k, v in flavors.items()}


def _named(flavor: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field in _PLACES:
        path = flavor.get(field)
        if isinstance(path, str) and path and "://" not in path:
            yield field, path


def _check(folder: Path, files: frozenset[str], path: str, where: str) -> None:
    plain = path.replace("\\", "/").strip("/")
    if path.startswith(("/", "\\")) or ".." in plain.split("/"):
        raise WrongError(f"its {where} names {path}, which lies outside the model")
    if plain in ("", "."):
        return
    if plain in files:
        if (folder / plain).is_file() and (folder / plain).stat().st_size == 0:
            raise WrongError(f"{path} is empty")
        return
    if not any(name.startswith(f"{plain}/") for name in files):
        raise WrongError(f"its {where} names {path}, which is not there")


def _chosen(folder: Path, flavors: Mapping[str, Mapping[str, Any]]) -> Described:
    if not flavors:
        # So MLflow describes models that are kept outside of it.
        return Described("external", folder)
    generic = flavors.get("python_function", {})
    if generic.get("loader_module") == _BUNDLE_LOADER:
        return Described("bundle", folder / str(generic.get("data") or ""))
    for name in _NATIVE:
        if path := str(flavors.get(name, {}).get("data") or ""):
            return Described("pickle" if _is_pickle(path) else name, folder / path)
    if path := str(flavors.get("sklearn", {}).get("pickled_model") or ""):
        is_skops = flavors["sklearn"].get("serialization_format") == "skops"
        return Described(
            "skops" if is_skops or path.endswith(".skops") else "pickle", folder / path
        )
    for field in ("python_model", "model_path", "data"):
        path = str(generic.get(field) or "")
        if _is_pickle(path):
            return Described("pickle", folder / path)
    name = next((name for name in flavors if name != "python_function"), "")
    return Described(name or str(generic.get("loader_module") or "python_function"), folder)


def _is_pickle(path: str) -> bool:
    return path.lower().endswith(_PICKLES)
