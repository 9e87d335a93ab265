"""Plans that the builder makes from a few objects, to be rendered."""

from __future__ import annotations

import json
from typing import Any

from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Declared, Desired
from dealpos_reconciler.core.model.live import ABSENT, Live, Observed
from dealpos_reconciler.core.plan import build as planning
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.core.steps import order, usage
from dealpos_reconciler.core.steps.usage import ApiUsage, Window
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.formats.json import plan_document
from dealpos_reconciler.render.formats.text import render_plan
from dealpos_reconciler.render.json import dumps
from dealpos_reconciler.render.view import PlanView

Objects = dict[str, dict[str, Any]]

NO_COST = ApiUsage(0, 0, 0, 0, 0)


def make(
    desired: Objects,
    live: Objects | None = None,
    unread: dict[str, str] | None = None,
    renamed: dict[str, str] | None = None,
) -> Plan:
    """A plan; the first variable is what the files say, by address."""
    objects: dict[str, dict[str, Declared]] = {}
    state = Live(reads=4)
    state.read_errors = {Address(*a.split("/", 1)): why for a, why in (unread or {}).items()}
    for line, (address, fields) in enumerate(desired.items()):
        kind, name = address.split("/", 1)
        place = Source("catalogue/drinks.yaml", 14 + line, 9)
        value = {KINDS[kind].identity: name, **fields}
        objects.setdefault(kind, {})[name] = Declared(
            value, place, (renamed or {}).get(address, "")
        )
        if Address(kind, name) not in state.read_errors:
            state.put(Address(kind, name), ABSENT)
    for address, fields in (live or {}).items():
        kind, name = address.split("/", 1)
        state.put(Address(kind, name), Observed({KINDS[kind].identity: name, **fields}))
        state.complete.add(kind)
    plan, faults = planning.build_plan(
        Desired(objects), state, KINDS, "https://yourshop.dealpos.net"
    )
    assert not faults
    return plan


def priced(plan: Plan) -> ApiUsage:
    return usage.estimate(
        order.order_steps(plan, KINDS), KINDS, plan.reads, plan.listings, Window()
    )


def text_of(plan: Plan, brush: Any = None) -> str:
    return render_plan(plan, view(plan, **({"paint": brush} if brush else {})))


def view(plan: Plan, usage: ApiUsage | None = None, **terminal: Any) -> PlanView:
    return PlanView(kinds=KINDS, usage=usage or priced(plan), **terminal)


def document_of(plan: Plan) -> Any:
    """The document after a round trip through text, as a program sees it."""
    return json.loads(dumps(plan_document(plan, view(plan))))


TERMS = {"type": "DiscountPercentage", "discount": 20, "limit": 100, "minimum_amount": 0}


def shop() -> Plan:
    """One of everything that a plan can hold."""
    return make(
        {
            "category/Drinks": {},
            "coupon/DISC20": {
                **TERMS,
                "type": "DiscountAmount",
                "discount": 25,
                "reference_id": "R",
            },
            "customer/DP-001": {"name": "Sari Baru"},
            "product/1003": {"name": "Kopi Susu", "discontinued": True},
            "variant/1003L": {
                "product": "1003",
                "unit_price": 19000,
                "description": "16 oz",
                "outlet_prices": {"Bandung": {"price": 21000}},
                "taxable": False,
            },
            "variant/1003S": {"product": "1003", "unit_price": 15000},
            "variant/1003X": {"product": "1003", "unit_price": 1250000, "components": {}},
            "variant/GONE": {"product": "1003"},
        },
        {
            "coupon/DISC20": {**TERMS, "type": "DiscountAmount", "balance": 60},
            "coupon/OLD10": {},
            "customer/DP-001": {"name": "Sari Lama", "group": "Gold", "id": "7"},
            "product/1003": {"name": "Kopi Susu", "discontinued": False, "brand": "House"},
            "variant/1003L": {
                "product": "1003",
                "unit_price": 18000,
                "description": "",
                "weight": 250,
                "taxable": True,
                "outlet_prices": {"Bandung": {"price": 9500}, "Solo": {"price": 1}},
            },
            "variant/1003S": {"product": "1003", "unit_price": 15000},
        },
        {"variant/GONE": "HTTP 500: no answer"},
    )


HOSTILE_TEXT = [
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b[2J\x1b[1;1H",
    "a\nPlan: no changes",
    "a\rb",
    "a\tb",
    "a\x00b",
    "a\x08\x08b",
    "\u202egnp.exe",
    "a\u2066b\u2069",
    "a\u200fb",
    "a\u2028b",
    "a\x9b31mb",
    "a\x85b",
    "\ufeffa",
    "a\u200bb",
]


def steers(text: str) -> list[str]:
    """Characters that could steer a terminal or reorder a line."""
    return [c for c in text if c != "\n" and (not c.isprintable() or c in "\u200e\u200f\u202e")]
