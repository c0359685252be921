"""What MLflow imports to load a logged model: a bundle behind MLflow's ``pyfunc`` interface.

``MLmodel`` names this module as its loader, so ``mlflow.pyfunc.load_model`` and
``mlflow models serve`` come in here. Nothing is unpickled.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from scorewright.core.bundles import Bundle, Manifest
from scorewright.core.contracts import Column, ColumnType, FieldProblem, check_row
from scorewright.core.digests import sha256_hex
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.features import RequestContract, TableColumns
from scorewright.core.scoring import Scorer, check_golden

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BundleModel"]

Row = Mapping[str, Any]
Rows = Sequence[Row]
Tables = Mapping[str, TableColumns]

#: Rows of a batch whose problems are spelled out.
_SHOWN = 10


class BundleModel:
    """A proved bundle that answers with PDs.

    Args:
        bundle: The bundle's documents.
        scorer: Its model with feature space and calibration.
    """

    def __init__(self, bundle: Bundle, scorer: Scorer) -> None:
        self._bundle = bundle
        self._scorer = scorer
        plan = bundle.features
        self._request = None if plan is None else RequestContract(plan, bundle.space.names)
        self._columns = {c.name: c for c in bundle.contract.columns}

    def predict(
        self,
        model_input: pd.DataFrame | Rows | Mapping[str, Any],
        params: Mapping[str, Any] | None = None,  # noqa: ARG002 - MLflow's interface
    ) -> pd.DataFrame:
        """Return the PD of every application.

        Args:
            model_input: A data frame, a list of applications, or one application, by column
                name in any order. None, NaN and NaT are missing values. For a model that reads
                histories, ``tables`` holds table -> list of rows, as an object or as JSON text.
            params: Not used; MLflow hands it over.

        Returns:
            A data frame with the column ``pd`` and the input's index.

        Raises:
            UsageError: ``rows-invalid``: an application does not keep the contract. The message
                names row, column and rule, never the value.
        """
        import pandas as pd  # noqa: PLC0415 - a second of import

        rows, index = _rows(model_input)
        checked = [self._check(row) for row in rows]
        problems = [
            f"row {number}, {problem.field}: {problem.code} (expected {problem.expected})"
            for number, (_, _, found) in enumerate(checked)
            for problem in found
        ]
        if problems:
            more = f" and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
            raise UsageError(
                f"The applications do not keep the contract: {'; '.join(problems[:_SHOWN])}{more}.",
                remedy="Correct the rows; contract.json in the bundle lists every column.",
                code="rows-invalid",
            )
        space = self._scorer.space
        encoded = [space.row(self._inputs(values, tables)) for values, tables, _ in checked]
        x = np.vstack(encoded) if encoded else np.empty((0, len(space.features)))
        pds = self._scorer.score_matrix(x) if encoded else np.empty(0)
        return pd.DataFrame({"pd": pds}, index=index)

    def _check(self, row: Mapping[str, Any]) -> tuple[Row, Tables, Sequence[FieldProblem]]:
        tables = row.get("tables") if self._request else None
        plain = {
            str(k): _plain(v, self._columns.get(str(k)))
            for k, v in row.items()
            if k != "tables" or self._request is None
        }
        if self._request is None:
            check = check_row(self._bundle.contract, plain)
            return check.values, {}, check.problems  # noqa: PD011 - not a data frame
        found = _tables(tables)
        if found is None:
            problem = FieldProblem("tables", "type", "table -> list of rows, as object or JSON")
            return {}, {}, [problem]
        today = dt.datetime.now(dt.UTC).date()
        whole = self._request.check(plain, found, today=today)
        return whole.application, whole.tables, whole.problems

    def _inputs(self, values: Row, tables: Tables) -> Row:
        evaluator = self._scorer.evaluator
        return values if evaluator is None else {**values, **evaluator.features(values, tables)}


def _tables(value: object) -> Mapping[str, Any] | None:
    """Return the rows of the histories; None for what are no tables."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return {}
    return value if isinstance(value, Mapping) else None


def _load_pyfunc(
    data_path: str,
    model_config: Mapping[str, Any] | None = None,  # noqa: ARG001 - MLflow's interface
) -> BundleModel:
    """Load a bundle for MLflow.

    Every file is compared with its digest before any parser sees it, and the model with its
    golden rows before it may answer.

    Raises:
        IntegrityError: ``bundle-file-missing``, ``bundle-file-changed``, ``bundle-manifest``,
            ``bundle-golden-missing``, ``bundle-golden-mismatch``.
    """
    from scorewright.wiring import learners  # noqa: PLC0415 - brings the learner's library

    bundle = _read(Path(data_path))
    model = learners().get(bundle.learner).load(bundle.model_files, bundle.space)
    scorer = Scorer.of(bundle, model)
    check_golden(scorer, bundle.golden)
    return BundleModel(bundle, scorer)


def _read(folder: Path) -> Bundle:
    """Read a bundle whose files are what the manifest says.

    The signature is checked where a bundle is deployed: the keys of the project are not here.
    """
    try:
        manifest = Manifest.from_bytes((folder / "manifest.json").read_bytes())
        for entry in manifest.files:
            path = PurePosixPath(entry.path)
            if path.is_absolute() or ".." in path.parts:
                raise _damaged("its manifest lists a file outside of it", "bundle-manifest")
        files = {entry.path: (folder / entry.path).read_bytes() for entry in manifest.files}
    except FileNotFoundError as error:
        name = Path(error.filename).name
        raise _damaged(f"the file '{name}' is missing", "bundle-file-missing") from error
    for entry in manifest.files:
        if sha256_hex(files[entry.path]) != entry.sha256:
            raise _damaged(f"the file '{entry.path}' was changed", "bundle-file-changed")
    return Bundle.from_files(manifest, files)


def _damaged(what: str, code: str) -> IntegrityError:
    return IntegrityError(
        f"The bundle inside the MLflow model is damaged: {what}.",
        remedy="Download the model again, or log it again with 'scorewright train'.",
        code=code,
    )


def _rows(model_input: Any) -> tuple[Rows, Any]:  # noqa: ANN401 - whatever MLflow hands over
    """Return the applications and the index of the answer."""
    import pandas as pd  # noqa: PLC0415 - a second of import

    if isinstance(model_input, pd.DataFrame):
        cells = model_input.astype(object)  # NaN, NaT and NA become None
        return cells.where(model_input.notna(), None).to_dict(orient="records"), model_input.index
    if isinstance(model_input, Mapping):
        return [model_input], None
    return list(model_input), None


def _plain(value: Any, column: Column | None) -> Any:  # noqa: ANN401 - any cell of a data frame
    """Return a cell as JSON would hold it: the contract is strict about types."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, dt.datetime):
        is_date = column is not None and column.type is ColumnType.DATE
        return value.date().isoformat() if is_date else value.isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    return value
