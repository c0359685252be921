"""Where the plans of a store are kept and carried out."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from scorewright.core.digests import short
from scorewright.core.errors import UsageError
from scorewright.wiring.stores import StoreRoom, installed_schema, kept_databases

if TYPE_CHECKING:
    from scorewright.adapters.store_editing import StoreAttic, Workshops
    from scorewright.core.plans import Plan, Step, StoreRef
    from scorewright.flows.store.apply_plan import Clock
    from scorewright.flows.store.editing import Workshop

__all__ = ["Share", "StoreSite", "Terms", "document_of", "now_of", "person", "site_of"]

Share = Literal["copy", "reflink", "link"]

#: Folders of a whole machine; such as "/mlruns" and "/data", which containers have, are not.
_SHARED: Final = frozenset(
    (
        *("bin", "boot", "dev", "etc", "home", "lib", "lib64", "media", "mnt", "opt", "proc"),
        *("root", "run", "sbin", "srv", "sys", "tmp", "users", "usr", "var", "windows"),
    )
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What one plan may touch; kept beside its journal, the same for its undoing.

    Attributes:
        roots: Folders in which it may change files.
        listed: Folders that have to be as they were when it is taken back.
        share: How artifacts of the same file system are copied.
        payload: Where the plan's rows and files lie, "" where that is not known.
    """

    roots: tuple[str, ...]
    listed: tuple[str, ...]
    share: Share = "copy"
    payload: str = ""


