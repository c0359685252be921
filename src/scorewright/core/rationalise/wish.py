"""The wished structure of a store, and whether it can be."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scorewright.core.errors import UsageError
from scorewright.core.snapshot import Snapshot

__all__ = ["ARCHIVE_PREFIX", "Experiment", "Wish", "Wished", "resolved"]

ARCHIVE_PREFIX = "archive_"
_DEFAULT = "0"


@dataclass(frozen=True, slots=True)
class Wish:
    r"""What a person wishes; experiments are called by their names.

    Attributes:
        keep: They stay as they are.
        merge: Experiment -> the one that gets its runs.
        archive: They and their runs are tagged, and they get a name that says so.
        delete: They and their runs are marked as deleted.
        rename: Old name -> new name.
        rename_matching: Pattern of the whole name -> new name with ``\1``.
        tag: Experiment -> tag -> value.
        describe: Experiment -> its description.
        gather: Run -> runs whose parameters, metrics and tags it gets where it has none; by id,
            its beginning, or ``experiment/name``.
        artifact_root: Where the artifacts of new runs go; "" leaves it.
    """

    keep: tuple[str, ...] = ()
    merge: Mapping[str, str] = field(default_factory=dict)
    archive: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    rename_matching: Mapping[str, str] = field(default_factory=dict)
    tag: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    describe: Mapping[str, str] = field(default_factory=dict)
    gather: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    artifact_root: str = ""


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment as it is."""

    id: str
    name: str
    location: str
    is_deleted: bool

    @property
    def label(self) -> str:
        """For steps: kind, name and id."""
        return f"experiment {self.name} ({self.id})"


@dataclass(frozen=True, slots=True)
class Wished:
    """A wish with experiments in place of names, free of contradictions.

    Attributes:
        experiments: All of the store by id, in the order of the ids.
        merge: Id -> id of the last one in the chain.
        archive, delete: Ids.
        names: Id -> new name, in an order in which every name is free when it is given.
        tag: Id -> tag -> value, descriptions too.
        mentioned: Ids that the wish speaks of.
    """

    experiments: Mapping[str, Experiment]
    merge: Mapping[str, str]
    archive: tuple[str, ...]
    delete: tuple[str, ...]
    names: Mapping[str, str]
    tag: Mapping[str, Mapping[str, str]]
    mentioned: frozenset[str]


def resolved(wish: Wish, snapshot: Snapshot) -> Wished:
    """Find the experiments of a wish, and refuse what cannot be.

    What is so already is taken as it is: an archived experiment is found under its new name.

    Args:
        wish: What a person wishes.
        snapshot: The store.

    Raises:
        UsageError: ``experiment-unknown`` (near misses first), ``rationalise-contradiction``,
            ``rationalise-cycle``, ``experiment-name-taken``, ``rationalise-pattern``.
    """
    book = _Book(snapshot, wish)
    archive = tuple(dict.fromkeys(book.find(name).id for name in wish.archive))
    delete = tuple(dict.fromkeys(book.find(name).id for name in wish.delete))
    merge = {book.find(a).id: book.find(b).id for a, b in wish.merge.items()}
    keep = {book.find(name).id for name in wish.keep}
    _refuse_contradictions(book, keep, merge, archive, delete)
    names = _names(book, wish, archive, frozenset(keep))
    tag: dict[str, dict[str, str]] = {}
    for name, tags in wish.tag.items():
        tag.setdefault(book.find(name).id, {}).update(tags)
    for name, text in wish.describe.items():
        tag.setdefault(book.find(name).id, {})["mlflow.note.content"] = text
    mentioned = {*keep, *merge, *merge.values(), *archive, *delete, *names, *tag}
    chain = {source: _last(source, merge, book) for source in merge}
    return Wished(book.by_id, chain, archive, delete, names, tag, frozenset(mentioned))


class _Book:
    """The experiments of a store by the names they have, and by those they are to get."""

    def __init__(self, snapshot: Snapshot, wish: Wish) -> None:
        rows = snapshot.experiments.select(
            "experiment_id", "name", "artifact_location", "lifecycle_stage"
        ).iter_rows()
        found = [
            Experiment(number, name or "", place or "", stage == "deleted")
            for number, name, place, stage in rows
        ]
        found.sort(key=lambda e: (len(e.id), e.id))
        self.by_id = {experiment.id: experiment for experiment in found}
        self._by_name: dict[str, list[Experiment]] = {}
        for experiment in found:
            self._by_name.setdefault(experiment.name, []).append(experiment)
        self._renamed = dict(wish.rename)
        self._old = {new: old for old, new in wish.rename.items()}
        self._archived = frozenset(wish.archive)

    def find(self, name: str) -> Experiment:
        """Return the experiment of a name: as it is, was, or is to be."""
        places = [name, self._renamed.get(name, ""), self._old.get(name, "")]
        if name in self._archived:
            places.insert(1, f"{ARCHIVE_PREFIX}{name}")
        places.append(name.removeprefix(ARCHIVE_PREFIX))
        for place in places:
            found = self._by_name.get(place, []) if place else []
            if len(found) == 1:
                return found[0]
            if found:
                ids = ", ".join(experiment.id for experiment in found)
                raise _refused(
                    f"{len(found)} experiments are called '{place}' ({ids}), in several "
                    "workspaces.",
                    "Steward each workspace in a store of its own: mlflow db move-resources",
                    "experiment-unknown",
                )
        near = difflib.get_close_matches(name, list(self._by_name), n=3) or sorted(self._by_name)
        raise _refused(
            f"The store has no experiment '{name}'.",
            f"In [store.rationalise], use one of: {', '.join(near)}.",
            "experiment-unknown",
        )


