"""Every kind of fault, in every operation, before and after the shop acted."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any, get_args

import pytest

from dealpos_reconciler.dealpos.operations import BASE
from dealpos_reconciler.sandbox import InjectedFault
from dealpos_reconciler.sandbox.faults import Kind
from tests.support.deep import thinned
from tests.support.storm import Storm

READS = {
    "token": ("POST", "/Token/OAuth2"),
    "category.list": ("POST", "/Category/p"),
    "outlet.list": ("GET", "/Outlet"),
    "product.list": ("GET", "/Product"),
    "product.by_code": ("GET", "/Product/Detail"),
    "variant.by_codes": ("POST", "/Variant/GetByListCode"),
    "variant.ids_by_codes": ("GET", "/Variant/GetIDByListCodeDiscontinued"),
    "coupon.list": ("POST", "/PromotionCoupon/WithTotalCount"),
    "coupon.by_code": ("GET", "/PromotionCoupon/ByCode"),
    "customer.list": ("POST", "/Customer/p"),
    "customer.by_code": ("GET", "/Customer/Detail"),
}
WRITES = {
    "category.create": ("POST", "/Category"),
    "category.update": ("PUT", "/Category"),
    "product.create": ("POST", "/Product"),
    "product.update": ("PUT", "/Product"),
    "variant.add": ("POST", "/Variant/Add"),
    "variant.update": ("PUT", "/Variant"),
    "coupon.create": ("POST", "/PromotionCoupon"),
    "coupon.delete": ("DELETE", "/PromotionCoupon"),
    "customer.create": ("POST", "/Customer"),
    "customer.update": ("PUT", "/Customer/ByCode"),
}
FAULTS = [
    (kind, when)
    for kind in get_args(Kind)
    for when in ("before", "after")
    if (kind, when) != ("delay", "after")  # a slow answer is one, whenever the shop acted
]
# Every third meets each operation and each fault: neither number is divisible by three.
ONCE = thinned(((name, *fault) for name in (*READS, *WRITES) for fault in FAULTS), 5)
FOR_GOOD = thinned(product(("before", "after"), ("503", "html", "drop"), WRITES), 4)
LIES = {"401", "429"}
"""Answers that say "not done": after the shop has acted, they are believed and it is sent again."""


def test_the_matrix_has_every_operation_that_this_shop_needs(world: Storm) -> None:
    world.run()
    called = {(method, path.removeprefix(BASE)) for method, path, _ in world.shop.twin.calls}
    assert called == {*READS.values(), *WRITES.values()}
    world.settle()
    world.check()


def refused(world: Storm) -> Counter[str]:
    """Creates that met what was there already."""
    return Counter(
        path.removeprefix(BASE)
        for method, path, status in world.shop.twin.calls
        if method == "POST"
        and status == 400
        and (method, path.removeprefix(BASE)) in WRITES.values()
    )


@pytest.mark.parametrize(("operation", "kind", "when"), ONCE)
def test_after_one_fault_and_one_more_run_all_is_well(
    world: Storm, operation: str, kind: Any, when: Any
) -> None:
    method, path = {**READS, **WRITES}[operation]
    world.shop.twin.faults.add(InjectedFault(method, path, kind, when))
    world.run()
    world.settle()
    world.check()
    if kind not in LIES:
        assert refused(world) == {}, "created a second time"


@pytest.mark.parametrize(("when", "kind", "operation"), FOR_GOOD)
def test_a_write_that_fails_for_good_is_made_good_by_the_next_run(
    world: Storm, operation: str, kind: Any, when: Any
) -> None:
    method, path = WRITES[operation]
    world.shop.twin.faults.add(InjectedFault(method, path, kind, when, times=50))
    world.run()
    world.settle()
    world.check()
