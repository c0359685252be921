"""A bundle as an MLflow model: a directory MLflow can show, load and serve without a pickle."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scorewright.core.bundles import Manifest
from scorewright.core.contracts import Contract
from scorewright.core.features import FeaturePlan, RequestContract
from scorewright.core.matrix import FeatureSpace

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

__all__ = ["ModelIdentity", "write_model_directory"]

#: Imported by MLflow when the model is loaded.
LOADER = "scorewright.entry.mlflow_model"

BUNDLE = "bundle"


@dataclass(frozen=True, slots=True)
class NativeFlavor:
    """How MLflow itself reads a library's model file.

    Attributes:
        name: Name of the flavour, and of the library's package.
        file: Where the file lies in the directory.
        version_key: What the flavour calls the library's version.
        fields: Everything else it asks for.
    """

    name: str
    file: str
    version_key: str
    fields: Mapping[str, str]


NATIVE = (
    NativeFlavor(
        "lightgbm",
        f"{BUNDLE}/model/model.txt",
        "lgb_version",
        {"model_class": "lightgbm.basic.Booster"},
    ),
    NativeFlavor(
        "xgboost",
        f"{BUNDLE}/model/model.ubj",
        "xgb_version",
        {"model_class": "xgboost.core.Booster", "model_format": "ubj"},
    ),
    NativeFlavor(
        "catboost",
        f"{BUNDLE}/model/model.cbm",
        "catboost_version",
        {"model_type": "CatBoostClassifier", "save_format": "cbm"},
    ),
)

#: Packages whose version may change a score.
PINNED = ("mlflow", "lightgbm", "numpy", "scikit-learn")


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """What MLflow calls the model.

    Attributes:
        model_id: Id of the logged model, ``m-...``.
        run_id: Run that made it.
        location: Where its files will lie.
    """

    model_id: str
    run_id: str
    location: str


def write_model_directory(
    target: Path,
    bundle_dir: Path,
    manifest: Manifest,
    example: Mapping[str, Any],
    identity: ModelIdentity,
) -> None:
    """Write the directory.

    Args:
        target: A folder that exists and is empty.
        bundle_dir: The signed bundle, copied whole under ``bundle/``.
        manifest: Its manifest.
        example: One application by feature name; other names are left out.
        identity: What MLflow calls the model.
    """
    from mlflow.models import Model  # noqa: PLC0415 - takes seconds to import

    shutil.copytree(bundle_dir, target / BUNDLE)
    contract = Contract.from_dict(json.loads((bundle_dir / "contract.json").read_bytes()))
    inputs = _inputs(bundle_dir, contract)
    model = Model(
        artifact_path=identity.location,
        run_id=identity.run_id,
        model_uuid=identity.model_id,
        model_id=identity.model_id,
        signature=_signature(inputs),
        saved_input_example_info=_write_example(target, inputs, example),
        metadata={
            "bundle": manifest.digest,
            "model_digest": manifest.model_digest,
            "data_version": manifest.data_version,
            "feature_types": {c.name: str(c.type) for c in contract.features},
        },
    )
    _write_environment(target, manifest)
    # `mlflow.pyfunc.add_to_model` writes the same four entries, but importing it takes a second
    # and warns about types of MLflow's own.
    model.add_flavor(
        "python_function",
        loader_module=LOADER,
        python_version=platform.python_version(),
        data=BUNDLE,
        env={"virtualenv": "python_env.yaml"},
    )
    native = _native(target)
    if native is not None:
        found = {native.version_key: _version(manifest, native.name), "data": native.file}
        model.add_flavor(native.name, **found, **native.fields)
    model.add_flavor(
        "scorewright",
        scorewright_version=version("scorewright"),
        bundle=manifest.digest,
        learner=manifest.learner,
    )
    model.model_size_bytes = sum(p.stat().st_size for p in target.rglob("*") if p.is_file())
    model.save(str(target / "MLmodel"))


def _native(target: Path) -> NativeFlavor | None:
    """Return the flavour of the model file that is there."""
    return next((flavor for flavor in NATIVE if (target / flavor.file).is_file()), None)


def _version(manifest: Manifest, package: str) -> str:
    """Return the version at training, or what is installed where the bundle does not say."""
    return manifest.library_versions.get(package) or version(package)


def _inputs(bundle_dir: Path, contract: Contract) -> Mapping[str, bool]:
    """Return what an application consists of: name -> whether it must be there.

    For a model that reads histories that is the raw application, with its rows as ``tables``.
    """
    plan = bundle_dir / "feature_plan.json"
    if not plan.is_file():
        return {c.name: True for c in contract.features}
    space = FeatureSpace.from_dict(json.loads((bundle_dir / "features.json").read_bytes()))
    request = RequestContract(FeaturePlan.from_dict(json.loads(plan.read_bytes())), space.names)
    return {**{f.column.name: f.is_required for f in request.application}, "tables": False}


def _signature(names: Mapping[str, bool]) -> ModelSignature:
    """Return the names in order, each with MLflow's type "any", and ``pd`` as a double.

    The contract says what a value may be. MLflow's own types are not used for the inputs because
    its scoring server casts before the model sees anything: a missing boolean becomes False, 1.5
    becomes 1 for a long, the text "12" becomes a number; and a data frame of whole numbers is
    refused for a double.
    """
    from mlflow.models import ModelSignature  # noqa: PLC0415 - heavy
    from mlflow.types import ColSpec, DataType, Schema  # noqa: PLC0415
    from mlflow.types.schema import AnyType  # noqa: PLC0415

    anything = AnyType()  # type: ignore[no-untyped-call]
    return ModelSignature(
        inputs=Schema(
            [ColSpec(anything, name=name, required=needed) for name, needed in names.items()]
        ),
        outputs=Schema([ColSpec(DataType.double, name="pd")]),
    )


def _write_example(
    target: Path, inputs: Mapping[str, bool], example: Mapping[str, Any]
) -> dict[str, str]:
    names = [name for name in inputs if name in example]
    split = {"columns": names, "data": [[example[name] for name in names]]}
    (target / "input_example.json").write_text(json.dumps(split), "utf-8")
    serving = json.dumps({"dataframe_split": split}, indent=2)
    (target / "serving_input_example.json").write_text(serving, "utf-8")
    return {
        "artifact_path": "input_example.json",
        "serving_input_path": "serving_input_example.json",
        "type": "dataframe",
        "pandas_orient": "split",
    }


def _write_environment(target: Path, manifest: Manifest) -> None:
    native = _native(target)
    extra = {native.name} - set(PINNED) if native is not None else set()
    pins = {name: _version(manifest, name) for name in (*PINNED, *sorted(extra))}
    lines = [f"scorewright=={version('scorewright')}", *(f"{k}=={v}" for k, v in pins.items())]
    (target / "requirements.txt").write_text("\n".join(lines) + "\n", "utf-8")
    python = manifest.library_versions.get("python", platform.python_version())
    environment = f"python: {python}\ndependencies:\n- -r requirements.txt\n"
    (target / "python_env.yaml").write_text(environment, "utf-8")