@dataclass(frozen=True, slots=True)
class StoreSite:
    """A store that plans change, and the folder of its state.

    Attributes:
        address: Path or address, whole: never shown.
        home: Folder in which its ``.scorewright`` lies; None for that of the file.
        addresses: Address without a password -> the same with it, for sources.
    """

    address: str
    home: Path | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The folder of the store's state."""
        return self._workshops(()).folder

    @property
    def attic(self) -> StoreAttic:
        """What is kept of all plans."""
        return self._workshops(()).attic()

    def reference(self) -> StoreRef:
        """Return the digests of the store as it is."""
        from scorewright.adapters.store_editing import reference_of

        return reference_of(self.address)

    def payload(self, plan: str, beside: Path | None = None) -> Path | None:
        """Return the file of a plan's rows, None where there is none.

        Args:
            plan: Id of the plan.
            beside: Folder of the plan's own file.
        """
        name = f"payload-{short(plan)}.db"
        places = [folder / name for folder in (beside, self.folder) if folder is not None]
        places += [Path(kept) for kept in (self._kept_terms(plan).get("payload"),) if kept]
        return next((place.absolute() for place in places if place.is_file()), None)

    def terms(self, plan: Plan) -> Terms:
        """Return the terms of a plan: those kept, else those that follow from the store."""
        if kept := self._kept_terms(plan.id):
            roots, listed = tuple(kept["roots"]), tuple(kept["listed"])
            return Terms(roots, listed, kept["share"], kept.get("payload", ""))
        # A plan that was not made here may have been written by anybody: it opens no folder.
        terms = self.new_terms(replace(plan, steps=self._inside(plan.steps)))
        self.keep_terms(plan.id, terms)
        return terms

    def new_terms(self, plan: Plan, share: Share = "copy", more: Iterable[str] = ()) -> Terms:
        """Make the terms of a plan from the store as it is.

        Args:
            plan: Yet to be carried out.
            share: How artifacts are copied.
            more: Further artifact roots.
        """
        from scorewright.core.plans import MoveChange, StoreChange

        changes = [change for step in plan.steps for change in step.changes]
        made = [c.artifact_root for c in changes if isinstance(c, StoreChange)]
        moved = [c for c in changes if isinstance(c, MoveChange)] if plan.kind == "archive" else []
        listed = _outermost([*self._artifact_roots(), *made, *more])
        folders = [c for c in moved if Path(c.path).is_dir()]
        listed = _outermost([*listed, *(place for c in folders for place in (c.path, c.target))])
        roots = _outermost([*listed, *(str(Path(c.path).parent) for c in moved)])
        return Terms(roots, listed, share)

    def _inside(self, steps: Iterable[Step]) -> tuple[Step, ...]:
        """Return the makings of stores whose artifacts lie in the folder of the store's file."""
        from scorewright.core.plans import StoreChange

        if "://" in self.address:
            return ()
        home = Path(self.address).resolve().parent
        return tuple(
            step
            for step in steps
            if all(
                isinstance(change, StoreChange)
                and Path(change.artifact_root).resolve().is_relative_to(home)
                for change in step.changes
            )
        )

    def keep_terms(self, plan: str, terms: Terms) -> None:
        """Write the terms of a plan down.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        from dataclasses import asdict

        from scorewright.adapters.durable import save_json

        save_json(self._terms_file(plan), {"plan": plan, **asdict(terms)})

    def keep_plan(self, plan: Plan, folder: Path) -> None:
        """Keep a plan with the store's state before it begins: by it the plan can be given up.

        Args:
            plan: About to be carried out.
            folder: Of the plan's own file.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        from scorewright.adapters.durable import save_json

        file = self.folder / f"plan-{short(plan.id)}.json"
        if not file.exists():
            save_json(file, plan.to_json())
        rows = self.payload(plan.id, folder)
        terms = self.terms(plan)
        if rows is not None and terms.payload != str(rows):
            self.keep_terms(plan.id, replace(terms, payload=str(rows)))

    def newest_receipt(self) -> Path | None:
        """Return the receipt of the plan that changed this store last, None without one."""
        from scorewright.adapters.durable import load_json
        from scorewright.adapters.store_locations import masked

        own = self.address if "://" in self.address else str(Path(self.address).absolute())
        found = []
        for file in self.folder.glob("receipt-*.json"):
            document = load_json(file) or {}
            target = (document.get("plan") or {}).get("target") or {}
            if target.get("location") in {own, masked(own)}:
                found.append((str(document.get("ended", "")), file))
        return max(found)[1] if found else None

    def open(self, plan: Plan, payload: Path | None, terms: Terms) -> Workshop:
        """Return the workshop of a plan."""
        workshop = self._workshops(terms.roots, terms.listed, terms.share).open(plan, payload)

        def look(location: str) -> StoreRef:
            return self._look(plan, location)

        return replace(workshop, look=look)

    def _look(self, plan: Plan, location: str) -> StoreRef:
        from scorewright.adapters.store_editing import seen_again

        planned = next(source for source in plan.sources if source.location == location)
        if plan.kind == "archive" and not Path(location).exists():
            return planned  # it was moved already: the plan goes on after a crash
        if "***" in location and location not in self.addresses:
            raise _no_password(location)
        return seen_again(planned, self.addresses.get(location, location))

    def _artifact_roots(self) -> list[str]:
        """Return the folders of this machine below which the experiments' artifacts lie."""
        from scorewright.adapters.store_editing import DatabaseRows
        from scorewright.core.snapshot import AddressKind, parse_address

        if not self.is_there():
            return []
        rows = DatabaseRows(self.address)
        if "experiments" not in rows.shapes():
            return []
        found = set()
        for row in rows.rows("experiments", "lifecycle_stage", ["active", "deleted"]):
            address = parse_address(str(row["artifact_location"] or ""))
            if address.kind is not AddressKind.POSIX:
                continue
            place = Path(address.path)
            is_numbered = place.name == str(row["experiment_id"])
            found.add(str(place.parent if is_numbered else place))
        return sorted(found)

    def is_there(self) -> bool:
        """Tell whether there is a store: one that is yet to be made has no rows."""
        return "://" in self.address or Path(self.address).is_file()

    def _workshops(
        self, roots: Iterable[str], listed: Iterable[str] | None = None, share: Share = "copy"
    ) -> Workshops:
        from scorewright.adapters.store_editing import Template, Workshops

        head, kept = installed_schema(), kept_databases()
        return Workshops(
            self.address,
            [Path(root) for root in roots],
            self.home,
            head=head,
            sharing=share,
            listed=None if listed is None else [Path(root) for root in listed],
            template=None if kept is None else Template(kept / f"store-{head}.db", head),
        )

    def _kept_terms(self, plan: str) -> dict[str, Any]:
        from scorewright.adapters.durable import load_json

        kept = load_json(self._terms_file(plan)) or {}
        return kept if kept.get("plan") == plan else {}

    def _terms_file(self, plan: str) -> Path:
        return self.folder / f"terms-{short(plan)}.json"


