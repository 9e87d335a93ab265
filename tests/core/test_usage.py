"""The API usage of a plan: requests, windows, seconds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dealpos_reconciler.core.diff.readback import Proof
from dealpos_reconciler.core.model.live import ListingStats
from dealpos_reconciler.core.steps.readbacks import Group, choose_read, choose_readback, find_apart
from dealpos_reconciler.core.steps.usage import Window
from dealpos_reconciler.kinds import KINDS
from tests.support.world import World

TERMS = {"type": "DiscountPercentage", "discount": 20, "limit": 100, "minimum_amount": 0}


def customers(world: World, count: int, reads: int = 0) -> Any:
    """So many new customers: one write and one read back each."""
    world.live.reads = reads
    for number in range(count):
        world.declare(f"customer/K{number}", name="Sari")
    return world


def test_an_empty_plan_costs_nothing_more_than_was_read(world: World) -> None:
    world.live.reads = 4
    cost = world.cost()
    assert (cost.reads, cost.writes, cost.verification, cost.requests) == (4, 0, 0, 0)
    assert (cost.windows, cost.seconds) == (0, 0)


def test_requests_are_writes_and_their_verification(world: World) -> None:
    cost = customers(world, 3).cost()
    assert (cost.writes, cost.verification, cost.requests) == (3, 3, 6)


@pytest.mark.parametrize(
    ("count", "reads", "windows"),
    [
        (1, 0, 1),
        (25, 0, 1),  # exactly 50 requests
        (26, 0, 2),
        (1, 48, 1),  # what was read has used the window up
        (1, 49, 2),
        (1, 50, 2),  # … to the last request
        (1, 98, 1),
        (1, 99, 2),
        (50, 0, 2),
        (100, 10, 5),
    ],
)
def test_windows_begin_with_what_reading_has_used(
    world: World, count: int, reads: int, windows: int
) -> None:
    assert customers(world, count, reads).cost().windows == windows


@pytest.mark.parametrize(
    ("count", "reads", "seconds"),
    [(1, 0, 1), (25, 0, 25), (26, 0, 206), (100, 0, 640), (1, 49, 181)],
)
def test_seconds_are_the_round_trips_and_the_closed_windows(
    world: World, count: int, reads: int, seconds: int
) -> None:
    assert customers(world, count, reads).cost().seconds == seconds


def test_a_larger_window_costs_less_time(world: World) -> None:
    cost = customers(world, 100).cost(Window(limit=200, seconds=60))
    assert (cost.windows, cost.seconds) == (1, 100)
    cost = world.cost(Window(limit=20, seconds=60))
    assert (cost.windows, cost.seconds) == (10, 640)


def test_a_product_with_its_variants_is_one_write(world: World) -> None:
    world.declare("product/1", name="Kopi", category="Drinks")
    for size in "ABC":
        world.declare(f"variant/{size}", product="1", unit_price=1)
    world.live.listings = {"product": ListingStats(0)}
    cost = world.cost()
    assert (cost.writes, cost.verification) == (1, 2)


def test_a_replaced_coupon_is_two_writes_and_three_reads(world: World) -> None:
    world.have("coupon/C", **TERMS, balance=100)
    world.declare("coupon/C", **{**TERMS, "discount": 25})
    cost = world.cost()
    # Right before it and right after; the minimum is shown by the list alone.
    assert (cost.writes, cost.verification) == (2, 3)


@pytest.mark.parametrize(
    ("count", "size", "requests"),
    [
        (0, 0, 1),
        (1, 0, 1),
        (500, 0, 1),
        (501, 0, 2),
        (1000, 500, 2),
        (1001, 500, 3),
        (21, 7, 3),  # a server that serves seven a page
        (22, 7, 4),
    ],
)
def test_a_later_listing_costs_what_the_earlier_one_tells(
    count: int, size: int, requests: int
) -> None:
    assert ListingStats(count, size).requests() == requests


@pytest.mark.parametrize(
    ("kind", "count", "listed", "requests"),
    [
        ("category", 1, None, 1),  # one listing, never paged
        ("category", 900, None, 1),
        ("category", 900, ListingStats(900, size=900), 1),
        ("variant", 1, None, 1),  # batches of a hundred
        ("variant", 100, None, 1),
        ("variant", 101, None, 2),
        ("variant", 1000, None, 10),
        ("variant", 1000, ListingStats(2000, 500), 4),  # … or fewer pages of the listing
        ("variant", 100, ListingStats(2000, 500), 1),
        ("product", 3, None, 3),  # single reads
        ("product", 3, ListingStats(20), 1),
        ("product", 3, ListingStats(2500, 500), 3),
        ("customer", 3, None, 3),
        ("customer", 3, ListingStats(20), 1),
        ("coupon", 3, None, 3),
        ("coupon", 3, ListingStats(20), 1),
    ],
)
def test_reading_back_takes_the_cheapest_way_that_a_kind_has(
    kind: str, count: int, listed: ListingStats | None, requests: int
) -> None:
    assert choose_read(KINDS[kind], count, listed).requests == requests


def test_fields_that_no_list_shows_are_read_back_singly() -> None:
    """API §9: a row of the list lacks most of a customer."""
    proofs = {"A": Proof(frozenset({"name"})), "B": Proof(frozenset({"city"}))}
    customer, listed = KINDS["customer"], ListingStats(20)
    assert find_apart(customer, Group(proofs, set()), listed) == {"B"}
    assert choose_read(customer, 3, listed, 1) == ("listing", 2, 1)
    assert choose_read(customer, 3, listed, 3).read == "single"
    # The rows of this shop show more than the documentation says.
    shown = replace(listed, fields=frozenset({"name", "city"}))
    assert find_apart(customer, Group(proofs, set()), shown) == set()


def test_a_deletion_that_a_list_may_hide_is_read_back_singly() -> None:
    proofs = {"A": Proof(), "B": Proof(hidden=True)}
    assert find_apart(KINDS["customer"], Group(proofs, {"A", "B"}), ListingStats(20)) == {"B"}


def test_only_the_end_of_a_list_confirms_deletions() -> None:
    """A list without a total takes a page more, where its last one could be a cap."""
    proofs = dict.fromkeys("ABC", Proof())
    for untold, requests in ((False, 1), (True, 2)):
        listed = ListingStats(20, untold=untold)
        assert choose_readback(KINDS["customer"], Group(proofs, {*"ABC"}), listed)[1] == requests
        assert choose_readback(KINDS["customer"], Group(proofs, set()), listed)[1] == 1


def test_an_object_that_two_steps_write_is_read_back_once(world: World) -> None:
    world.product("1", {}, name="Kopi")
    world.declare("variant/V", product="1", unit_price=1, weight=5)
    cost = world.cost()
    assert (cost.writes, cost.verification) == (2, 1)


def test_an_apply_of_its_own_reads_again(world: World) -> None:
    cost = customers(world, 3, reads=40).cost()
    again = cost.in_another_run(Window(limit=50, seconds=180.0))
    assert (cost.requests, cost.windows) == (6, 1)
    assert (again.requests, again.windows, again.reads) == (46, 2, 40)
    assert World().cost().in_another_run(Window()).requests == 0
