"""Loading in the child: one function per format, and what a loaded model tells of itself."""

from __future__ import annotations

import importlib
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

__all__ = ["DamagedError", "LoadedModel", "NotTriedError", "load"]

Predict = Callable[[Any], Any]


class DamagedError(Exception):
    """Why a file is no model, a part of a sentence."""


class NotTriedError(Exception):
    """Why a model is not loaded although it could be, a part of a sentence."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model that was loaded, and has answered.

    Attributes:
        format: Such as ``lightgbm``.
        names: Of its inputs, in order; empty where it does not tell.
        predict: From a pandas data frame with these columns to one score per row.
        categories: Names of inputs that are categories.
        importance: By input, empty where it is read elsewhere or not known.
        params: It was trained with.
    """

    format: str
    names: tuple[str, ...] = ()
    predict: Predict | None = None
    categories: tuple[str, ...] = ()
    importance: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Return what it tells of itself, JSON-ready."""
        return {
            "format": self.format,
            "names": list(self.names),
            "importance": dict(self.importance),
            "params": dict(self.params),
        }


def load(form: str, place: str) -> LoadedModel:
    """Load a model and have it answer one row.

    Args:
        form: Key of the table below.
        place: Its file, or the folder of a bundle.

    Raises:
        DamagedError: It is no such model, or cut.
        NotTriedError: It names types nobody has vouched for.
        ModuleNotFoundError: Its library is not installed here.
    """
    path = Path(place)
    if not path.exists():
        raise DamagedError(f"{path.name} is not there")
    return _LOADERS[form](path)


def _lightgbm(path: Path) -> LoadedModel:
    lgb = importlib.import_module("lightgbm")
    content = path.read_bytes()
    if not content.startswith((b"tree\n", b"tree\r\n")):
        raise DamagedError(f"{path.name} does not begin as a model of LightGBM does")
    if b"\nend of trees" not in content:
        raise DamagedError(f"{path.name} is cut short: its trees have no end")
    try:
        booster = lgb.Booster(model_str=content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DamagedError(f"{path.name} is damaged: it is no UTF-8") from error
    except lgb.basic.LightGBMError as error:
        raise DamagedError(f"LightGBM cannot read {path.name}: {error}") from error
    names = tuple(map(str, booster.feature_name()))
    booster.predict(np.zeros((1, len(names))), num_threads=1)
    return LoadedModel(
        "lightgbm", names, lambda x: booster.predict(x, num_threads=1), _categories(content, names)
    )


def _categories(content: bytes, names: Sequence[str]) -> tuple[str, ...]:
    """Return the inputs whose values the model lists, which it does of categories alone."""
    for line in content.split(b"\nTree=", 1)[0].decode("utf-8").splitlines():
        if line.startswith("feature_infos="):
            infos = line.removeprefix("feature_infos=").split(" ")
            pairs = zip(names, infos, strict=False)
            return tuple(n for n, i in pairs if i != "none" and not i.startswith("["))
    return ()


def _xgboost(path: Path) -> LoadedModel:
    xgb = importlib.import_module("xgboost")
    raw = path.read_bytes()
    # Its parser may end the process on a file cut short; what can be seen is told here.
    if raw.startswith(b"{") and not raw.rstrip().endswith(b"}"):
        raise DamagedError(f"{path.name} is cut short: its last bracket is missing")
    booster = xgb.Booster({"nthread": 1})
    try:
        booster.load_model(bytearray(raw))
        size = int(booster.num_features())
        names = tuple(booster.feature_names or (f"f{i}" for i in range(size)))
        booster.inplace_predict(np.zeros((1, size)), validate_features=False)
    except xgb.core.XGBoostError as error:
        raise DamagedError(f"XGBoost cannot read {path.name}: {_first_line(error)}") from error
    kinds = booster.feature_types or ()
    categories = tuple(n for n, kind in zip(names, kinds, strict=False) if kind == "c")

    def predict(x: Any) -> Any:  # noqa: ANN401 - arrays of another library
        values = np.asarray(x, dtype=np.float64)
        return booster.inplace_predict(values, validate_features=False)

    return LoadedModel("xgboost", names, predict, categories)


def _catboost(path: Path) -> LoadedModel:
    catboost = importlib.import_module("catboost")
    raw = path.read_bytes()
    if not raw.startswith(b"CBM1"):
        raise DamagedError(f"{path.name} does not begin as a model of CatBoost does")
    model = catboost.CatBoost()
    try:
        model.load_model(blob=raw)
        names = tuple(map(str, model.feature_names_))
        categories = tuple(names[i] for i in model.get_cat_feature_indices())
        gains = model.get_feature_importance(type="PredictionValuesChange")
    except catboost.CatBoostError as error:
        raise DamagedError(f"CatBoost cannot read {path.name}: {_first_line(error)}") from error
    params: dict[str, Any] = {"iterations": int(model.tree_count_)}
    known = model.get_all_params() or {}
    wanted = ("depth", "learning_rate", "l2_leaf_reg", "random_strength", "border_count", "rsm")
    # They are kept in single precision.
    params |= {k: _plain(known[k]) for k in wanted if isinstance(known.get(k), int | float)}

    def predict(x: Any) -> Any:  # noqa: ANN401 - arrays of another library
        return model.predict(x, prediction_type="Probability", thread_count=1)[:, 1]

    importance = {n: float(g) for n, g in zip(names, gains, strict=True)}
    return LoadedModel("catboost", names, predict, categories, importance, params)


def _plain(value: float) -> float:
    return value if isinstance(value, int) else float(f"{np.float32(value):.7g}")


def _skops(path: Path) -> LoadedModel:
    skops = importlib.import_module("skops.io")
    try:
        unknown = sorted(skops.get_untrusted_types(file=path))
    except (ValueError, KeyError, OSError, TypeError) as error:
        raise DamagedError(f"skops cannot read {path.name}: {_first_line(error)}") from error
    except zipfile.BadZipFile as error:
        raise DamagedError(f"{path.name} is cut short or damaged: it is no archive") from error
    if unknown:
        shown = ", ".join(map(str, unknown[:3])) + (" ..." if len(unknown) > 3 else "")  # noqa: PLR2004
        raise NotTriedError(f"it holds types that nobody has vouched for: {shown}")
    model = skops.load(path, trusted=[])
    names = tuple(map(str, getattr(model, "feature_names_in_", ())))
    predict = getattr(model, "predict_proba", None)
    return LoadedModel(
        "skops", names, None if predict is None else lambda x: np.asarray(predict(x))[:, 1]
    )


def _bundle(folder: Path) -> LoadedModel:
    """Load one of our own: every digest is compared, then the golden rows."""
    from scorewright.adapters.learners import Learners  # noqa: PLC0415 - heavy
    from scorewright.core.bundles import Bundle, Manifest  # noqa: PLC0415
    from scorewright.core.digests import sha256_hex  # noqa: PLC0415
    from scorewright.core.errors import MissingExtraError, ScorewrightError  # noqa: PLC0415
    from scorewright.core.scoring import Scorer, check_golden  # noqa: PLC0415

    try:
        manifest = Manifest.from_bytes((folder / "manifest.json").read_bytes())
        files = {}
        for entry in manifest.files:
            inner = PurePosixPath(entry.path)
            if inner.is_absolute() or ".." in inner.parts:
                raise DamagedError("its manifest lists a file outside of it")
            files[entry.path] = (folder / inner).read_bytes()
            if sha256_hex(files[entry.path]) != entry.sha256:
                raise DamagedError(f"{entry.path} is not what its manifest says")
        bundle = Bundle.from_files(manifest, files)
        model = Learners().get(bundle.learner).load(bundle.model_files, bundle.space)
        check_golden(Scorer.of(bundle, model), bundle.golden)
    except FileNotFoundError as error:
        name = PurePosixPath(str(error.filename)).name
        raise DamagedError(f"its file {name} is not there") from error
    except MissingExtraError as error:
        raise ModuleNotFoundError(error.message, name=error.message) from error
    except ScorewrightError as error:
        raise DamagedError(f"{error.message[0].lower()}{error.message[1:].rstrip('.')}") from error
    return LoadedModel("bundle", bundle.space.names)


def _pickle(path: Path) -> LoadedModel:
    """Load a pickle: only ever asked for by a person who names the risk."""
    model = importlib.import_module("joblib").load(path)  # reads plain pickles as well
    if not callable(getattr(model, "predict", None)):
        raise DamagedError(f"{path.name} holds a {type(model).__name__}, which predicts nothing")
    return LoadedModel("pickle")


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:300]


_LOADERS: Mapping[str, Callable[[Path], LoadedModel]] = {
    "lightgbm": _lightgbm,
    "xgboost": _xgboost,
    "catboost": _catboost,
    "skops": _skops,
    "bundle": _bundle,
    "pickle": _pickle,
}
