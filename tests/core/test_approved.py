"""Approved changes: what they declare again, and the reasons not to carry them out."""

from __future__ import annotations

from typing import Any

import pytest

from dealpos_reconciler.core.diff.change import Action
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Desired, Removal
from dealpos_reconciler.core.model.live import ABSENT, Live, Observed
from dealpos_reconciler.core.plan.approved import (
    Approved,
    StaleField,
    compare_approved,
    desired_from_approved,
)
from dealpos_reconciler.kinds import KINDS

VARIANT = Address("variant", "V")
BEFORE = {"code": "V", "product": "P", "model": "Large", "unit_price": 100, "taxable": True}
AFTER = {**BEFORE, "unit_price": 120}
HERE = Source("shop.yaml", 3, 5)


@pytest.mark.parametrize(
    ("action", "names", "before", "declared"),
    [
        (Action.CREATE, tuple(AFTER), None, AFTER),
        (Action.UPDATE, ("unit_price",), BEFORE, {"code": "V", "product": "P", "unit_price": 120}),
    ],
)
def test_only_a_new_object_is_declared_whole(
    action: Action, names: tuple[str, ...], before: dict[str, Any] | None, declared: dict[str, Any]
) -> None:
    change = Approved(VARIANT, action, names, before, AFTER, HERE)
    found = desired_from_approved([change], Desired({}), KINDS)
    assert (found[VARIANT].value, found[VARIANT].source) == (declared, HERE)
    assert found.removals == {}


@pytest.mark.parametrize(("source", "kept"), [(HERE, HERE), (None, Source("", 0, 0))])
def test_an_approved_deletion_keeps_its_line_or_has_none(
    source: Source | None, kept: Source
) -> None:
    change = Approved(VARIANT, Action.DELETE, (), BEFORE, None, source)
    found = desired_from_approved([change], Desired({}), KINDS)
    assert found.removals == {VARIANT: Removal(kept, delete=True)}
    assert found.objects == {}


def test_an_object_that_could_not_be_read_is_stale_with_the_reason() -> None:
    change = Approved(VARIANT, Action.UPDATE, ("unit_price",), BEFORE, AFTER, HERE)
    live = Live(read_errors={VARIANT: "HTTP 403"})
    why = "it could not be read: HTTP 403"
    stale = StaleField(VARIANT, Action.UPDATE, why)
    assert compare_approved([change], live, {}, KINDS) == ([stale], [])


@pytest.mark.parametrize(
    ("action", "state", "stale", "done"),
    [
        (Action.CREATE, ABSENT, None, False),
        (Action.CREATE, Observed(AFTER), None, True),
        (
            Action.CREATE,
            Observed(BEFORE),
            "it was created after the plan, with other values",
            False,
        ),
        (Action.UPDATE, ABSENT, "it no longer exists in the shop", False),
        (Action.UPDATE, Observed(AFTER), None, True),
        (Action.UPDATE, Observed(BEFORE), None, False),
        (Action.DELETE, ABSENT, None, True),
    ],
)
def test_an_approved_change_is_stale_done_or_still_to_do(
    action: Action, state: Any, stale: str | None, done: bool
) -> None:
    names = () if action is Action.DELETE else ("unit_price",)
    after = None if action is Action.DELETE else AFTER
    change = Approved(VARIANT, action, names, BEFORE, after, HERE)
    live = Live()
    live.put(VARIANT, state)
    reasons = [StaleField(VARIANT, action, stale)] if stale else []
    assert compare_approved([change], live, {}, KINDS) == (reasons, [VARIANT] if done else [])
