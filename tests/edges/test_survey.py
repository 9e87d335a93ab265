"""A head start on listings changes what they cost in time, and nothing of what they show."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.dealpos.reading.prefetch import LARGE
from reconciler.ledger.journal import Journal
from reconciler.workflows import plan as pipeline

COUNT = LARGE + 50
CODES = [f"{number:03}" for number in range(COUNT)]
SEED: dict[str, Any] = {
    "categories": [{"Name": "Drinks"}],
    "products": [
        {
            "Code": f"P{code}",
            "Name": f"Tea {code}",
            "Category": "Drinks",
            "Discontinued": code == CODES[0],
            "Variants": [{"Code": f"V{code}", "Model": "A", "UnitPrice": 100}],
        }
        for code in CODES
    ],
}
FILES = "products:\n" + "".join(
    f"  - {{code: P{code}, name: Tea {code}, variants: [{{code: V{code}, unit_price: 100}}]}}\n"
    for code in CODES
)


@pytest.mark.parametrize(
    "choices",
    [{}, {"page_over_cap": "ten"}, {"page_over_cap": "reject"}, {"page_cap": 100}],
    ids=str,
)
def test_a_page_size_that_another_listing_teaches_meanwhile_loses_no_object(
    open_shop: Any, choices: dict[str, Any]
) -> None:
    """Page two of 500 is not what follows page one of ten."""
    shop = open_shop(SEED, FILES, **choices)
    made = pipeline.make(shop.settings, shop.client(), Journal(shop.settings, "sandbox"))
    assert [str(change.address) for change in made.plan.changes] == []
    assert made.plan.unchanged == 2 * COUNT
