"""Changes of stores: plans carried out, taken back and proved; legacy stores moved aside."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scorewright.core.digests import short
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.flows.events import Notify
from scorewright.wiring.store_plans import StorePlans
from scorewright.wiring.store_workshops import StoreSite, document_of, now_of, person, site_of
from scorewright.wiring.stores import LocationOpener, StoreRoom

if TYPE_CHECKING:
    from scorewright.core.plans import Plan, Receipt, StoreRef
    from scorewright.flows.store.editing import Workshop
    from scorewright.flows.store.plan_archive import Legacy
    from scorewright.flows.store.undo_receipt import Open
    from scorewright.flows.store.verify_store import Verification

__all__ = ["Applied", "StoreChanges"]


@dataclass(frozen=True, slots=True)
class Applied:
    """A plan that was carried out.

    Attributes:
        receipt: What was done.
        file: Where it is written.
    """

    receipt: Receipt
    file: Path

    @property
    def undo(self) -> str:
        """The command that takes it back."""
        return f"scorewright store undo {shlex.quote(str(self.file))}"

    def to_dict(self) -> dict[str, Any]:
        """Return the document of ``--json``; the receipt's file has all of the plan."""
        receipt = self.receipt
        return {
            "schema_version": 1,
            "receipt": str(self.file),
            "kind": receipt.plan.kind,
            "plan": receipt.plan.id,
            "location": receipt.plan.target.location,
            "steps": len(receipt.plan.steps),
            "holder": receipt.holder,
            "began": receipt.began,
            "ended": receipt.ended,
            "backup": receipt.backup,
            "bin": receipt.bin,
            "checks": list(receipt.checks),
            "undo": self.undo,
        }


