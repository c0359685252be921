"""A small portfolio, and what a command answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl


@dataclass(frozen=True)
class Answer:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def text(self) -> str:
        """Output without the line breaks of a narrow terminal."""
        return " ".join((self.out + self.err).split())


Cli = Callable[..., Answer]


def loans(rows: int = 600, seed: int = 3) -> pl.DataFrame:
    """A small portfolio with a key, numbers, a category and an outcome."""
    rng = np.random.default_rng(seed)
    income = np.round(rng.lognormal(10.2, 0.4, rows), 0)
    debt = np.round(income * rng.beta(2, 5, rows), 2)
    job = rng.choice(["fixed", "freelance", "none"], rows, p=[0.7, 0.2, 0.1])
    risk = -2.2 + 3.0 * debt / income + 0.9 * (job == "none") - 0.4 * (np.log(income) - 10.2)
    bad = rng.random(rows) < 1 / (1 + np.exp(-risk))
    missing = rng.random(rows) < 0.05
    return pl.DataFrame(
        {
            "loan_id": [f"L{i:05d}" for i in range(rows)],
            "income": income,
            "debt": [None if m else float(d) for m, d in zip(missing, debt, strict=True)],
            "job": job,
            "sex": rng.choice(["f", "m"], rows),
            "status": np.where(bad, "bad", "good"),
        }
    )
