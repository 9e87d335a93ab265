"""A lost answer is settled by a read before anything is sent again."""

from __future__ import annotations

from typing import Any

import pytest

from dealpos_reconciler.errors import Stopped
from dealpos_reconciler.sandbox import Faults, InjectedFault
from tests.support.applied import (
    CREATES,
    LOST,
    REPLACED,
    SMALL,
    UPDATES,
    WHEN,
    calls,
    message,
    statuses,
)
from tests.support.deep import thinned
from tests.support.shop import MakeShop


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("kind", thinned(LOST, 2))
@pytest.mark.parametrize("what", CREATES)
def test_a_create_whose_answer_is_lost_happens_once(
    open_shop: MakeShop, what: str, kind: Any, when: Any
) -> None:
    text, method, path = CREATES[what]
    shop = open_shop(SMALL, text)
    before = shop.show()
    shop.twin.faults.add(InjectedFault(method, path, kind, when))
    report = shop.apply()
    assert report.complete
    assert calls(shop, method, path) == (1 if when == "after" else 2)
    after = shop.show()
    made = {
        name: len(after[name]) - len(before[name])
        for name in ("categories", "products", "coupons", "customers")
    }
    assert sum(made.values()) == (0 if what == "variant" else 1)
    assert shop.plan().empty


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("kind", thinned(LOST, 2))
@pytest.mark.parametrize("what", UPDATES)
def test_an_update_whose_answer_is_lost_is_looked_up(
    open_shop: MakeShop, what: str, kind: Any, when: Any
) -> None:
    text, method, path = UPDATES[what]
    shop = open_shop(SMALL, text)
    shop.twin.faults.add(InjectedFault(method, path, kind, when))
    assert shop.apply().complete
    assert calls(shop, method, path) == (1 if when == "after" else 2)
    assert shop.plan().empty


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("kind", thinned(LOST, 2))
@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("DELETE", ""), ("GET", "/ByCode")])
def test_a_replacement_survives_a_lost_answer_with_its_balance(
    open_shop: MakeShop, method: str, path: str, kind: Any, when: Any
) -> None:
    shop = open_shop(SMALL, REPLACED)
    plan = shop.plan()
    shop.twin.faults.add(InjectedFault(method, f"/PromotionCoupon{path}", kind, when))
    report = shop.apply(plan)
    coupon = shop.item("coupons", "C")
    assert (coupon["Limit"], coupon["Balance"]) == (4, 4)
    if (method, kind) != ("GET", "html"):  # that read is not repeated, so nothing is proven
        assert statuses(report) == {"coupon/C": "applied"}
        assert coupon["Discount"] == 200


LASTING = {
    **{f"create {what}": case for what, case in CREATES.items()},
    **{f"update {what}": case for what, case in UPDATES.items()},
    "retire": ("removed: [product/P]", "PUT", "/Product"),
    "delete": ("removed: [{address: customer/D1, delete: true}]", "DELETE", "/Customer*"),
    "delete coupon": ("removed: [{address: coupon/C, delete: true}]", "DELETE", "/Promo*"),
    "replace, first half": (REPLACED, "DELETE", "/PromotionCoupon"),
    "replace, second half": (REPLACED, "POST", "/PromotionCoupon"),
}


@pytest.mark.parametrize("reads", ["fresh", "behind", "broken"])
@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("what", LASTING)
def test_a_write_of_which_nobody_knows_is_unverified_and_the_next_apply_looks_again(
    open_shop: MakeShop, what: str, when: Any, reads: str
) -> None:
    """Every answer to it is lost, and reads show the shop as it is now, as it was, or not."""
    text, method, path = LASTING[what]
    shop = open_shop(SMALL, text)
    plan, calm = shop.plan(), shop.twin.choices
    shop.twin.faults.add(InjectedFault(method, path, "timeout", when, times=99))
    if reads == "behind":
        lag = {"read_lag_seconds": 3000, "list_lag_seconds": 3000}
        shop.twin.choices = calm.with_changes(**lag)
    if reads == "broken":
        client = shop.client()
        breaking = InjectedFault("*", "/*", "502", times=999)
        shop.twin.faults = LoseAnswers(shop.twin.faults, breaking)  # type: ignore[assignment]
        report = shop.apply(plan, client)
    else:
        report = shop.apply(plan)
    found = set(statuses(report).values())
    assert "failed" not in found, report.outcomes
    is_shown = reads == "fresh" and when == "after"
    assert report.complete if is_shown else "unverified" in found
    if not is_shown:
        (told,) = {o.message for o in report.outcomes if o.status == "unverified"}
        assert told.startswith("the shop may have made this change or not, so plan again: ")
    shop.twin.faults = Faults()
    shop.twin.choices = calm
    shop.apply()
    assert shop.plan().empty
    codes = [coupon["Code"] for coupon in shop.show()["coupons"]]
    assert len(codes) == len(set(codes))
    if what.startswith("replace"):
        coupon = shop.item("coupons", "C")
        assert (coupon["Discount"], coupon["Limit"], coupon["Balance"]) == (200, 4, 4)


