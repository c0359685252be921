"""The new names that a wish comes to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from scorewright.core.conventions import ARCHIVE_PREFIX
from scorewright.core.errors import UsageError
from scorewright.core.rationalise.book import DEFAULT, Book, Experiment, contradiction, refused

__all__ = ["new_names"]


def new_names(
    book: Book,
    rename: Mapping[str, str],
    matching: Mapping[str, str],
    archive: Iterable[str],
    kept: frozenset[str],
) -> dict[str, str]:
    """Return new names by id, in an order in which each is free when it is given.

    Args:
        book: The experiments.
        rename: Old name -> new name.
        matching: Pattern of the whole name -> new name.
        archive: Ids of those whose name gets the prefix of archived ones.
        kept: Ids of those that stay as they are.

    Raises:
        UsageError: ``experiment-unknown``, ``experiment-name-taken``, ``rationalise-pattern``,
            ``rationalise-contradiction``.
    """
    wanted: dict[str, str] = {}
    for old, new in rename.items():
        experiment = book.find(old)
        if experiment.id in kept or experiment.id == DEFAULT:
            why = "is kept" if experiment.id in kept else "has the id 0, which MLflow calls Default"
            raise contradiction(f"The experiment '{old}' cannot be renamed: it {why}.")
        wanted[experiment.id] = new
    for number, name in _matching(book, matching).items():
        if number not in kept:
            wanted.setdefault(number, name)
    for number in archive:
        name = wanted.get(number, book.by_id[number].name)
        if not name.startswith(ARCHIVE_PREFIX):
            wanted[number] = f"{ARCHIVE_PREFIX}{name}"
    return _ordered(book, {n: name for n, name in wanted.items() if book.by_id[n].name != name})


def _matching(book: Book, matching: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pattern, form in matching.items():
        try:
            rule = re.compile(pattern)
            for experiment in book.by_id.values():
                match = rule.fullmatch(experiment.name)
                if match is None or experiment.is_deleted or experiment.id == DEFAULT:
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


def _ordered(book: Book, wanted: Mapping[str, str]) -> dict[str, str]:
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


def _pattern(pattern: str, why: str) -> UsageError:
    return refused(
        f"The pattern '{pattern}' in [store.rationalise] rename_matching cannot be used: {why}.",
        "Correct the regular expression; it must match whole names, and not the new ones.",
        "rationalise-pattern",
    )


def _taken(message: str) -> UsageError:
    return refused(
        message,
        "Choose other names in [store.rationalise]; those of deleted experiments are taken too.",
        "experiment-name-taken",
    )
