"""Measure what it takes to render a large plan: seconds of work, and the size of each format.

`python tests/benchmarks/rendering.py [CHANGES]` (default 10000). The page's time in a browser is
measured by `make browser`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from reconciler.core.diff.change import Action, Change, FieldChange
from reconciler.core.model.address import Address, Source
from reconciler.core.plan.plan import Plan
from reconciler.core.steps.cost import Cost
from reconciler.kinds import KINDS
from reconciler.render.plan.github import plan_github
from reconciler.render.plan.html import plan_html
from reconciler.render.plan.json import Origin, dumps, plan_document
from reconciler.render.plan.markdown import plan_markdown
from reconciler.render.plan.text import plan_text

RUNS = 5
OUTLETS = ("Bandung", "Jakarta", "Surabaya")


def change(number: int) -> Change:
    """A price that moves in the shop and at one outlet of three; one in a hundred is retired."""
    price = 10_000 + number % 700 * 100
    before = {
        "code": f"V{number:07}",
        "model": f"Size {number % 10}",
        "unit_cost": price // 2,
        "unit_price": price,
        "discontinued": False,
        "outlet_prices": {name: {"price": price + 100, "extra_cost": 0} for name in OUTLETS},
    }
    moved = {name: {"price": price + 100, "extra_cost": 0} for name in OUTLETS}
    moved["Jakarta"] = {"price": price + 900, "extra_cost": 0}
    after = {**before, "unit_price": price + 500, "outlet_prices": moved}
    fields = [
        FieldChange(("unit_price",), price, price + 500),
        FieldChange(("outlet_prices", "Jakarta", "price"), price + 100, price + 900),
    ]
    retired = number % 100 == 0
    if retired:
        after["discontinued"] = True
        fields.append(FieldChange(("discontinued",), False, True, Action.RETIRE))
    return Change(
        Address("variant", f"V{number:07}"),
        Action.RETIRE if retired else Action.UPDATE,
        "declared fields differ from live",
        tuple(fields),
        before,
        after,
        Source(f"catalogue/shelf-{number // 50:05}.yaml", number % 50 * 12 + 8, 9),
        "0123456789abcdef",
    )


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    plan = Plan("https://yourshop.dealpos.net", tuple(change(number) for number in range(count)))
    cost = Cost(40, count, count // 100, count // 50 + 1, count // 50 * 180)
    here = Origin("shops/kopi", "0123abc")
    formats: dict[str, Callable[[], str]] = {
        "text": lambda: plan_text(plan, cost, KINDS),
        "text, compact": lambda: plan_text(plan, cost, KINDS, compact=True),
        "json": lambda: dumps(plan_document(plan, cost, KINDS, here)),
        "markdown": lambda: plan_markdown(plan, cost, KINDS, here),
        "github": lambda: plan_github(plan, cost, KINDS, "", lambda place, path: place),
        "html": lambda: plan_html(plan, cost, KINDS, here),
    }
    print(f"{count:,} changes {'work':>21} {'size':>13}")  # noqa: T201
    for name, render in formats.items():
        spent = []
        for _ in range(RUNS):
            began = time.process_time()
            text = render()
            spent.append(time.process_time() - began)
        print(f"{name:<22}{min(spent):>10.2f} s {len(text.encode()) / 1e6:>10.2f} MB")  # noqa: T201


if __name__ == "__main__":
    main()
