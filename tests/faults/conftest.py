"""A shop in which every kind of change is due, and bad weather around it."""

from __future__ import annotations

from typing import Any

import pytest

from dealpos_reconciler.sandbox import Choices
from tests.support.shop import MakeShop, Shop
from tests.support.storm import FILES, SEED, TODAY, Killed, Storm


@pytest.fixture(scope="session")
def calm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the state of the shop after an apply without faults."""
    shop = Shop(tmp_path_factory.mktemp("calm"), SEED)
    shop.twin.today = lambda: TODAY
    shop.write(FILES)
    assert shop.apply().complete
    return shop.show()


@pytest.fixture
def killed() -> type[BaseException]:
    """The end of the process in a test; no code of the program may catch it."""
    return Killed


@pytest.fixture
def world(make_shop: MakeShop, calm: dict[str, Any]) -> Storm:
    """The shop before anything happened to it."""
    shop = make_shop(SEED, choices=Choices())
    shop.twin.today = lambda: TODAY
    shop.twin.sleep = lambda seconds: None
    shop.write(FILES)
    return Storm(shop, calm)
