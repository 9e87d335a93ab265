"""A code that is a secret, where a shop tells it apart from another spelling or not."""

from __future__ import annotations

import pytest

from dealpos_reconciler.sandbox import Choices
from tests.support.seeds import AUTHORISING
from tests.support.shop import MakeShop

CODE = str(AUTHORISING["Code"])


@pytest.mark.parametrize("ignores_case", [True, False])
def test_a_declared_code_that_differs_in_case_alone_is_masked_too(
    make_shop: MakeShop, ignores_case: bool
) -> None:
    shop = make_shop(choices=Choices(keys_ignore_case=ignores_case))
    shop.write(f"coupons: [{{code: {CODE.lower()}, type: DiscountAmount, discount: 5, limit: 1}}]")
    plan = shop.plan()
    assert not plan.changes
    ((address, why),) = plan.blocked
    assert str(address).startswith("coupon/#")
    assert why.startswith("not changed: the coupon in DealPOS authorises functions of the till")
    assert CODE.lower() not in why.lower()
