"""A shop that puts new objects on sale at once never has more than one that is incomplete.

The first run is killed after any of its requests, or before it is answered. What is left is
completed by the next run before anything else, in the same folder or in a fresh clone.
"""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.core.plan.plan import Plan, refusals
from dealpos_reconciler.sandbox import Choices
from dealpos_reconciler.workflows.apply import apply_plan
from tests.support.deep import DEEP, thinned
from tests.support.shop import Shop
from tests.support.storm import Killed, Weather
from tests.support.till import Offers, offers

PLACE = {"outlets": [{"Name": "Bandung"}], "categories": [{"Name": "Drinks"}]}
LIVE = {"Code": "P1", "Name": "Kopi", "Category": "Drinks"}
SEED = {**PLACE, "products": [{**LIVE, "Variants": [{"Code": "P1A", "UnitPrice": 100}]}]}
OWN = "unit_price: 300, outlet_prices: {Bandung: {price: 700}}"
PARTS = "unit_price: 400, type: Composite, components"


def product(code: str, *variants: str) -> str:
    """Return a declared product with its variants."""
    rows = "".join(f"\n      - {{{each}}}" for each in variants)
    return f"  - code: {code}\n    name: {code}\n    category: Drinks\n    variants:{rows}\n"


ADDED = product("P1", "code: P1A, unit_price: 100", f"code: P1B, {OWN}")
WORLDS = {
    # The composite is the first new object, and its part is added to another product.
    "a part that is added": product(
        "N1", f"code: N1A, {PARTS}: {{P1B: {{qty: 1}}}}", "code: N1B, unit_price: 500"
    )
    + ADDED,
    "several in one product": product(
        "N1",
        f"code: N1A, {PARTS}: {{N1B: {{qty: 1}}}}",
        f"code: N1B, {OWN}",
        f"code: N1C, {OWN}",
        "code: N1D, unit_price: 500",
    ),
    "several additions": product(
        "P1", "code: P1A, unit_price: 100", f"code: P1B, {OWN}", f"code: P1C, {OWN}"
    ),
    "parts in a row": product("N1", f"code: N1A, {PARTS}: {{N2A: {{qty: 1}}}}", f"code: N1B, {OWN}")
    + product("N2", f"code: N2A, {PARTS}: {{P1B: {{qty: 1}}}}")
    + ADDED,
    "both creations": product("N1", f"code: N1A, {OWN}")
    + product("N2", f"code: N2A, {OWN}")
    + ADDED,
}


CHOICES = ("ignored", "ignored_on_add")
CLONES = [
    ("a part that is added", "ignored", "git"),
    ("several in one product", "ignored_on_add", "git"),
]


class Till:
    """Watches what the shop sells after each request, and ends the process at one of them."""

    def __init__(self, whole: Offers) -> None:
        self.whole = whole
        self.exposed: set[str] = set()
        """Every object that was ever on sale before it was complete."""

    def look(self, shop: Shop) -> set[str]:
        """Return the objects that are on sale and not complete."""
        now = offers(shop.show())
        wrong = {name for name, offer in now.items() if offer != self.whole.get(name)}
        self.exposed |= wrong
        return wrong

    def apply(self, shop: Shop, kill: int = 0, *, unsent: bool = False) -> Plan | None:
        """Plan and apply; return the plan, or None where it ended at the request `kill`.

        Requests are counted from the first creation. It ends after the answer to that request, or
        before the next one is sent.
        """
        count = 0

        def before() -> None:
            if unsent and count == kill > 0:
                raise Killed

        def after() -> None:
            nonlocal count
            self.look(shop)
            method, path, _ = shop.twin.calls[-1]
            created = method == "POST" and path.endswith(("/Product", "/Variant/Add"))
            count += bool(count) or created
            if count == kill > 0 and not unsent:
                raise Killed

        client = shop.client()
        client._http._transport = Weather(client._http._transport, before, after)
        with contextlib.suppress(Killed):
            made = shop.make(client)
            opened = shop.open(client)
            opened.journal = shop.journal
            if not refusals(made.plan.violations):
                apply_plan(opened, made, force_unlock=True)
            return made.plan
        return None


class Folders:
    """Shop folders with the same files; with `ledger: git` they are clones of one remote."""

    def __init__(self, folder: Path, text: str, ledger: str, choice: Any) -> None:
        self.folder, self.text, self.ledger = folder, text, ledger
        self.choices = Choices(create_discontinued=choice)
        self.shops: list[Shop] = []
        folder.mkdir()
        if ledger == "git":
            subprocess.run(["git", "init", "-q", "--bare", folder / "remote.git"], check=True)

    def open(self) -> Shop:
        """Return another folder of the same shop."""
        place = self.folder / str(len(self.shops))
        if self.ledger == "git":
            command = ["git", "clone", "-q", self.folder / "remote.git", place]
            subprocess.run(command, check=True, capture_output=True)
        shop = Shop(place, SEED, choices=self.choices)
        if self.shops:
            first = self.shops[0]
            shop.app, shop.twin, shop.database = first.app, first.twin, first.database
        shop.configure(f"ledger: {self.ledger}\n")
        shop.write(self.text)
        self.shops.append(shop)
        return shop

    def next(self) -> Shop:
        """Return the folder of the next run: the same one, or another clone."""
        return self.open() if self.ledger == "git" else self.shops[-1]


@pytest.mark.parametrize(
    ("world", "choice", "ledger"),
    [
        *(
            (world, choice, "none")
            for number, world in enumerate(WORLDS)
            for choice in (CHOICES if DEEP else [CHOICES[number % 2]])
        ),
        *thinned(CLONES, 2),
    ],
)
def test_one_object_at_most_is_ever_incomplete_on_sale(
    tmp_path: Path, world: str, choice: str, ledger: str
) -> None:
    text = f"products:\n{WORLDS[world]}"
    calm = Folders(tmp_path / "calm", text, "none", "stored").open()
    assert calm.apply().complete
    whole = offers(calm.show())
    for unsent in (False, True):
        kill, first = 0, None
        while first is None:
            kill += 1
            folders = Folders(tmp_path / f"{kill}{unsent}", text, ledger, choice)
            till, shop = Till(whole), folders.open()
            first = till.apply(shop, kill, unsent=unsent)
            left = till.look(shop)
            shop = folders.next()
            made = till.apply(shop)
            assert made
            case = f"killed {'before' if unsent else 'after'} request {kill}, left {left}"
            assert till.look(shop) == set(), case
            finished = {str(c.address) for c in made.changes if c.reason.startswith("on sale")}
            assert finished == left, case
            shop = folders.next()
            last = till.apply(shop)
            assert last
            assert len(till.exposed) <= 1, f"{case}: {till.exposed}"
            refused = {violation.rule for violation in refusals(last.violations)}
            assert refused <= {"unsafe-stop"}, case
            assert refused or not last.changes, case
            for each in folders.shops:
                each.twin.store.close()
