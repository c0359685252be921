"""LightGBM's text format as arrays: what an explanation needs of it.

The format is LightGBM's ``v4``; see ``Tree::ToString`` of its source. What is not understood
here (linear trees, another version) is left to the library.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from scorewright.adapters.trees.attribution import ShapleyTable, shapley_table_of
from scorewright.adapters.trees.structure import Trees

__all__ = ["link", "read_trees", "shapley_table"]

Floats = npt.NDArray[np.float64]

VERSIONS = ("version=v4", "version=v3")
CATEGORICAL, DEFAULT_LEFT = 1, 2
MISSING_NONE, MISSING_ZERO, MISSING_NAN = 0, 1, 2
WORD = 32
FIELDS = {
    "num_leaves", "is_linear", "split_feature", "threshold", "decision_type", "left_child",
    "right_child", "leaf_value", "leaf_count", "internal_count", "cat_boundaries", "cat_threshold",
}  # fmt: skip


def shapley_table(text: bytes, columns: int) -> ShapleyTable | None:
    """Return what explains a model of two classes; None where it is not understood here.

    Args:
        text: LightGBM's text format.
        columns: Columns it expects.
    """
    try:
        trees = read_trees(text.decode("utf-8"))
    except (KeyError, ValueError, IndexError):
        return None
    return None if trees is None else shapley_table_of(trees, columns)


def link(text: bytes) -> float:
    """Return what the sum of the trees is multiplied by to give the log-odds of the score.

    It is 1, but for a forest, whose trees are averaged, and for another slope of the sigmoid.

    Args:
        text: LightGBM's text format of a model of two classes.

    Raises:
        ValueError: The slope is no number.
    """
    head = text.partition(b"\nTree=")[0].split(b"\n")
    slopes = (line.partition(b"sigmoid:")[2] for line in head if line.startswith(b"objective="))
    slope = float(next(slopes, b"") or 1.0)
    return slope / max(1, text.count(b"\nTree=")) if b"average_output" in head else slope


def read_trees(text: str) -> Trees | None:
    """Return the trees of a model; None where it is of another kind.

    Raises:
        KeyError, ValueError, IndexError: It is not the format.
    """
    head, _, rest = text.partition("\nTree=")
    lines = head.splitlines()
    if "num_class=1" not in lines or not any(line in VERSIONS for line in lines):
        return None
    sections = rest.partition("\nend of trees")[0].split("\nTree=")
    trees = [_section(section) for section in sections] if rest else []
    if any(tree.get("is_linear", "0") != "0" for tree in trees):
        return None
    grown = [tree for tree in trees if int(tree["num_leaves"]) > 1]
    stumps = (float(tree["leaf_value"]) for tree in trees if int(tree["num_leaves"]) == 1)
    return _joined(grown, sum(stumps))


def _section(text: str) -> dict[str, str]:
    """Return name -> value of one tree; the first line is its number."""
    pairs = (line.partition("=") for line in text.split("\n")[1:])
    return {name: value for name, _, value in pairs if name in FIELDS}


def _joined(trees: Sequence[Mapping[str, str]], constant: float) -> Trees:
    """Put the trees one after the other and number their nodes and leaves through."""
    leaves = np.array([int(tree["num_leaves"]) for tree in trees], dtype=np.int64)
    nodes = leaves - 1
    first_node = np.repeat(np.cumsum(nodes) - nodes, nodes)
    first_leaf = np.repeat(np.cumsum(leaves) - leaves, nodes)
    threshold, kind = _numbers(trees, "threshold"), _numbers(trees, "decision_type").astype(int)
    children = [
        np.where(child < 0, child - first_leaf, child + first_node)
        for child in (
            _numbers(trees, name).astype(np.int64) for name in ("left_child", "right_child")
        )
    ]
    is_category = kind & CATEGORICAL > 0
    tables = list(_tables(trees, threshold, is_category, nodes))
    sizes = np.array([len(table) for table in tables], dtype=np.int64)
    missing, default_left = (kind >> 2) & 3, (kind & DEFAULT_LEFT) > 0
    # Where nothing was missing in training, LightGBM takes a missing value as zero.
    as_zero = np.where(missing == MISSING_NONE, threshold >= 0.0, default_left)
    return Trees(
        feature=_numbers(trees, "split_feature").astype(np.int64),
        threshold=np.where(is_category, np.nan, threshold),
        missing_left=as_zero & ~is_category,
        zero_left=np.where(
            (missing == MISSING_ZERO) & ~is_category, default_left.astype(np.int8), -1
        ).astype(np.int8),
        left=children[0],
        right=children[1],
        rows=_numbers(trees, "internal_count"),
        leaf_rows=_numbers(trees, "leaf_count"),
        leaf_value=_numbers(trees, "leaf_value"),
        categories=np.concatenate([np.empty(0, dtype=bool), *tables]),
        category_nodes=np.flatnonzero(is_category),
        category_starts=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        constant=constant,
    )


def _numbers(trees: Sequence[Mapping[str, str]], name: str) -> Floats:
    """Return one field of all trees, one after the other."""
    # Tree by tree: one list of all numbers would leave a service larger by tens of megabytes.
    parts = [np.array(list(map(float, tree[name].split()))) for tree in trees]
    return np.concatenate([np.empty(0), *parts])


def _tables(
    trees: Sequence[Mapping[str, str]],
    threshold: Floats,
    is_category: npt.NDArray[np.bool_],
    nodes: npt.NDArray[np.int64],
) -> Iterator[npt.NDArray[np.bool_]]:
    """Yield which codes go left, for each test of categories in the order of the nodes."""
    ends = np.cumsum(nodes)
    for tree, start, end in zip(trees, ends - nodes, ends, strict=True):
        places = threshold[start:end][is_category[start:end]].astype(int)
        if not places.size:
            continue
        bounds = [int(v) for v in tree["cat_boundaries"].split()]
        words = np.array([int(v) for v in tree["cat_threshold"].split()], dtype="<u4")
        bits = np.unpackbits(words.view(np.uint8), bitorder="little").astype(bool)
        for place in places:
            yield bits[bounds[place] * WORD : bounds[place + 1] * WORD]