def _refuse_contradictions(
    book: _Book,
    keep: Iterable[str],
    merge: Mapping[str, str],
    archive: Iterable[str],
    delete: Iterable[str],
) -> None:
    said: dict[str, list[str]] = {}
    for word, ids in (("keep", keep), ("merge", merge), ("archive", archive), ("delete", delete)):
        for number in ids:
            said.setdefault(number, []).append(word)
    for number, words in said.items():
        if len(words) > 1:
            raise _contradiction(
                f"The experiment '{book.by_id[number].name}' is under {' and '.join(words)}."
            )
    for number in (*archive, *delete):
        if number == _DEFAULT:
            raise _contradiction(
                f"The experiment '{book.by_id[number].name}' has the id 0, which MLflow needs: it "
                "can be merged into another one, but neither archived nor deleted."
            )
    for source, target in merge.items():
        into = book.by_id[target]
        if target in delete or into.is_deleted:
            raise _contradiction(
                f"The experiment '{book.by_id[source].name}' cannot be merged into '{into.name}', "
                "which is deleted."
            )


def _last(source: str, merge: Mapping[str, str], book: _Book) -> str:
    """Follow merges to the end."""
    seen = [source]
    while seen[-1] in merge:
        seen.append(merge[seen[-1]])
        if seen[-1] in seen[:-1]:
            raise _refused(
                "The merges go in a circle: "
                f"{' -> '.join(book.by_id[number].name for number in seen)}.",
                "Leave one of them out of [store.rationalise] merge.",
                "rationalise-cycle",
            )
    return seen[-1]


def _names(book: _Book, wish: Wish, archive: Iterable[str], kept: frozenset[str]) -> dict[str, str]:
    """Return new names, in an order in which each is free."""
    wanted: dict[str, str] = {}
    for old, new in wish.rename.items():
        experiment = book.find(old)
        if experiment.id in kept or experiment.id == _DEFAULT:
            why = "is kept" if experiment.id in kept else "has the id 0, which MLflow calls Default"
            raise _contradiction(f"The experiment '{old}' cannot be renamed: it {why}.")
        wanted[experiment.id] = new
    for number, name in _matching(book, wish).items():
        if number not in kept:
            wanted.setdefault(number, name)
    for number in archive:
        name = wanted.get(number, book.by_id[number].name)
        if not name.startswith(ARCHIVE_PREFIX):
            wanted[number] = f"{ARCHIVE_PREFIX}{name}"
    return _ordered(book, {n: name for n, name in wanted.items() if book.by_id[n].name != name})


def _matching(book: _Book, wish: Wish) -> dict[str, str]:
    found: dict[str, str] = {}
    for pattern, form in wish.rename_matching.items():
        try:
            rule = re.compile(pattern)
            for experiment in book.by_id.values():
                match = rule.fullmatch(experiment.name)
                if match is None or experiment.is_deleted or experiment.id == _DEFAULT:
                    continue
                new = match.expand(form)
                again = rule.fullmatch(new)
                if again is not None and again.expand(form) != new:
                    raise _pattern(
                        pattern, f"it would rename '{experiment.name}' to '{new}', and that again"
                    )
                found.setdefault(experiment.id, new)
        except (re.error, IndexError) as error:
            raise _pattern(pattern, str(error)) from error
    return found


def _ordered(book: _Book, wanted: Mapping[str, str]) -> dict[str, str]:
    taken: dict[str, list[Experiment]] = {}
    for experiment in book.by_id.values():
        name = wanted.get(experiment.id, experiment.name)
        if not name.strip():
            raise _pattern(name, f"the experiment '{experiment.name}' would have no name")
        taken.setdefault(name, []).append(experiment)
    for name, several in taken.items():
        if len(several) > 1 and any(e.id in wanted for e in several):
            who = ", ".join(f"{e.name} ({e.id}{', deleted' if e.is_deleted else ''})"
                            for e in several)  # fmt: skip
            raise _taken(f"Several experiments would be called '{name}': {who}.")
    current = {number: experiment.name for number, experiment in book.by_id.items()}
    ordered: dict[str, str] = {}
    waiting = dict(wanted)
    while waiting:
        free = [n for n, name in waiting.items() if name not in current.values()]
        if not free:
            listed = ", ".join(f"'{current[n]}' -> '{name}'" for n, name in waiting.items())
            raise _taken(f"These experiments would swap their names: {listed}.")
        for number in free:
            ordered[number] = current[number] = waiting.pop(number)
    return ordered


def _refused(message: str, remedy: str, code: str) -> UsageError:
    return UsageError(message, remedy=remedy, code=code)


def _contradiction(message: str) -> UsageError:
    remedy = "Say one thing of each experiment in [store.rationalise]."
    return _refused(message, remedy, "rationalise-contradiction")


def _pattern(pattern: str, why: str) -> UsageError:
    return _refused(
        f"The pattern '{pattern}' in [store.rationalise] rename_matching cannot be used: {why}.",
        "Correct the regular expression; it must match whole names, and not the new ones.",
        "rationalise-pattern",
    )


def _taken(message: str) -> UsageError:
    return _refused(
        message,
        "Choose other names in [store.rationalise]; those of deleted experiments are taken too.",
        "experiment-name-taken",
    )
