"""Who says that which folder is theirs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from scorewright.core.snapshot import Address, Snapshot, parse_address

__all__ = ["Claim", "claims_of"]

#: Run ids and ids of logged models, as folders are called.
_ID = re.compile(r"(?:m-)?[0-9a-f]{32}")
#: Shorter ids are found by chance: there is a folder "2" anywhere.
_LONG = 12
#: The registry keeps the numbers of versions that were deleted, with this stage.
_GONE = "Deleted_Internal"
#: What MLflow writes where a version's files would be: a prompt has none.
_PROMPT = "dummy-source"
#: An address may name another one, and that one a third; more is a ring.
_LONGEST = 5


@dataclass(frozen=True, slots=True)
class Claim:
    """One owner's address.

    Attributes:
        owner: "experiment", "run", "model" or "version".
        owner_id: Id; name and number with a slash for a version.
        uri: As the store has it, followed where it names a run or a model.
        address: The same, understood.
    """

    owner: str
    owner_id: str
    uri: str = field(hash=False)
    address: Address = field(hash=False)

    def id_folder(self) -> int | None:
        """Return the index of the address's part that is the id of a run or a model."""
        own = self.owner_id if self.owner != "experiment" and len(self.owner_id) >= _LONG else None
        parts = self.address.path.split("/")
        for index in range(len(parts) - 1, -1, -1):
            if parts[index] == own or _ID.fullmatch(parts[index]):
                return index
        return None


def claims_of(snapshot: Snapshot) -> list[Claim]:
    """List what experiments, runs, logged models and model versions say, in this order.

    Args:
        snapshot: The store.
    """
    found = _said(snapshot, "experiments", "experiment", "artifact_location")
    found += _said(snapshot, "runs", "run", "artifact_uri")
    found += _said(snapshot, "logged_models", "model", "artifact_location")
    known = {f"{owner}s:/{key}": uri for owner, key, uri in found if owner != "experiment"}
    versions = []
    rows = snapshot.model_versions.select("name", "version", "source", "storage_location", "stage")
    for name, number, source, storage, stage in rows.iter_rows():
        known[f"models:/{name}/{number}"] = uri = storage or source or ""
        if stage != _GONE and uri != _PROMPT:
            versions.append(("version", f"{name}/{number}", uri))
    aliases = snapshot.registered_model_aliases.select("name", "alias", "version").iter_rows()
    for name, alias, number in aliases:
        known[f"models:/{name}@{alias}"] = f"models:/{name}/{number}"
    everyone = found + sorted(versions)
    return [_claim(owner, owner_id, uri, known) for owner, owner_id, uri in everyone]


def _said(snapshot: Snapshot, table: str, owner: str, column: str) -> list[tuple[str, str, str]]:
    rows = snapshot.tables()[table].select(f"{owner}_id", column).iter_rows()
    return sorted((owner, row[0], row[1] or "") for row in rows)


def _claim(owner: str, owner_id: str, uri: str, known: dict[str, str]) -> Claim:
    followed = _followed(uri, known)
    return Claim(owner, owner_id, followed, parse_address(followed))


def _followed(uri: str, known: dict[str, str]) -> str:
    """Follow ``runs:/`` and ``models:/`` to what they name."""
    for _ in range(_LONGEST):
        if not uri.startswith(("runs:/", "models:/")):
            break
        scheme, _, rest = uri.partition(":/")
        head, _, tail = rest.strip("/").partition("/")
        if f"{scheme}:/{head}" not in known or f"{scheme}:/{head}/{tail}" in known:
            head, tail = f"{head}/{tail}", ""
        if not (target := known.get(f"{scheme}:/{head}")):
            break
        uri = f"{target.rstrip('/')}/{tail}" if tail else target
    return uri
