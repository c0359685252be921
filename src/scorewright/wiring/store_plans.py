"""Plans of changes to a store: made, written beside it, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from scorewright.core.digests import short
from scorewright.core.errors import UsageError
from scorewright.flows.events import Notify
from scorewright.wiring.store_asides import payload_aside, put_in_place
from scorewright.wiring.store_gathering import absolute_root, consolidation_tools, target_of
from scorewright.wiring.store_workshops import Share, StoreSite, person, site_of
from scorewright.wiring.stores import AuditWish, StoreRoom

if TYPE_CHECKING:
    from scorewright.core.plans import Plan
    from scorewright.core.rationalise import Wish
    from scorewright.core.snapshot import RootRule
    from scorewright.flows.store.plan_making import PlanDraft, PlanTools

__all__ = ["ConsolidateWish", "PlanFile", "StorePlans"]


@dataclass(frozen=True, slots=True)
class ConsolidateWish:
    """How stores become one.

    Attributes:
        on_same_name: Experiments of one name merge, or the later one gets a suffix.
        share: How artifacts of the same file system are copied.
        artifact_root: Folder of the target's artifacts; "" for the usual one.
        roots: Where moved artifact roots lie now.
    """

    on_same_name: Literal["merge", "suffix"] = "merge"
    share: Share = "copy"
    artifact_root: str = ""
    roots: tuple[RootRule, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A plan that was made.

    Attributes:
        plan: What would be done.
        file: Where it was written; None for a plan without steps.
        payload: The rows and files that go with it; None without any.
    """

    plan: Plan
    file: Path | None
    payload: Path | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the document of ``--json``."""
        return {
            "schema_version": 1,
            "file": None if self.file is None else str(self.file),
            "payload": None if self.payload is None else str(self.payload),
            "plan": self.plan.to_json(),
        }


@dataclass(frozen=True, slots=True)
class StorePlans:
    """Makes plans for stores; reading is all that happens to them.

    Attributes:
        room: Stores and the project around.
    """

    room: StoreRoom

    def fix(
        self,
        location: str | None,
        codes: Sequence[str],
        roots: tuple[RootRule, ...],
        output: Path | None,
        notify: Notify,
    ) -> PlanFile:
        """Plan what mends findings of the audit.

        Raises:
            UsageError: ``fix-unknown``, ``plan-not-a-database``, ``plan-reaches-alive``.
        """
        from scorewright.core.rationalise import FILE_CODES, Evidence
        from scorewright.flows.store.audit_store import audit_input, judge
        from scorewright.flows.store.backfill_rerun import RerunWriter
        from scorewright.flows.store.plan_fix import plan_fix
        from scorewright.wiring.machine import learners

        _refuse_output(output)
        opened, site = self.room.open(location), self._site(location)
        audit_tools = self.room.audit_tools(notify)
        needs_digests = bool({code.upper() for code in codes} & (FILE_CODES | {"ALL"}))
        wish = AuditWish(needs_digests, roots=roots)
        tools = self._tools(opened.location, site)
        given = audit_input(opened, audit_tools, self.room.audit_options(opened, wish))
        report = judge(given, audit_tools)
        evidence = Evidence(
            given.snapshot, given.conventions, given.now, given.files, given.roots, self._project()
        )
        draft = plan_fix(evidence, report, codes, tools, RerunWriter(learners()))
        return self._write(draft, site, output)

    def structure(
        self,
        location: str | None,
        declaration: Path | None,
        roots: tuple[RootRule, ...],
        output: Path | None,
        notify: Notify,
    ) -> PlanFile:
        """Plan the wished structure: ``[store.rationalise]`` of a file or of the project.

        Raises:
            UsageError: ``declaration-missing``, ``config-missing``, ``experiment-unknown``,
                ``rationalise-contradiction``, ``plan-not-a-database`` and others of
                `plan_structure`.
        """
        from scorewright.flows.store.plan_making import look
        from scorewright.flows.store.plan_structure import plan_structure

        _refuse_output(output)
        wish = self._wish(declaration)
        opened, site = self.room.open(location), self._site(location)
        audit_tools = self.room.audit_tools(notify)
        tools = self._tools(opened.location, site)
        evidence = look(
            opened,
            audit_tools.conventions,
            tools.made_at,
            roots=(*roots, *self.room.roots()),
            project=self._project(),
            notify=notify,
        )
        return self._write(plan_structure(evidence, wish, tools), site, output)

    def backfill(
        self,
        location: str | None,
        roots: tuple[RootRule, ...],
        output: Path | None,
        notify: Notify,
    ) -> PlanFile:
        """Plan what runs lack and their own evidence gives.

        Raises:
            UsageError: ``plan-not-a-database``.
        """
        from scorewright.adapters.charts import VegaRenderer
        from scorewright.adapters.file_contents import LocalContents
        from scorewright.adapters.model_prober import ChildScorer
        from scorewright.flows.store.audit_store import audit_input
        from scorewright.flows.store.backfill_ports import BackfillTools
        from scorewright.flows.store.plan_backfill import plan_backfill
        from scorewright.wiring.machine import learners

        _refuse_output(output)
        opened, site = self.room.open(location), self._site(location)
        target = self._tools(opened.location, site).target
        options = self.room.audit_options(opened, AuditWish(is_hashed=True, roots=roots))
        given = audit_input(opened, self.room.audit_tools(notify), options)
        with ChildScorer() as scorer:
            tools = BackfillTools(LocalContents(), VegaRenderer(), learners(), notify, scorer)
            made = plan_backfill(given, target, tools, person())
        return self._write(made.draft, site, output)

    def consolidate(
        self,
        sources: Sequence[str],
        into: str,
        wish: ConsolidateWish,
        output: Path | None,
        notify: Notify,
    ) -> PlanFile:
        """Plan how stores become one.

        Raises:
            UsageError, FindingsError, ScorewrightError, IntegrityError: As `plan_consolidation`.
        """
        from scorewright.flows.store.consolidate import ConsolidationOptions, plan_consolidation

        _refuse_output(output)
        addresses = [self.room.address(source) for source in sources]
        site = site_of(self.room, target_of(into))
        addresses = [site.address if _is_one(one, site.address) else one for one in addresses]
        folder = (output.parent if output is not None else site.folder).absolute()
        root, roots = absolute_root(wish.artifact_root), (*wish.roots, *self.room.roots())
        with payload_aside(folder) as aside:
            options = ConsolidationOptions(aside, wish.on_same_name, root, roots)
            change = plan_consolidation(
                addresses, site.address, options, consolidation_tools(folder / "fetched"), notify
            )
            if not change.plan.steps and output is None:
                return PlanFile(change.plan, None)
            terms = site.new_terms(change.plan, wish.share, [root] if root else [])
            site.keep_terms(change.plan.id, terms)
            payload = folder / f"payload-{short(change.plan.id)}.db"
            put_in_place(aside, payload)
        return PlanFile(change.plan, self.save(change.plan, site, output), payload)

    def save(self, plan: Plan, site: StoreSite, output: Path | None = None) -> Path:
        """Write a plan down, beside its store where no file is named.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        from scorewright.adapters.durable import save_json

        file = (output or site.folder / f"plan-{short(plan.id)}.json").absolute()
        save_json(file, plan.to_json())
        return file

    def _write(self, draft: PlanDraft, site: StoreSite, output: Path | None) -> PlanFile:
        from scorewright.adapters.store_editing import write_payload

        if not draft.plan.steps and output is None:
            return PlanFile(draft.plan, None)
        if not draft.contents:
            return PlanFile(draft.plan, self.save(draft.plan, site, output))
        folder = (output.parent if output is not None else site.folder).absolute()
        with payload_aside(folder) as aside:
            plan = draft.with_payload(write_payload(aside, draft.contents))
            payload = folder / f"payload-{short(plan.id)}.db"
            put_in_place(aside, payload)
        return PlanFile(plan, self.save(plan, site, output), payload)

    def _site(self, location: str | None) -> StoreSite:
        address = self.room.address(location)
        return site_of(self.room, address, [address])

    def _tools(self, shown: str, site: StoreSite) -> PlanTools:
        """Return what plans are made with; the store is digested before it is read."""
        from scorewright.adapters.store_editing import DatabaseRows
        from scorewright.flows.store.plan_making import PlanTools
        from scorewright.wiring.machine import clock

        self._refuse_others(shown, site.address)
        now = clock().now().replace(microsecond=0)
        return PlanTools(DatabaseRows(site.address), site.reference(), now, person())

    @staticmethod
    def _refuse_others(shown: str, address: str) -> None:
        """Refuse a tree or a server before it is read, which may take long."""
        is_web = address.startswith(("http://", "https://"))
        if is_web or ("://" not in address and Path(address).is_dir()):
            raise UsageError(
                f"The store {shown} is no SQLite or PostgreSQL database: a plan cannot change it "
                "in place.",
                remedy=f"scorewright store consolidate {shown} --into mlflow.db",
                code="plan-not-a-database",
                details={"location": shown},
            )

    def _project(self) -> str:
        here = self.room.project()
        return "" if here is None else here.settings.project.name

    def _wish(self, declaration: Path | None) -> Wish:
        from scorewright.adapters.project_files import load_declaration
        from scorewright.flows.store.plan_structure import wish_of

        if declaration is not None:
            return wish_of(load_declaration(declaration))
        here = self.room.project()
        if here is None:
            raise UsageError(
                "There is no project here whose settings could say the structure.",
                remedy="Name a file that says it: --declaration structure.toml, with a section "
                "[store.rationalise].",
                code="declaration-missing",
            )
        return wish_of(load_declaration(here.file))


def _refuse_output(output: Path | None) -> None:
    """Refuse a file that is not for a plan, before anything is read.

    Raises:
        UsageError: ``output-format``: another ending; or something that is no plan lies there.
    """
    from scorewright.adapters.durable import load_json

    if output is None:
        return
    is_taken = output.exists() and not {"kind", "steps"} <= (load_json(output) or {}).keys()
    if output.suffix == ".json" and not is_taken:
        return
    why = "something that is no plan lies there" if is_taken else "a plan is JSON"
    raise UsageError(
        f"The plan cannot be written to {output}: {why}.",
        remedy="Name a new file that ends in .json, or leave out --output.",
        code="output-format",
        details={"output": str(output)},
    )


def _is_one(one: str, other: str) -> bool:
    """Tell whether two addresses are one file, by whatever links they lead there."""
    places = Path(one.removeprefix("sqlite:///")), Path(other.removeprefix("sqlite:///"))
    return all(place.exists() for place in places) and places[0].samefile(places[1])