class LoseAnswers:
    """The faults of a shop of which every read fails once a write was lost."""

    def __init__(self, inner: Faults, then: InjectedFault) -> None:
        self.inner, self.then, self.broken = inner, then, False

    def strike(self, method: str, path: str) -> InjectedFault | None:
        """Return the failure that this request meets, if any."""
        found = self.inner.strike(method, path)
        self.broken = self.broken or found is not None
        return found or (self.then if self.broken else None)


@pytest.mark.parametrize("when", WHEN)
def test_a_create_that_cannot_be_looked_up_is_not_sent_again(
    open_shop: MakeShop, when: Any
) -> None:
    """Lost, and the look-up is unreadable: nobody knows, so nothing more is written."""
    shop = open_shop(SMALL, CREATES["customer"][0])
    plan = shop.plan()
    shop.twin.faults.add(InjectedFault("POST", "/Customer", "drop", when))
    shop.twin.faults.add(InjectedFault("GET", "/Customer/Detail", "html", times=100))
    shop.twin.faults.add(InjectedFault("*", "/Customer/p", "html", times=100))
    report = shop.apply(plan)
    assert statuses(report) == {"customer/N": "unverified"}
    assert calls(shop, "POST", "/Customer") == 1


def test_a_coupon_that_cannot_be_read_back_is_not_taken_away(open_shop: MakeShop) -> None:
    """Unread is not absent: a good coupon must not be deleted because a proxy hiccuped."""
    shop = open_shop(SMALL, CREATES["coupon"][0])
    plan = shop.plan()
    shop.twin.faults.add(InjectedFault("GET", "/PromotionCoupon/ByCode", "html", times=100))
    report = shop.apply(plan)
    assert calls(shop, "DELETE", "/PromotionCoupon") == 0
    assert shop.item("coupons", "N") is not None
    assert not report.complete


def test_a_lost_answer_during_a_stop_is_not_called_skipped(open_shop: MakeShop) -> None:
    """The create was sent; Ctrl-C while its look-up waits must not say that it was not."""
    shop = open_shop(SMALL, CREATES["customer"][0])
    plan = shop.plan()
    shop.twin.faults.add(InjectedFault("POST", "/Customer", "drop", "after"))
    shop.twin.faults.add(InjectedFault("GET", "/Customer/Detail", "500", times=2))
    client = shop.client()

    def stop(seconds: float) -> None:
        raise Stopped("interrupted by Ctrl-C")

    client.observer.sleep = stop  # type: ignore[method-assign]
    report = shop.apply(plan, client)
    assert shop.item("customers", "N") is not None
    assert statuses(report) != {"customer/N": "skipped"}


def test_a_repeated_delete_counts_what_is_gone_as_deleted(open_shop: MakeShop) -> None:
    shop = open_shop(SMALL, REPLACED, write_missing="404")
    shop.twin.faults.add(InjectedFault("DELETE", "/PromotionCoupon", "drop", "after"))
    assert shop.apply().complete


@pytest.mark.parametrize("kind", thinned(LOST, 2))
def test_failed_verification_says_accepted_but_not_verified(open_shop: MakeShop, kind: Any) -> None:
    shop = open_shop(SMALL, UPDATES["customer"][0])
    plan = shop.plan()
    shop.twin.faults.add(InjectedFault("GET", "/Customer/Detail", kind, times=100))
    report = shop.apply(plan)
    assert statuses(report) == {"customer/D1": "unverified"}
    assert report.verified == 0
    assert "accepted by the API, not verified" in message(report, "customer/D1")


def test_a_token_that_ends_in_the_middle_is_renewed_once(open_shop: MakeShop) -> None:
    shop = open_shop(SMALL, UPDATES["variant"][0])
    client = shop.client()
    plan = shop.plan()
    client = shop.client()
    client.call("category.list")
    shop.twin.revoke_tokens()
    assert shop.apply(plan, client).complete
    assert shop.listener.operations.count("token") == 2


def test_credentials_that_are_refused_end_the_run(open_shop: MakeShop) -> None:
    shop = open_shop(SMALL, "customers: [{code: D1, name: Anna}, {code: D2, name: Bob}]")
    plan = shop.plan()
    shop.twin.client_secret = "changed"
    report = shop.apply(plan)
    assert "no further request was sent" in report.stopped
    assert statuses(report) == {"customer/D1": "failed", "customer/D2": "skipped"}