@dataclass(frozen=True, slots=True)
class StoreChanges:
    """Changes stores, by plans alone.

    Attributes:
        room: Stores and the project around.
        addresses: Whole addresses of stores that plans name without their password.
    """

    room: StoreRoom
    addresses: Sequence[str] = field(default=())

    def apply(self, file: Path, notify: Notify, holder: str = "") -> Applied:
        """Carry out a plan, or what is left of it.

        Raises:
            UsageError, ScorewrightError, IntegrityError: As `apply_plan`.
        """
        from scorewright.core.plans import read_plan

        plan = read_plan(document_of(file), str(file))
        return self._apply(plan, file.absolute().parent, notify, holder)

    def undo(self, file: Path, notify: Notify, holder: str = "") -> Applied:
        """Take back what a receipt says was done, or what is done of a plan that stopped.

        Raises:
            UsageError, ScorewrightError, IntegrityError: As `undo_receipt`, `undo_unfinished`.
        """
        from scorewright.core.plans import read_plan
        from scorewright.flows.store.undo_receipt import undo_receipt, undo_unfinished

        document = document_of(file)
        holder = holder or person()
        if "plan" not in document:
            plan = read_plan(document, str(file))
            site = self._site(plan)
            if not self._is_finished(site, plan):
                opens = self._opens(site, plan, file.absolute().parent)
                receipt = undo_unfinished(plan, opens, now_of(), notify, holder)
                return self._applied(site, receipt)
        done, folder = self._receipt(file)
        site = self._site(done.plan)
        opens = self._opens(site, done.plan, folder, done.payload)
        return self._applied(site, undo_receipt(done, opens, now_of(), notify, holder))

    def verify(
        self,
        location: str | None,
        receipt: Path | None,
        notify: Notify,
        *,
        reads_data: bool = False,
    ) -> Verification:
        """Prove that a store is whole, and as a receipt says: the newest one where none is named.

        Raises:
            IntegrityError: ``store-broken``.
            UsageError: ``receipt-invalid``, ``receipt-other-store``.
        """
        from scorewright.flows.store.verify_store import verify_store

        is_named = receipt is not None
        if receipt is None and self._is_database(location):
            receipt = self.newest(location)
        if receipt is None:
            opened, workshop = self.room.open(location), None
            if self._is_database(location):
                workshop = self._bare(location)
            return verify_store(opened, notify, workshop, read_data=reads_data)
        done, folder = self._receipt(receipt)
        site = self._site(done.plan, location)
        if location is not None:
            _refuse_other(self.room.address(location), site, done)
        workshop = self._opens(site, done.plan, folder, done.payload)(done.plan)
        opened = self.room.open(site.address)
        return verify_store(opened, notify, workshop, done, read_data=reads_data, is_named=is_named)

    def newest(self, location: str | None) -> Path | None:
        """Return the receipt of the newest plan that changed a database, None without one."""
        return self._site_at(location).newest_receipt()

    def archive(
        self,
        location: str,
        receipt: Path,
        notify: Notify,
        *,
        reads_data: bool = False,
        holder: str = "",
    ) -> Applied:
        """Move a legacy store aside, once the receipt of its consolidation is verified.

        Raises:
            IntegrityError: ``archive-not-verified``, ``archive-changed``.
            UsageError: ``archive-not-contained``, ``archive-no-files``, ``plan-reaches-alive``.
        """
        from scorewright.adapters.store_editing import DatabaseRows
        from scorewright.core.rationalise import Evidence
        from scorewright.flows.store.plan_archive import plan_archive
        from scorewright.flows.store.plan_making import PlanTools

        done, _ = self._receipt(receipt)
        site = self._site(done.plan)
        legacy = self._legacy(location, notify)
        found = self.verify(None, receipt, notify, reads_data=reads_data)
        verified = () if found.differences else found.checks
        now = now_of()().replace(microsecond=0)
        tools = PlanTools(DatabaseRows(site.address), site.reference(), now, person())
        conventions = self.room.audit_tools(notify).conventions
        # What the new store says itself counts: nothing is guessed, for the legacy store has
        # folders of the same runs.
        snapshot = self.room.open(site.address).reader.read(notify)
        target = Evidence(snapshot, conventions, now, roots=self.room.roots())
        draft = plan_archive(legacy, done, verified, target, tools, _Places())
        StorePlans(self.room).save(draft.plan, site)
        site.keep_terms(draft.plan.id, site.new_terms(draft.plan))
        return self._apply(draft.plan, site.folder, notify, holder)

    def _apply(self, plan: Plan, folder: Path, notify: Notify, holder: str) -> Applied:
        from scorewright.flows.store.apply_plan import apply_plan

        site = self._site(plan)
        site.keep_plan(plan, folder)
        workshop = self._opens(site, plan, folder)(plan)
        try:
            receipt = apply_plan(plan, workshop, now_of(), notify, holder or person())
        except (ScorewrightError, KeyboardInterrupt, SystemExit) as error:
            if _is_midway(workshop):
                file = shlex.quote(str(site.folder / f"plan-{short(plan.id)}.json"))
                error.add_note(f"To go on: scorewright store apply {file}")
                error.add_note(f"To give it up: scorewright store undo {file}")
            raise
        return self._applied(site, receipt)

    @staticmethod
    def _applied(site: StoreSite, receipt: Receipt) -> Applied:
        return Applied(receipt, site.folder / f"receipt-{short(receipt.plan.id)}.json")

    def _site(self, plan: Plan, location: str | None = None) -> StoreSite:
        """Return the site of a plan's store; a location that is named knows its own password."""
        named = [] if location is None else [self.room.address(location)]
        return site_of(self.room, plan.target.location, [*self.addresses, *named])

    def _site_at(self, location: str | None) -> StoreSite:
        address = self.room.address(location)
        return site_of(self.room, address, [address])

    @staticmethod
    def _opens(site: StoreSite, plan: Plan, folder: Path, payload: str = "") -> Open:
        """Return what makes the workshop of a plan and of those that take it back."""
        terms = site.terms(plan)
        rows = Path(payload) if payload else site.payload(plan.id, folder)

        def opens(one: Plan) -> Workshop:
            if one.id != plan.id:
                site.keep_terms(one.id, terms)
            return site.open(one, rows if one.payload else None, terms)

        return opens

    def _receipt(self, file: Path) -> tuple[Receipt, Path]:
        """Read a receipt, or that of a plan that was carried out; and say where it lies."""
        from scorewright.core.plans import read_plan, read_receipt

        document, place = document_of(file), file.absolute()
        if "plan" not in document:
            plan = read_plan(document, str(file))
            place = self._site(plan).folder / f"receipt-{short(plan.id)}.json"
            if not place.is_file():
                raise UsageError(
                    f"The plan {short(plan.id)} has no receipt: it was not carried out.",
                    remedy=f"Carry it out first: scorewright store apply {file}",
                    code="plan-not-applied",
                    details={"plan": plan.id},
                )
            document = document_of(place)
        return read_receipt(document, str(place)), place.parent

    @staticmethod
    def _is_finished(site: StoreSite, plan: Plan) -> bool:
        """Tell whether the journal of a plan says that it ended."""
        from scorewright.flows.store.progress import Progress

        journal = site.open(plan, None, site.terms(plan)).journal
        return Progress(journal).is_ended

    def _is_database(self, location: str | None) -> bool:
        address = self.room.address(location)
        if "://" in address:
            return address.startswith("postgres")
        return Path(address).is_file()

    def _bare(self, location: str | None) -> Workshop:
        """Return a workshop for proofs alone."""
        from scorewright.core.plans import Plan, StoreRef

        site = self._site_at(location)
        nothing = Plan("fix", StoreRef(site.address, ""), (), (), (), "", "")
        return site.open(nothing, None, site.new_terms(nothing))

    def _legacy(self, location: str, notify: Notify) -> Legacy:
        from scorewright.flows.store.plan_archive import Legacy

        opened = LocationOpener().open(location)
        address = self.room.address(location)
        snapshot = opened.reader.read(notify)
        return Legacy(opened.location, address, snapshot.source.kind, snapshot.runs.height)


class _Places:
    """Implements `scorewright.flows.store.plan_ports.ArchivePlaces`."""

    def reference(self, location: str) -> StoreRef:
        from scorewright.adapters.store_editing import reference_of

        return reference_of(location)

    def digest(self, path: str) -> str:
        from scorewright.adapters.file_contents import LocalContents
        from scorewright.adapters.store_editing import folder_digest

        place = Path(path)
        return folder_digest(place) if place.is_dir() else str(LocalContents().sha256(place))

    def exists(self, path: str) -> bool:
        return Path(path).exists()

    def has_journal(self, path: str) -> bool:
        beside = (Path(f"{path}{ending}") for ending in ("-wal", "-journal"))
        return any(place.exists() and place.stat().st_size for place in beside)


def _is_midway(workshop: Workshop) -> bool:
    """Tell whether a plan has begun and is not finished."""
    from scorewright.flows.store.progress import Progress

    try:
        progress = Progress(workshop.journal)
    except ScorewrightError:
        return False
    return progress.has_started and not progress.is_ended


def _refuse_other(address: str, site: StoreSite, receipt: Receipt) -> None:
    if address != site.address and Path(address) != Path(site.address):
        raise UsageError(
            f"The receipt is of {receipt.plan.target.location}, not of the store that is named.",
            remedy="Leave the location out: the receipt says which store it is of.",
            code="receipt-other-store",
            details={"receipt": receipt.plan.target.location},
        )
