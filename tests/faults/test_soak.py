"""Seeded storms: faults at random, the process killed, and others writing in between.

`make soak SEEDS=500` weathers more of them; a seed that fails fails again.
"""

from __future__ import annotations

import contextlib
import os
import random
from typing import Any

import pytest

from dealpos_reconciler import sandbox
from dealpos_reconciler.sandbox import Faults
from tests.support.till import offers, wrong_offers

SEEDS = range(int(os.environ.get("SEEDS", "6")))
ROUNDS = 3
RATE = 0.04


class Storm:
    """Random events in a shop."""

    def __init__(self, world: Storm, seed: int, killed: type[BaseException]) -> None:
        self.world, self.killed = world, killed
        self.store = world.shop.twin.store
        self.die = random.Random(seed)
        self.left = 0
        self.before, self.after = offers(world.shop.show()), offers(world.calm)
        self.strangers: list[str] = []

    def tick(self) -> None:
        """Around a request: somebody else writes, or the process ends."""
        if self.die.random() < 0.05:
            self.stranger()
        self.left -= 1
        if self.left == 0:
            raise self.killed

    def look(self) -> None:
        """After a request: a till sells nothing that nobody declared; then whatever may happen."""
        assert wrong_offers(offers(self.world.shop.show()), self.before, self.after) == []
        self.tick()

    def stranger(self) -> None:
        """A product that no file declares comes or goes, which shifts the pages of a listing."""
        if self.strangers and self.die.random() < 0.5:
            with self.store.transaction(write=True):
                self.store.delete("product", self.strangers.pop())
            return
        code = f"{self.die.choice('AOZ')}{len(self.strangers)}-stranger"
        if code not in self.strangers:
            row = {"Code": code, "Name": "Stranger", "Category": "Drinks", "Variants": []}
            sandbox.seed(self.store, {"products": [row]})
            self.strangers.append(code)

    def till(self) -> None:
        """A customer uses a coupon; between two runs, since no read is as young as a sale."""
        code = self.die.choice(["USED", "NEEDS"])
        with self.store.transaction(write=True):
            row = self.store.get("coupon", code)
            if row and row.payload["Balance"] > 1:
                coupon = {**row.payload, "Balance": row.payload["Balance"] - 1}
                self.store.put("coupon", coupon)
                self.world.spent[code] += 1

    def run(self) -> None:
        """One run of the program in bad weather; it may not live to its end."""
        self.left = self.die.randint(1, 150)
        self.world.shop.twin.faults = Faults.random(self.die.randint(0, 10**9), RATE)
        with contextlib.suppress(self.killed):
            self.world.run(self.world.client(self.tick, self.look))

    def calm(self) -> None:
        """Everybody else has gone home."""
        with self.store.transaction(write=True):
            for code in self.strangers:
                self.store.delete("product", code)


def declared(shown: dict[str, Any]) -> dict[str, Any]:
    """The shop without what the till has moved."""
    coupons = [
        {key: value for key, value in coupon.items() if key not in ("Limit", "Balance")}
        for coupon in shown["coupons"]
    ]
    return {**shown, "coupons": coupons}


@pytest.mark.parametrize("seed", SEEDS)
def test_after_any_storm_one_more_run_makes_all_well(
    world: Storm, killed: type[BaseException], seed: int
) -> None:
    storm = Storm(world, seed, killed)
    cap, order = storm.die.choice([1, 2, 3, 500]), storm.die.choice(["code", "insertion"])
    twin = world.shop.twin
    twin.choices = twin.choices.with_changes(page_cap=cap, list_order=order)
    for _ in range(ROUNDS):
        storm.run()
        storm.till()
    storm.calm()
    world.settle()
    world.check_balances()
    assert declared(world.shop.show()) == declared(world.calm)
