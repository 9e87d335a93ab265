"""Two applies at once: of one folder, or of two folders of one user for the same shop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.dealpos.client import Client, embedded_transport
from dealpos_reconciler.errors import LedgerConflict
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.ledger.journal import Journal
from dealpos_reconciler.ledger.state_dir import StateDir
from dealpos_reconciler.sandbox import Choices
from dealpos_reconciler.workflows.apply import apply_plan
from dealpos_reconciler.workflows.open_shop import OpenShop
from dealpos_reconciler.workflows.plan import make_plan
from tests.support.shop import MakeShop, Shop

SEED: dict[str, Any] = {
    "coupons": [
        {
            "Code": "C",
            "Type": "DiscountPercentage",
            "Discount": 10,
            "Limit": 10,
            "Balance": 4,
            "ExpiryDate": "2034-12-31",
        }
    ]
}
TEXT = "coupons: [{code: C, type: DiscountPercentage, discount: 20, limit: 10, minimum_amount: 0}]"


@pytest.fixture(params=["none", "file"])
def shop(request: pytest.FixtureRequest, make_shop: MakeShop) -> Shop:
    shop = make_shop(SEED)
    shop.configure(f"ledger: {request.param}\n")
    shop.write(TEXT)
    return shop


class Between:
    """Does something right before the n-th write of a run."""

    def __init__(self, client: Client, count: int, act: Any) -> None:
        self.inner, self.left, self.act = client._http._transport, count, act
        client._http._transport = self  # type: ignore[assignment]

    def handle_request(self, request: Any) -> Any:
        if request.method == "DELETE" or request.url.path.endswith("/PromotionCoupon"):
            if self.left == 0:
                self.act()
            self.left -= 1
        return self.inner.handle_request(request)

    def close(self) -> None:
        self.inner.close()


@pytest.mark.parametrize("moment", [0, 1])
def test_a_second_apply_of_the_folder_writes_nothing_while_the_first_is_running(
    shop: Shop, moment: int
) -> None:
    """The second begins before the deletion, or between deletion and creation."""
    planned: list[Plan] = []
    refused: list[LedgerConflict] = []
    early = shop.open(shop.client())
    before = make_plan(early)

    def second() -> None:
        later = shop.open(shop.connect(embedded_transport(shop.app)))
        made = make_plan(later)
        planned.append(made.plan)
        for opened, plan in ((early, before), (later, made)):
            with pytest.raises(LedgerConflict) as caught:
                apply_plan(opened, plan)
            refused.append(caught.value)

    client = shop.client()
    Between(client, moment, second)
    first = shop.open(client)
    report, _ = apply_plan(first, make_plan(first))
    assert report.complete
    assert [error.message for error in refused] == ["another apply is running in this folder"] * 2
    assert "nothing was written" in (refused[0].hint or "")
    assert any("another apply is running in this folder" in note for note in planned[0].notes)
    assert (shop.item("coupons", "C")["Limit"], shop.item("coupons", "C")["Balance"]) == (4, 4)
    with pytest.raises(LedgerConflict) as caught:
        apply_plan(early, before)
    assert "another apply has" in caught.value.message
    assert shop.plan().empty


def test_a_plan_that_is_made_during_an_apply_settles_nothing_of_it(shop: Shop) -> None:
    seen: list[Any] = []

    def plan() -> None:
        opened = shop.open(shop.connect(embedded_transport(shop.app)))
        make_plan(opened)
        seen.append(Journal(shop.state, "sandbox").entries.keys())

    client = shop.client()
    Between(client, 0, plan)
    first = shop.open(client)
    assert apply_plan(first, make_plan(first))[0].complete
    assert [[str(address) for address in entries] for entries in seen] == [["coupon/C"]]


def test_two_folders_of_one_user_see_each_other_on_one_machine(
    tmp_path: Path, make_shop: MakeShop
) -> None:
    store = "https://shop.example"
    first, second = (
        Journal(StateDir(tmp_path / name), store, across_folders=True) for name in ("a", "b")
    )
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first.read()
    second.read()
    with first.lock():
        first.begin_run()
        with pytest.raises(LedgerConflict, match="is running on this machine"), second.lock():
            raise AssertionError
    with pytest.raises(LedgerConflict, match="has run since the plan"), second.lock():
        raise AssertionError
    second.read()
    with second.lock():
        second.begin_run()


def test_what_one_folder_tried_in_vain_another_does_not_try_again(
    tmp_path: Path, make_shop: MakeShop
) -> None:
    """The shop cuts the description, so each folder would delete the coupon once."""
    shop = make_shop(SEED, choices=Choices(rewrite_text="cut"))
    shop.write(TEXT.replace("limit", "description: Weekend at the beach, limit"))
    store = "https://shop.example"

    def opened(name: str) -> OpenShop:
        (tmp_path / name).mkdir(exist_ok=True)
        found = shop.open(shop.client())
        found.journal = Journal(StateDir(tmp_path / name), store, across_folders=True)
        return found

    first = opened("a")
    report, _ = apply_plan(first, make_plan(first))
    assert [outcome.status for outcome in report.outcomes] == ["failed"]
    for name in ("b", "a", "c"):
        plan = make_plan(opened(name)).plan
        assert plan.changes == ()
        assert "not tried again" in plan.blocked[0][1]
    shop.write(TEXT.replace("limit", "description: Weekend at t, limit"))
    coupon = shop.twin.store.get("coupon", "C").payload
    shop.twin.store.put("coupon", {**coupon, "Limit": 10, "Balance": 4})
    assert make_plan(opened("b")).plan.settled
    assert opened("d").journal.attempts == {}


def test_a_coupon_that_no_read_shows_and_that_is_taken_is_blocked_once(
    make_shop: MakeShop,
) -> None:
    shop = make_shop(SEED)
    shop.twin.choices = shop.twin.choices.with_changes(hidden_keys=frozenset({"C"}))
    shop.write(TEXT + "\n" + "categories: [{name: A}]")
    assert KINDS["coupon"].must_match_on_readback
    report = shop.apply()
    assert {str(o.address): o.status for o in report.outcomes} == {
        "coupon/C": "failed",
        "category/A": "applied",
    }
    calls = len([call for call in shop.twin.calls if call[1].endswith("/PromotionCoupon")])
    for _ in range(2):
        plan = shop.plan()
        assert plan.empty
        ((address, reason),) = plan.blocked
        assert str(address) == "coupon/C"
        assert "exists" in reason
        shop.apply(plan)
    assert calls == len([c for c in shop.twin.calls if c[1].endswith("/PromotionCoupon")])
