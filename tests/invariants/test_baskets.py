"""The basket that a coupon is judged by is the worst of one article."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.pricing import Discount
from dealpos_reconciler.guardrails.basket import PricedItem

whole = st.integers(1, 200)


@settings(max_examples=200)
@given(price=whole, cost=whole, discount=whole, cap=st.none() | whole, minimum=st.integers(0, 900))
def test_no_larger_basket_of_one_article_loses_where_the_smallest_does_not(
    price: int, cost: int, discount: int, cap: int | None, minimum: int
) -> None:
    item = PricedItem(Address("variant", "V"), "", price, cost)
    for reduction in (
        Discount(min(discount, 100), 0, cap, minimum),
        Discount(0, discount, None, minimum),
    ):
        least = item.count(reduction)
        assert least * price >= minimum
        assert least == 1 or (least - 1) * price < minimum
        losses = [
            n * cost - (n * price - reduction.off(n * price)) > 0 for n in range(least, least + 30)
        ]
        if cost <= price:
            assert any(losses) == losses[0] == (item.loss(reduction) > 0)
