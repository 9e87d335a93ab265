"""A replaced coupon is missing for two requests, wherever the rate-limit window ends."""

from __future__ import annotations

import pytest

from tests.support.shop import MakeShop, Shop

COUPONS = [
    {"Code": f"C{n}", "Type": "DiscountAmount", "Discount": 100, "Limit": 10, "MinimumAmount": 0}
    for n in range(4)
]
FILES = "coupons:\n" + "".join(
    f"  - {{code: C{n}, type: DiscountAmount, discount: 50, limit: 10}}\n" for n in range(4)
)


def replacing(make_shop: MakeShop, **options: int) -> Shop:
    shop = make_shop({"coupons": COUPONS}, **options)
    shop.write(FILES)
    return shop


@pytest.mark.parametrize("limit", [3, 4, 5, 6, 7, 11])
def test_no_wait_comes_between_the_read_of_a_coupon_and_its_new_one(
    make_shop: MakeShop, limit: int
) -> None:
    shop = replacing(make_shop, limit=limit)
    client = shop.client()
    plan = shop.plan(client)
    times: list[tuple[str, float]] = []
    shop.listener.on_request = lambda operation: times.append((operation, shop.clock()))  # type: ignore[method-assign]
    assert shop.apply(plan, client).complete
    deleted = [n for n, (operation, _) in enumerate(times) if operation == "coupon.delete"]
    assert len(deleted) == 4
    for index in deleted:
        operations, moments = zip(*times[index - 1 : index + 2], strict=True)
        assert operations == ("coupon.by_code", "coupon.delete", "coupon.create")
        assert len(set(moments)) == 1


def test_the_plan_says_how_long_a_coupon_is_missing(make_shop: MakeShop) -> None:
    note = "C0, coupon/C1, coupon/C2, coupon/C3: deleted and created again, so missing in the shop"
    (said,) = [n for n in replacing(make_shop).plan().notes if "missing in the shop" in n]
    assert said == f"coupon/{note} for about 1 s each"
    (said,) = [n for n in replacing(make_shop, limit=1).plan().notes if "missing in the shop" in n]
    assert said.endswith("for about 180 s each")
