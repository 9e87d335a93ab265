"""A base with one product, and a region and a shop that say nothing yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.chain import Chain

BASE = """\
categories:
  - name: Drinks
products:
  - code: "1003"
    name: Kopi Susu
    category: Drinks
    variants:
      - code: 1003L
        model: Large
        unit_price: 18000
        outlet_prices:
          Dago: {price: 18500, extra_cost: 100}
      - code: 1003S
        model: Small
        unit_price: 15000
"""


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    chain = Chain(tmp_path)
    chain.write("base", BASE)
    return chain
