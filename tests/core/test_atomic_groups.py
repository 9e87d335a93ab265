"""Atomic groups: the steps that a run begins together or not at all."""

from __future__ import annotations

from dealpos_reconciler.core.diff.change import Action, Change
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.steps.step import AtomicGroups, Step


def step(number: int, *names: str, waits: tuple[int, ...] = ()) -> Step:
    changes = tuple(
        Change(Address("product", name), Action.UPDATE, "", (), {}, {}) for name in names
    )
    return Step(number, "product", Action.UPDATE, changes, (), {}, waits=frozenset(waits))


def test_step_alone_is_a_group() -> None:
    steps = [step(0, "A"), step(1, "B")]
    assert AtomicGroups(steps).group_of(steps[0], set()) == {0}


def test_all_steps_of_one_change_are_a_group() -> None:
    steps = [step(0, "A"), step(1, "B"), step(2, "A")]
    assert AtomicGroups(steps).group_of(steps[0], set()) == {0, 2}


def test_group_holds_what_a_later_step_waits_for() -> None:
    """A's second part needs B, so beginning A commits to B, and to B's other part."""
    steps = [step(0, "A"), step(1, "B"), step(2, "A", waits=(0, 1)), step(3, "B")]
    assert AtomicGroups(steps).group_of(steps[0], set()) == {0, 1, 2, 3}


def test_group_leaves_out_begun_steps() -> None:
    steps = [step(0, "A"), step(1, "B", waits=(0,))]
    assert AtomicGroups(steps).group_of(steps[1], {0}) == {1}


def test_steps_that_wait_for_each_others_changes_end() -> None:
    steps = [step(0, "A", "B"), step(1, "B", "C", waits=(0,)), step(2, "C", "A", waits=(1,))]
    assert AtomicGroups(steps).group_of(steps[2], set()) == {0, 1, 2}
