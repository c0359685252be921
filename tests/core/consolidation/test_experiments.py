"""Which experiment becomes which."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.consolidation import DEFAULT, Experiment, SameName, map_experiments, units_of

_NAMES = st.sampled_from([DEFAULT, "a", "b", "a (s)", "c" * 256, ""])
_SETS = st.lists(
    st.builds(Experiment, st.integers(0, 10**18), _NAMES, st.booleans()),
    unique_by=(lambda one: one.id, lambda one: one.name),
)


@given(_SETS, _SETS, st.sampled_from(["merge", "suffix"]))
def test_every_experiment_gets_a_place_and_names_stay_unique(
    source: list[Experiment], others: list[Experiment], rule: SameName
) -> None:
    target = [Experiment(0, DEFAULT)]
    target += [
        Experiment(number, one.name, one.is_deleted)
        for number, one in enumerate((o for o in others if o.name not in (DEFAULT, "")), start=1)
    ]
    fates = map_experiments(source, target, rule, "s")
    assert [fate.old for fate in fates] == [one.id for one in source]
    new = [fate for fate in fates if fate.is_new]
    names = [one.name for one in target] + [fate.name for fate in new]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 256 for name in names)
    ids = [one.id for one in target] + [fate.new for fate in new]
    assert len(set(ids)) == len(ids)
    states = {one.id: one.is_deleted for one in target}
    for one, fate in zip(source, fates, strict=True):
        assert (fate.new == 0) == (one.name == DEFAULT)
        if not fate.is_new and one.name != DEFAULT:
            assert rule == "merge"
            assert states[fate.new] == one.is_deleted


@pytest.mark.parametrize("turn", [1, -1])
def test_a_nameless_experiment_never_joins_another_of_its_source(turn: int) -> None:
    # Given a nameless experiment, and one with the name that the first would get
    source = [Experiment(2, ""), Experiment(3, "experiment 2")][::turn]

    # When they go into a new store, and once more
    first = map_experiments(source, [Experiment(0, DEFAULT)], "merge", "s")
    there = [Experiment(0, DEFAULT), *(Experiment(one.new, one.name) for one in first)]
    second = map_experiments(source, there, "merge", "s")

    # Then
    assert {one.old: one.name for one in first} == {2: "experiment 2 (s)", 3: "experiment 2"}
    assert len({one.new for one in first}) == 2
    assert [(one.new, one.name, one.is_new) for one in second] == [
        (one.new, one.name, False) for one in first
    ]
    notes = [one.note for fates in (first, second) for one in fates if one.note]
    assert notes == [
        "Experiment 2 of s has no name; it becomes 'experiment 2 (s)'.",
        "Experiment 2 of s has no name; it joins 'experiment 2 (s)'.",
    ]


def test_a_nameless_experiment_is_told_under_the_name_of_its_home() -> None:
    there = [
        Experiment(0, DEFAULT),
        Experiment(1, "experiment 2"),
        Experiment(2, "experiment 2 (s)"),
    ]
    (fate,) = map_experiments([Experiment(2, "")], there, "suffix", "s", {2: [2]})
    assert (fate.new, fate.is_new) == (2, False)
    assert fate.note == "Experiment 2 of s has no name; it joins 'experiment 2 (s)'."


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 30))), st.integers(1, 40))
def test_units_are_whole_and_small(found: list[tuple[int, int]], most: int) -> None:
    sizes = [(str(i), e, rows) for i, (e, rows) in enumerate(sorted(found, key=lambda x: x[0]))]
    packed = list(units_of("runs", sizes, {2: 4}, most))
    assert [thing for thing, _ in packed] == [thing for thing, _, _ in sizes]
    filled: dict[str, list[int]] = {}
    for (_, unit), (_, experiment, rows) in zip(packed, sizes, strict=True):
        assert unit.startswith(f"runs:{experiment}/")
        filled.setdefault(unit, []).append(rows)
    assert all(sum(rows) <= most or len(rows) == 1 for rows in filled.values())
    assert not {"runs:2/1", "runs:2/4"} & filled.keys()
