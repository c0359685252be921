"""The wished structure of a store, and whether it can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scorewright.core.rationalise.book import DEFAULT, Book, Experiment, contradiction, refused
from scorewright.core.rationalise.wished_names import new_names
from scorewright.core.snapshot import Snapshot

__all__ = ["Experiment", "Wish", "Wished", "resolved"]


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
    book = Book(snapshot, wish.rename, wish.archive)
    archive = tuple(dict.fromkeys(book.find(name).id for name in wish.archive))
    delete = tuple(dict.fromkeys(book.find(name).id for name in wish.delete))
    merge = {book.find(a).id: book.find(b).id for a, b in wish.merge.items()}
    keep = {book.find(name).id for name in wish.keep}
    _refuse_contradictions(book, keep, merge, archive, delete)
    names = new_names(book, wish.rename, wish.rename_matching, archive, frozenset(keep))
    tag: dict[str, dict[str, str]] = {}
    for name, tags in wish.tag.items():
        tag.setdefault(book.find(name).id, {}).update(tags)
    for name, text in wish.describe.items():
        tag.setdefault(book.find(name).id, {})["mlflow.note.content"] = text
    mentioned = {*keep, *merge, *merge.values(), *archive, *delete, *names, *tag}
    chain = {source: _last(source, merge, book) for source in merge}
    return Wished(book.by_id, chain, archive, delete, names, tag, frozenset(mentioned))


def _refuse_contradictions(
    book: Book,
    keep: Iterable[str],
    merge: Mapping[str, str],
    archive: Iterable[str],
    delete: Iterable[str],
) -> None:
    _refuse_two_words(book, keep=keep, merge=merge, archive=archive, delete=delete)
    if DEFAULT in (*archive, *delete):
        raise contradiction(
            f"The experiment '{book.by_id[DEFAULT].name}' has the id 0, which MLflow needs: it "
            "can be merged into another one, but neither archived nor deleted."
        )
    for source, target in merge.items():
        into = book.by_id[target]
        if target in delete or into.is_deleted:
            raise contradiction(
                f"The experiment '{book.by_id[source].name}' cannot be merged into '{into.name}', "
                "which is deleted."
            )


def _refuse_two_words(book: Book, **wishes: Iterable[str]) -> None:
    said: dict[str, list[str]] = {}
    for word, ids in wishes.items():
        for number in ids:
            said.setdefault(number, []).append(word)
    for number, words in said.items():
        if len(words) > 1:
            raise contradiction(
                f"The experiment '{book.by_id[number].name}' is under {' and '.join(words)}."
            )


def _last(source: str, merge: Mapping[str, str], book: Book) -> str:
    """Follow merges to the end."""
    seen = [source]
    while seen[-1] in merge:
        seen.append(merge[seen[-1]])
        if seen[-1] in seen[:-1]:
            raise refused(
                "The merges go in a circle: "
                f"{' -> '.join(book.by_id[number].name for number in seen)}.",
                "Leave one of them out of [store.rationalise] merge.",
                "rationalise-cycle",
            )
    return seen[-1]
