"""What becomes of registered models, prompts and their versions."""

from __future__ import annotations

from typing import Any

from scorewright.core.consolidation import GONE, AliasFate, RegistryFate, VersionFate
from scorewright.core.consolidation import merge_registry as merge

Store = dict[str, list[dict[str, Any]]]


def store(*models: tuple[str, int], prompts: tuple[str, ...] = ()) -> Store:
    """Models with the moment they were made; some are prompts."""
    return {
        "registered_models": [{"name": name, "creation_time": made} for name, made in models],
        "registered_model_tags": [
            {"name": name, "key": "mlflow.prompt.is_prompt", "value": "true"} for name in prompts
        ],
        "model_versions": [],
        "registered_model_aliases": [],
    }


def version(made: Store, name: str, number: int, when: int | None, *, gone: bool = False) -> None:
    """Add a version, which may be deleted."""
    made["model_versions"].append(
        {
            "name": name,
            "version": number,
            "run_id": "REDACTED-RUN-ID" if gone else "r",
            "creation_time": when,
            "current_stage": GONE if gone else "None",
        }
    )


def alias(made: Store, name: str, called: str, number: int) -> None:
    """Add an alias."""
    made["registered_model_aliases"].append({"name": name, "alias": called, "version": number})


def numbers(fate: RegistryFate) -> list[tuple[int, int | None, str]]:
    """Old and new number and fate of all versions."""
    return [(one.old, one.new, one.fate) for one in fate.versions]


def test_a_prompt_does_not_join_a_model_of_its_name() -> None:
    # Given a model and a prompt of one name
    mine, theirs = store(("x", 1)), store(("x", 2), prompts=("x",))
    version(mine, "x", 1, 1)
    version(theirs, "x", 1, 2)
    alias(mine, "x", "best", 1)
    alias(theirs, "x", "best", 1)
    # When
    fate = merge(theirs, mine, "b c")
    # Then the prompt is added under a longer name, with its number and alias
    assert fate.names == {"x": "x-b-c"}
    assert fate.free == {"x"}
    assert fate.versions == (VersionFate("x", 1, 1, "copied"),)
    assert fate.aliases == (AliasFate("x", "best", "best", "copied", 1),)
    assert fate.notes == (
        "The name 'x' is that of a model in the target: the prompt of b c is called 'x-b-c' there.",
    )
    # And a model that meets a prompt too
    assert merge(mine, theirs, "a").notes == (
        "The name 'x' is that of a prompt in the target: the model of a is called 'x-a' there.",
    )


def test_a_longer_name_is_that_of_nothing_else() -> None:
    mine = store(("x", 1), ("x-b", 1))
    theirs = store(("x", 2), ("x-b-2", 2), prompts=("x", "x-b-2"))
    assert merge(theirs, mine, "b").names == {"x": "x-b-3"}
    long = "n" * 256
    named = merge(store((long, 2), prompts=(long,)), store((long, 1)), "b").names
    assert named == {long: "n" * 254 + "-b"}


def test_a_second_time_finds_the_longer_name() -> None:
    # Given a target that a prompt was added to under a longer name, with an alias
    mine = store(("x", 1), ("x-b", 2), prompts=("x-b",))
    theirs = store(("x", 2), prompts=("x",))
    for made, name in ((mine, "x-b"), (theirs, "x")):
        version(made, name, 1, 2)
        alias(made, name, "best", 1)
    # When it comes again, under any label
    fate = merge(theirs, mine, "z")
    # Then it is the same
    assert (fate.names, fate.free) == ({"x": "x-b"}, frozenset())
    assert fate.versions == (VersionFate("x", 1, 1, "duplicate"),)
    assert fate.aliases == (AliasFate("x", "best", "best", "duplicate", 1),)


def test_a_prompt_joins_a_prompt() -> None:
    mine, theirs = store(("x", 1), prompts=("x",)), store(("x", 2), prompts=("x",))
    version(mine, "x", 1, 1)
    version(theirs, "x", 1, 2)
    fate = merge(theirs, mine, "b")
    assert (fate.names, numbers(fate)) == ({}, [(1, 2, "copied")])


def test_a_deleted_version_gets_a_number_of_its_own() -> None:
    # Given a target with a version 2, and a source whose version 2 was deleted
    mine, theirs = store(("p", 1)), store(("p", 2))
    version(mine, "p", 1, 10)
    version(mine, "p", 2, 11)
    version(theirs, "p", 1, 20)
    version(theirs, "p", 2, 21, gone=True)
    version(theirs, "p", 3, 22)
    alias(theirs, "p", "best", 2)
    # When
    fate = merge(theirs, mine, "b")
    # Then what names it does not come to name that of the target
    assert numbers(fate) == [(1, 3, "copied"), (2, 4, "copied"), (3, 5, "copied")]
    assert fate.notes[0].endswith("new numbers: 1 -> 3, 2 -> 4 (deleted), 3 -> 5.")
    # And no alias leads to it
    assert fate.aliases == (AliasFate("p", "best", "best", "left", None),)


def test_a_deleted_version_is_added_once() -> None:
    mine, theirs = store(("p", 1)), store(("p", 2))
    version(mine, "p", 1, 10)
    version(mine, "p", 2, 21, gone=True)
    version(mine, "p", 3, None, gone=True)
    version(theirs, "p", 5, 21, gone=True)
    version(theirs, "p", 6, None, gone=True)
    version(theirs, "p", 7, None, gone=True)
    assert numbers(merge(theirs, mine, "b")) == [
        (5, 2, "duplicate"),
        (6, 3, "duplicate"),
        (7, 4, "copied"),
    ]


def test_a_version_deleted_in_a_copy_stays_what_it_is_in_the_target() -> None:
    # Given two versions of one moment, the first of which the source has deleted
    mine, theirs = store(("p", 1)), store(("p", 1))
    for number in (3, 4):
        version(mine, "p", number, 10)
    version(theirs, "p", 1, 10, gone=True)
    version(theirs, "p", 2, 10)
    # Then each is the same one still
    assert numbers(merge(theirs, mine, "b")) == [(1, 3, "left"), (2, 4, "duplicate")]


def test_a_version_deleted_in_the_target_comes_anew() -> None:
    mine, theirs = store(("p", 1)), store(("p", 1))
    version(mine, "p", 1, 10, gone=True)
    version(theirs, "p", 1, 10)
    assert numbers(merge(theirs, mine, "b")) == [(1, 2, "copied")]
