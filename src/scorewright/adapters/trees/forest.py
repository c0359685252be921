"""A forest as arrays: written as JSON and NumPy's own format, walked by NumPy alone."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.adapters.trees.damage import damaged
from scorewright.core.digests import canonical_json
from scorewright.core.matrix import FeatureSpace

__all__ = ["NODE", "Forest", "ForestModel", "grown_forest", "load_forest"]

Floats = npt.NDArray[np.float64]

HEAD = "forest.json"
NODES = "forest.npy"

#: One node. A leaf is its own child, so that walking on changes nothing.
NODE = np.dtype([
    ("feature", "<i4"), ("threshold", "<f4"), ("left", "<i4"), ("right", "<i4"),
    ("missing_right", "u1"), ("share", "<f8"),
])  # fmt: skip

#: Rows times trees walked at once: enough for NumPy to be busy, little enough for its caches.
CELLS = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Trees in one array.

    Attributes:
        nodes: Every node of every tree, shape (m,), of type `NODE`. A row goes left where its
            value, rounded to single precision, is at most ``threshold``; a missing one goes
            right where ``missing_right`` says so. ``share`` is the share of bads in a leaf.
        roots: Position of each tree's root, shape (t,).
        depth: Steps from the root to the deepest leaf.
        margin: Scores are kept this far off 0 and 1.
        importance: Mean decrease of impurity per column, shape (p,).
    """

    nodes: npt.NDArray[np.void]
    roots: npt.NDArray[np.int64]
    depth: int
    margin: float
    importance: tuple[float, ...]


def grown_forest(trees: Sequence[Any], importance: Floats, margin: float) -> Forest:
    """Return scikit-learn's fitted trees as one array.

    Args:
        trees: The ``tree_`` of each estimator of a two-class forest.
        importance: Its ``feature_importances_``, shape (p,).
        margin: Scores are kept this far off 0 and 1.
    """
    sizes = [tree.node_count for tree in trees]
    roots = np.cumsum([0, *sizes[:-1]])
    nodes = np.concatenate([_grown(t, int(r)) for t, r in zip(trees, roots, strict=True)])
    depth = max(int(tree.max_depth) for tree in trees)
    return Forest(nodes, roots, depth, margin, tuple(float(v) for v in importance))


def _grown(tree: Any, root: int) -> npt.NDArray[np.void]:  # noqa: ANN401 - scikit-learn is untyped
    """Return one tree's nodes; a leaf becomes its own child."""
    nodes = np.zeros(tree.node_count, dtype=NODE)
    is_leaf = tree.children_left < 0
    own = np.arange(tree.node_count)
    nodes["feature"] = np.where(is_leaf, 0, tree.feature)
    nodes["left"] = root + np.where(is_leaf, own, tree.children_left)
    nodes["right"] = root + np.where(is_leaf, own, tree.children_right)
    nodes["missing_right"] = ~is_leaf & (tree.missing_go_to_left == 0)
    nodes["share"] = np.clip(tree.value[:, 0, 1], 0.0, 1.0)
    # Values are single precision: against them the next threshold below that is one too, splits
    # the same.
    short = tree.threshold.astype(np.float32)
    above = short.astype(np.float64) > tree.threshold
    short[above] = np.nextafter(short[above], np.float32(-np.inf))
    nodes["threshold"] = np.where(is_leaf, np.float32(np.inf), short)
    return nodes