def site_of(room: StoreRoom, address: str, addresses: Iterable[str] = ()) -> StoreSite:
    """Return the site of a store.

    Args:
        room: With the project, where there is one.
        address: As a plan or a person has it.
        addresses: Whole addresses of stores that plans name without a password.

    Raises:
        UsageError: ``store-password``: a password is lacking. ``store-path``: plans are text, and
            the path is none.
    """
    from scorewright.adapters.store_locations import masked

    known = {masked(whole): whole for whole in addresses}
    here = room.project()
    if here is not None:
        known.setdefault(masked(here.tracking_uri), here.tracking_uri)
    whole = known.get(address, address)
    if "***" in whole:
        raise _no_password(whole)
    _refuse_bytes(whole)
    is_file = "://" not in whole or whole.startswith("sqlite:")
    if "://" not in whole and Path(whole).is_symlink():
        whole = str(Path(whole).resolve())  # its state lies beside the file itself
    return StoreSite(whole, None if is_file else room.home(), known)


def _refuse_bytes(address: str) -> None:
    try:
        address.encode("utf-8")
    except UnicodeEncodeError as error:
        shown = ascii(address)
        raise UsageError(
            f"The path of the store is not UTF-8, and a plan could not name it: {shown}.",
            remedy="Give its folder a name in UTF-8, or make a link with such a name to the folder "
            "and name the store through it.",
            code="store-path",
            details={"location": shown},
        ) from error


def _no_password(location: str) -> UsageError:
    """Return the error for an address whose password no plan keeps."""
    return UsageError(
        f"The password of {location} is not known: plans and receipts keep none.",
        remedy="Give the whole address: --address postgresql://USER:PASSWORD@HOST/DATABASE",
        code="store-password",
        details={"location": location},
    )


def person() -> str:
    """Return who is at work, for locks and receipts."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as containers have
        return "somebody"


def now_of() -> Clock:
    """Return what gives the time."""
    from scorewright.wiring.machine import clock

    return clock().now


def document_of(file: Path) -> dict[str, Any]:
    """Read a plan or a receipt.

    Raises:
        UsageError: ``plan-invalid``.
    """
    from scorewright.adapters.durable import load_json

    document = load_json(file)
    if document is None:
        raise UsageError(
            f"'{file}' is neither a plan nor a receipt: {_why_none(file)}.",
            remedy="Plans and receipts lie in the folder .scorewright beside the store; "
            "'scorewright store plan' makes a plan.",
            code="plan-invalid",
            details={"file": str(file)},
        )
    return document


def _why_none(file: Path) -> str:
    """Say why a file holds no document."""
    if file.is_dir():
        return "it is a folder"
    if not file.is_file():
        return "there is no such file"
    try:
        json.loads(file.read_bytes())
    except OSError as error:
        return f"it cannot be read ({error.strerror or error})"
    except ValueError:
        return "it is no JSON document"
    return "it is JSON, but no object"


def _outermost(folders: Iterable[str]) -> tuple[str, ...]:
    """Return folders without those that lie in another, and without whole disks and systems."""
    places = sorted({Path(folder) for folder in folders if not _is_shared(Path(folder))})
    return tuple(
        str(place) for place in places if not any(other in place.parents for other in places)
    )


def _is_shared(folder: Path) -> bool:
    """Tell whether a folder belongs to a whole machine; one without a root is nobody's."""
    _, *below = folder.parts or ("",)
    if not folder.is_absolute() or not below:
        return True
    return len(below) == 1 and below[0].casefold() in _SHARED
