"""A stop leaves nothing half written, and the next apply finishes."""

from __future__ import annotations

from typing import Any

import pytest

from dealpos_reconciler.dealpos.observer import ApplyObserver
from dealpos_reconciler.errors import Stopped
from tests.support.applied import REPLACED, SMALL, calls, statuses
from tests.support.shop import MakeShop, Shop


class Stopper(ApplyObserver):
    """Stops the run before the given step."""

    def __init__(self, after: int) -> None:
        self.left = after
        self.units: list[bool] = []
        self.steps: list[tuple[int, int, str]] = []

    def stop_requested(self) -> bool:
        self.left -= 1
        return self.left < 0

    def atomic(self, inside: bool) -> None:
        self.units.append(inside)

    def step(self, done: int, total: int, doing: str) -> None:
        self.steps.append((done, total, doing))


THREE = "customers: [{code: N1, name: One}, {code: N2, name: Two}, {code: N3, name: Three}]"


def run(shop: Shop, plan: Any, progress: ApplyObserver) -> Any:
    return shop.apply(plan, observer=progress)


@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_a_stop_skips_the_rest_and_says_so(open_shop: MakeShop, after: int) -> None:
    shop = open_shop({}, THREE)
    report = run(shop, shop.plan(), Stopper(after))
    assert [o.status for o in report.outcomes] == ["applied"] * after + ["skipped"] * (3 - after)
    assert len(shop.show()["customers"]) == after
    assert bool(report.stopped) is (after < 3)
    assert report.complete is (after == 3)
    for outcome in report.outcomes[after:]:
        assert "Ctrl-C" in outcome.message


def test_after_a_stop_the_next_apply_finishes(open_shop: MakeShop) -> None:
    shop = open_shop({}, THREE)
    run(shop, shop.plan(), Stopper(1))
    assert shop.apply().complete
    assert len(shop.show()["customers"]) == 3
    assert calls(shop, "POST", "/Customer") == 3


def test_a_stop_waits_for_the_second_half_of_a_replacement(open_shop: MakeShop) -> None:
    shop = open_shop(SMALL, REPLACED)
    shop.write("customers: [{code: N1, name: One}]", "other.yaml")
    progress = Stopper(2)  # a replacement comes last
    report = run(shop, shop.plan(), progress)
    assert statuses(report) == {"coupon/C": "applied", "customer/N1": "applied"}
    assert shop.item("coupons", "C")["Discount"] == 200
    assert progress.units == [True, False]


def test_a_stop_in_the_wait_for_the_window_skips_what_was_not_sent(open_shop: MakeShop) -> None:
    shop = open_shop({}, THREE)
    plan = shop.plan()
    client = shop.client()
    client.window.limit = client.window.remaining = 2

    def stop(seconds: float) -> None:
        raise Stopped("interrupted by Ctrl-C")

    client.observer.sleep = stop  # type: ignore[method-assign]
    report = shop.apply(plan, client)
    assert [o.status for o in report.outcomes] == ["unverified", "skipped", "skipped"]
    assert len(shop.show()["customers"]) == 1


def test_progress_counts_to_the_number_of_writes(open_shop: MakeShop) -> None:
    shop = open_shop(SMALL, REPLACED)
    shop.write("customers: [{code: N1, name: One}]", "other.yaml")
    plan = shop.plan()
    progress = Stopper(99)
    run(shop, plan, progress)
    assert {total for _, total, _ in progress.steps} == {shop.cost(plan).writes}
    assert progress.steps[-1][0] == shop.cost(plan).writes
