"""Addresses of artifacts that moved, written anew by the rules of roots (STORE-002)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from scorewright.core.counting import counted
from scorewright.core.plans import Row, RowChange
from scorewright.core.rationalise.evidence import Evidence
from scorewright.core.rationalise.ideas import Idea, Proposal, SetRow
from scorewright.core.rationalise.rawrows import Need, RawRows, TableShape
from scorewright.core.snapshot import AddressKind, RootRule, SourceKind, parse_address, resolve

__all__ = ["readdress"]

_CODE = "STORE-002"
_TRACE = "mlflow.artifactLocation"
_LOCAL = (AddressKind.POSIX, AddressKind.WINDOWS, AddressKind.RELATIVE)


@dataclass(frozen=True, slots=True)
class _Place:
    """A column that holds an address: of whom, where, and how long it may be."""

    kind: str
    table: str
    column: str
    longest: int
    source: str
    said: str
    key: Callable[[Mapping[str, str]], Row]


def _experiment(row: Mapping[str, str]) -> Row:
    return {"experiment_id": int(row["experiment_id"])}


def _run(row: Mapping[str, str]) -> Row:
    return {"run_uuid": row["run_id"]}


def _model(row: Mapping[str, str]) -> Row:
    return {"model_id": row["model_id"]}


def _version(row: Mapping[str, str]) -> Row:
    return {"name": row["name"], "version": row["version"]}


#: kind, table, column, longest text, column of the snapshot, key
_PLACES = tuple(
    _Place(*place)
    for place in (
        ("experiment", "experiments", "artifact_location", 256, "experiments",
         "artifact_location", _experiment),
        ("run", "runs", "artifact_uri", 200, "runs", "artifact_uri", _run),
        ("logged model", "logged_models", "artifact_location", 1000, "logged_models",
         "artifact_location", _model),
        ("version", "model_versions", "source", 500, "model_versions", "source", _version),
        ("version", "model_versions", "storage_location", 500, "model_versions",
         "storage_location", _version),
    )
)  # fmt: skip


def readdress(evidence: Evidence) -> Proposal:
    """Write addresses anew where a rule says that their files lie elsewhere now.

    Deleted experiments and runs are included: they may be restored. No file is moved.

    Args:
        evidence: The store, with its rules.
    """
    ideas: list[Idea] = []
    lost: dict[str, int] = {}
    long: list[str] = []
    for place in _PLACES:
        table = evidence.snapshot.tables()[place.source]
        for row in table.sort(*_sorted_by(place)).iter_rows(named=True):
            old = row[place.said] or ""
            new = _moved(old, evidence.roots)
            if new is None:
                _count_lost(old, evidence.roots, lost)
                continue
            label = f"{place.kind} {'/'.join(str(v) for v in place.key(row).values())}"
            if len(new) > place.longest and evidence.snapshot.source.kind is SourceKind.POSTGRESQL:
                long.append(label)
                continue
            task = SetRow(place.table, place.key(row), {place.column: new}, is_made=False)
            sentence = f"Its artifacts lie in {new}, no longer in {old}."
            ideas.append(Idea("readdress", label, sentence, _CODE, (task,)))
    if ideas:
        ideas.append(
            Idea("readdress", "traces", "Their artifacts moved likewise.", _CODE,
                 (_Traces(evidence.roots),))
        )  # fmt: skip
    return Proposal(tuple(ideas), tuple(_notes(evidence, lost, long)))


def _sorted_by(place: _Place) -> tuple[str, ...]:
    by_table = {
        "experiments": ("experiment_id",),
        "runs": ("run_id",),
        "logged_models": ("model_id",),
    }
    return by_table.get(place.source, ("name", "version"))


def _moved(uri: str, rules: Iterable[RootRule]) -> str | None:
    """Return the new address, None where it stays as it is."""
    address = parse_address(uri)
    place = resolve(address, rules) if uri and address.kind in _LOCAL else None
    if place is None or place == address.path:
        return None
    if not uri.startswith("file:"):
        return place
    return f"file://{'' if place.startswith('/') else '/'}{quote(place, safe='/:')}"


def _count_lost(uri: str, rules: Iterable[RootRule], lost: dict[str, int]) -> None:
    address = parse_address(uri)
    if uri and address.kind in _LOCAL and resolve(address, rules) is None:
        parts = address.path.split("/")
        head = "/".join(parts[: max(1, len(parts) - 3)])
        lost[head] = lost.get(head, 0) + 1


def _notes(evidence: Evidence, lost: Mapping[str, int], long: list[str]) -> Iterable[str]:
    for rule in evidence.roots:
        how = f"guessed from {counted(rule.votes, 'address')}" if rule.votes else "given"
        yield f"{_CODE}: root '{rule.old}' is '{rule.new}' ({how})."
    for head, count in sorted(lost.items()):
        yield (
            f"{_CODE}: below '{head}', {counted(count, 'address')} of another machine; no rule "
            "says where the files lie. Give one under [store] roots."
        )
    if long:
        yield (
            f"{_CODE}: {counted(len(long), 'address')} longer than the column allows: "
            f"{', '.join(long[:3])}. Move the artifacts to a shorter path."
        )


@dataclass(frozen=True, slots=True)
class _Traces:
    """Addresses of the artifacts of traces, which are tags."""

    rules: tuple[RootRule, ...]

    def needs(self, shapes: Mapping[str, TableShape]) -> Iterable[Need]:
        if "trace_tags" in shapes:
            yield Need("trace_tags", "key", _TRACE)

    def changes(self, rows: RawRows) -> Iterable[RowChange]:
        for row in rows.find("trace_tags", {"key": _TRACE}):
            old = row["value"]
            new = _moved(old, self.rules) if isinstance(old, str) else None
            if new is not None:
                key = rows.key_of("trace_tags", row)
                yield RowChange("trace_tags", key, {"value": old}, {"value": new})
