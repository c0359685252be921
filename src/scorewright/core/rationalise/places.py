"""Where the artifacts of a store's owners lie on this machine."""

from __future__ import annotations

from collections.abc import Iterable

from scorewright.core.rationalise.evidence import TOMBSTONE, Evidence
from scorewright.core.snapshot import parse_address, resolve

__all__ = ["Owner", "Places", "places_of"]

#: "run", "model" (a logged one) or "version", and its id.
Owner = tuple[str, str]


class Places:
    """Folders, and who says that they are theirs.

    Args:
        claims: Absolute path -> owners.
    """

    def __init__(self, claims: dict[str, set[Owner]]) -> None:
        self._claims = claims
        self._below: dict[str, set[Owner]] = {}
        for place, owners in claims.items():
            for head in _heads(place):
                self._below.setdefault(head, set()).update(owners)

    def holding(self, path: str) -> set[Owner]:
        """Return the owners in whose folders a path lies."""
        found: set[Owner] = set()
        for head in (path, *_heads(path)):
            found |= self._claims.get(head, set())
        return found

    def inside(self, path: str) -> set[Owner]:
        """Return the owners whose folders lie in a folder, or are it."""
        return self._claims.get(path, set()) | self._below.get(path, set())


def _heads(path: str) -> Iterable[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        if path:
            yield path


def places_of(evidence: Evidence) -> Places:
    """Collect the places of runs, logged models and model versions, deleted ones too.

    Args:
        evidence: The store, with its rules and files.
    """
    claims: dict[str, set[Owner]] = {}
    for owner, owner_id, uri in _said(evidence):
        place = resolve(parse_address(uri), evidence.roots) if uri else None
        if place:
            claims.setdefault(place.rstrip("/"), set()).add((owner, owner_id))
    listed = evidence.files.select("owner", "owner_id", "folder").unique()
    for owner, owner_id, folder in listed.iter_rows():
        if owner in ("run", "model", "version") and folder:
            claims.setdefault(folder.rstrip("/"), set()).add((owner, owner_id))
    return Places(claims)


def _said(evidence: Evidence) -> Iterable[tuple[str, str, str]]:
    snapshot = evidence.snapshot
    for run, uri in snapshot.runs.select("run_id", "artifact_uri").iter_rows():
        yield "run", run, uri or ""
    columns = ("model_id", "artifact_location")
    for model, uri in snapshot.logged_models.select(columns).iter_rows():
        yield "model", model, uri or ""
    versions = snapshot.model_versions.select(
        "name", "version", "stage", "source", "storage_location"
    )
    for name, number, stage, *uris in versions.iter_rows():
        if stage != TOMBSTONE:
            for uri in uris:
                yield "version", f"{name}/{number}", uri or ""
