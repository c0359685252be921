"""A model of trees, and a bundle that is of it as far as engines look at one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.adapters.trees.boosters import SPACE, grown, rows

from scorewright.adapters.trees import LoadedLgbmModel, load_booster
from scorewright.core.bundles import Bundle, GoldenRow


@pytest.fixture(scope="module")
def text() -> bytes:
    written: str = grown(40, num_leaves=15).model_to_string(num_iteration=-1)
    return written.encode()


@pytest.fixture(scope="module")
def loaded(text: bytes) -> LoadedLgbmModel:
    return load_booster({"model.txt": text}, SPACE)


@pytest.fixture(scope="module")
def tree_bundle(bundle: Bundle, text: bytes) -> Bundle:
    """The bundle of another model, as far as engines look at one."""
    values = [
        {
            f.name: None if np.isnan(v) else (f.categories[int(v)] if f.categories else float(v))
            for f, v in zip(SPACE.features, row, strict=True)
        }
        for row in rows(12, seed=20)
    ]
    golden = tuple(GoldenRow(value, 0.5) for value in values)
    return replace(
        bundle, learner="lgbm", space=SPACE, model_files={"model.txt": text}, golden=golden
    )