class ForestModel:
    """A fitted forest."""

    def __init__(self, forest: Forest, space: FeatureSpace) -> None:
        self._forest = forest
        self._space = space
        nodes = forest.nodes
        # Contiguous copies: a field of a record array is walked several times slower.
        self._feature = nodes["feature"].astype(np.int64)
        self._threshold = np.ascontiguousarray(nodes["threshold"])
        self._missing_right = nodes["missing_right"].astype(np.bool_)
        self._child = np.column_stack([nodes["left"], nodes["right"]]).astype(np.int64).ravel()
        self._share = np.ascontiguousarray(nodes["share"])

    def predict(self, x: Floats) -> Floats:
        """Return raw scores of shape (n,): the mean share of bads in the leaves."""
        values = np.ascontiguousarray(x, dtype=np.float32)
        step = max(1, CELLS // len(self._forest.roots))
        parts = [self._walk(values[i : i + step]) for i in range(0, len(values), step)]
        mean = np.concatenate([np.empty(0), *parts])
        margin = self._forest.margin
        out: Floats = np.clip(mean, margin, 1.0 - margin)
        return out

    def _walk(self, x: npt.NDArray[np.float32]) -> Floats:
        """Return the mean leaf share of some rows, shape (k,)."""
        roots = self._forest.roots
        flat, row = x.ravel(), np.arange(len(x))[:, None] * x.shape[1]
        has_missing = bool(np.isnan(flat).any())
        node = np.broadcast_to(roots, (len(x), len(roots)))
        for _ in range(self._forest.depth):
            value = flat.take(row + self._feature.take(node))
            right = value > self._threshold.take(node)
            if has_missing:
                right |= np.isnan(value) & self._missing_right.take(node)
            node = self._child.take(2 * node + right)
        # One fixed order of additions: a row's score does not depend on the rows beside it.
        total: Floats = np.add.accumulate(self._share.take(node), axis=1)[:, -1]
        return total / len(roots)

    def files(self) -> Mapping[str, bytes]:
        """Return the forest as JSON and one array in NumPy's format, no objects in it."""
        forest, buffer = self._forest, io.BytesIO()
        np.lib.format.write_array(buffer, forest.nodes, version=(1, 0), allow_pickle=False)
        head = {
            "schema_version": 1,
            "columns": len(self._space.features),
            "roots": forest.roots.tolist(),
            "depth": forest.depth,
            "margin": forest.margin,
            "importance": list(forest.importance),
        }
        return {HEAD: canonical_json(head), NODES: buffer.getvalue()}

    def importance(self) -> Mapping[str, float]:
        """Return the mean decrease of impurity per feature."""
        return dict(zip(self._space.names, self._forest.importance, strict=True))

    def loss_history(self) -> Sequence[float]:
        """Return nothing: the trees do not build on one another."""
        return ()


def load_forest(files: Mapping[str, bytes], space: FeatureSpace) -> ForestModel:
    """Read a forest back.

    Raises:
        IntegrityError: ``bundle-model``.
    """
    try:
        head = json.loads(files[HEAD])
        nodes = np.lib.format.read_array(io.BytesIO(files[NODES]), allow_pickle=False)
        forest = Forest(
            nodes=nodes,
            roots=np.asarray(head["roots"], dtype=np.int64),
            depth=int(head["depth"]),
            margin=float(head["margin"]),
            importance=tuple(float(v) for v in head["importance"]),
        )
        columns = int(head["columns"])
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise damaged("forest", str(error)) from error
    if columns != len(space.features) or columns != len(forest.importance):
        raise damaged("forest", f"it expects {columns} features, the bundle {len(space.features)}")
    if not _is_sound(forest, columns):
        raise damaged("forest", "its nodes do not make trees")
    return ForestModel(forest, space)


def _is_sound(forest: Forest, columns: int) -> bool:
    """Whether every node names a column and nodes that exist, and every share is one."""
    nodes = forest.nodes
    if nodes.dtype != NODE or nodes.ndim != 1 or not forest.roots.size or forest.depth < 0:
        return False
    links = np.concatenate([nodes["left"], nodes["right"], forest.roots])
    inside = bool(np.all((links >= 0) & (links < len(nodes))))
    named = bool(np.all((nodes["feature"] >= 0) & (nodes["feature"] < columns)))
    shares = bool(np.all((nodes["share"] >= 0.0) & (nodes["share"] <= 1.0)))
    return inside and named and shares and 0.0 < forest.margin < 1.0
