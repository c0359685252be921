"""Where the store and its artifacts lie, and what its readers found: STORE-nnn."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import polars as pl

from scorewright.core.audit.rule import Check, Hit
from scorewright.core.audit.subjects import STORE, Subject
from scorewright.core.audit.view import StoreView
from scorewright.core.findings import Finding, Severity
from scorewright.core.snapshot import Address, AddressKind, SourceKind, parse_address, resolve

__all__ = ["LOCATION_CHECKS"]

_LOCAL = (SourceKind.SQLITE, SourceKind.FILES)
#: What readers find; the first few are about the database as a whole.
_READ = tuple(f"STORE-{number:03d}" for number in range(20, 31))
_OF_THE_STORE = _READ[:5]


def _second_store(view: StoreView) -> Iterator[Hit]:
    others = view.given.facts.other_stores
    if others:
        yield Hit((STORE,), f"there is also {', '.join(others)}", {"stores": list(others)})


def _elsewhere(view: StoreView) -> Iterator[Hit]:
    """Tell of a store in the project that is neither in its root nor in its mlruns."""
    root, source = view.given.facts.root.rstrip("/"), view.given.snapshot.source
    if not root or source.kind not in _LOCAL or not source.folder:
        return
    folder = source.folder.rstrip("/")
    if folder not in (root, f"{root}/mlruns"):
        yield Hit((STORE,), f"it lies in {folder}, the project in {root}", {"folder": folder})


def _legacy(view: StoreView) -> Iterator[Hit]:
    source = view.given.snapshot.source
    if source.kind is SourceKind.FILES:
        detail = {"layout": source.layout}
        yield Hit((STORE,), "MLflow refuses trees of files since 3.13", detail)


def _roots(view: StoreView) -> Iterator[Hit]:
    """Tell of artifact roots that MLflow would not find, or that lie outside the store."""
    uris = view.runs.select("run_id", uri=pl.col("artifact_uri").fill_null(""))
    # Runs of one root differ in nothing but their own id.
    root = pl.col("uri").str.replace_all("\\", "/", literal=True).str.strip_chars_end("/")
    rows = uris.with_columns(
        root=root.str.strip_suffix("/artifacts").str.replace(r"/[^/]*$", "")
    ).filter(pl.col("uri") != "")
    for (start,), group in rows.group_by("root", maintain_order=True):
        judged = _judged(view, str(start), parse_address(str(start)))
        if judged is not None:
            text, severity = judged
            yield Hit(view.subjects(group["run_id"]), text, {"root": str(start)}, severity)


def _judged(view: StoreView, start: str, address: Address) -> tuple[str, Severity] | None:
    """Say what is wrong with a root: an error where its files are out of reach."""
    place = resolve(address, view.given.roots)
    match address.kind:
        case AddressKind.REMOTE | AddressKind.PROXIED:
            return None
        case AddressKind.RELATIVE:
            return f"relative, it depends on where a program was started: {start}", "warning"
        case _ if place is None:
            return f"of another machine, and no rule says where it lies now: {start}", "error"
        case _ if place != address.path:
            return f"moved from {start} to {place}", "warning"
        case _:
            return _outside(view, place)


def _outside(view: StoreView, place: str) -> tuple[str, Severity] | None:
    source = view.given.snapshot.source
    folder = source.folder.rstrip("/")
    if source.kind not in _LOCAL or not folder:
        return None
    is_below = place == folder or place.startswith(f"{folder}/")
    return None if is_below else (f"outside the store's folder: {place}", "warning")


def _reader_findings(view: StoreView) -> dict[str, list[Finding]]:
    """Return what reading the store and its files brought up, by code."""
    found: dict[str, list[Finding]] = {}
    for finding in (*view.given.snapshot.findings, *view.given.found):
        found.setdefault(finding.code, []).append(finding)
    return found


def _read(code: str, view: StoreView) -> Iterator[Hit]:
    for finding in view.once(_reader_findings).get(code, []):
        yield _repeated(finding, view, finding.message)


def _read_besides(view: StoreView) -> Iterator[Hit]:
    """Repeat findings of readers that no rule speaks of."""
    for code, findings in view.once(_reader_findings).items():
        if code not in _READ:
            for finding in findings:
                yield _repeated(finding, view, f"{code}: {finding.message}")


def _repeated(finding: Finding, view: StoreView, text: str) -> Hit:
    if finding.code in _OF_THE_STORE:
        subject = STORE
    elif finding.subject in view.names:
        subject = view.subject(finding.subject)
    else:
        subject = Subject("file", finding.subject)
    return Hit((subject,), text.rstrip("."), finding.evidence, finding.severity)


LOCATION_CHECKS: dict[str, Check] = {
    "STORE-001": _second_store,
    "STORE-002": _roots,
    "STORE-003": _legacy,
    "STORE-004": _elsewhere,
    **{code: partial(_read, code) for code in _READ},
    "STORE-099": _read_besides,
}
