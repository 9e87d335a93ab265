"""Plans to render, made by hand so that they can hold anything."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dealpos_reconciler.core.diff.change import Action
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.plan.plan import Plan, PlanWarning, SkippedChange
from tests.support.plans import HOSTILE, Makes


@pytest.fixture
def makes() -> Makes:
    """Makes the parts of a plan."""
    return Makes()


@pytest.fixture(params=HOSTILE, ids=lambda name: ascii(name)[:20])
def hostile(request: pytest.FixtureRequest) -> str:
    """A name that means harm."""
    return str(request.param)


@pytest.fixture
def everything(makes: Makes) -> Callable[[], Plan]:
    """One of everything that a plan can hold."""

    def make() -> Plan:
        return makes.plan(
            makes.change("category/Drinks", Action.CREATE, 3, code=(None, "D")),
            makes.change("coupon/DISC20", Action.REPLACE, 20, discount=(20, 25), limit=(100, 60)),
            makes.change("product/1003", Action.RETIRE, 17, discontinued=(False, True)),
            makes.change("variant/1003S", Action.DELETE, 19),
            makes.change("variant/1003L", unit_price=(18000, 8000), unit_cost=(9000, 9000)),
            unmanaged=(Address("coupon", "OLD10"),),
            unknown=((Address("variant", "GONE"), "HTTP 500: no answer"),),
            blocked=((Address("coupon", "C"), "40 uses are used up"),),
            orphaned=(Address("variant", "OLD"),),
            stale=(SkippedChange(Address("variant", "1003S"), Action.UPDATE, "it was changed"),),
            warnings=(
                PlanWarning((Address("product", "1003"),), "DealPOS may delete variant/1003S"),
            ),
            notes=("coupon `reference_id` is not compared, as of variant/1003L",),
            labels={
                Address("product", "1003"): "Kopi Susu",
                Address("variant", "1003L"): "Kopi Susu, Large",
                Address("variant", "1003S"): 'Kopi Susu, "Small"',
            },
            violations=(
                makes.violation("variant/1003L"),
                makes.violation(rule="removals", measured=2, limit=1, unit="objects"),
                makes.violation("variant/1003L", rule="below-cost", allowed=True),
            ),
            unchanged=41,
        )

    return make
