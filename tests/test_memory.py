"""What replacements carried over, remembered beside the shop; losing it loses no more than that."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.core.state import Address
from reconciler.memory import FILE, recall, remember
from reconciler.settings import Settings, load

COUPON = Address("coupon", "A/B")


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    (tmp_path / "reconciler.yaml").write_text("store: {url: sandbox}\n")
    return load(tmp_path, {})


def test_what_is_remembered_is_recalled_for_its_store_alone(shop: Settings) -> None:
    remember(shop, "https://a.example", {COUPON: {"limit": (100, 63)}})
    remember(shop, "https://a.example", {Address("coupon", "C"): {"limit": (5, 1)}})
    assert recall(shop, "https://a.example") == {
        COUPON: {"limit": (100, 63)},
        Address("coupon", "C"): {"limit": (5, 1)},
    }
    assert recall(shop, "https://b.example") == {}


def test_the_folder_is_hidden_from_git_and_nothing_is_written_for_nothing(shop: Settings) -> None:
    remember(shop, "sandbox", {})
    assert not shop.state.exists()
    remember(shop, "sandbox", {COUPON: {"limit": (2, 1)}})
    assert (shop.state / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"sandbox": 5}', '{"sandbox": {"x": {"l": 1}}}']
)
def test_a_broken_file_is_as_good_as_none(shop: Settings, content: str) -> None:
    shop.keep()
    (shop.state / FILE).write_text(content)
    assert recall(shop, "sandbox") == {}
    remember(shop, "sandbox", {COUPON: {"limit": (2, 1)}})
    assert recall(shop, "sandbox") == {COUPON: {"limit": (2, 1)}}


def test_a_folder_that_cannot_be_written_stops_nothing(shop: Settings) -> None:
    shop.state.write_text("in the way")
    remember(shop, "sandbox", {COUPON: {"limit": (2, 1)}})
    assert recall(shop, "sandbox") == {}
