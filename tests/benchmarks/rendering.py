"""Measure what it takes to render a large plan: seconds of work, and the size of each format.

`python tests/benchmarks/rendering.py [CHANGES]` (default 10000). The page's time in a browser is
measured by `make browser`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace

from dealpos_reconciler.core.diff.change import Action, Change, FieldChange
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.core.steps.usage import ApiUsage
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.formats import github, html, json, markdown, text
from dealpos_reconciler.render.view import PlanView

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
        "declared and live values differ",
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
    cost = ApiUsage(40, count, count // 100, count // 50 + 1, count // 50 * 180)
    view = PlanView(kinds=KINDS, usage=cost, folder="shops/kopi", commit="0123abc")
    formats: dict[str, Callable[[], str]] = {
        "text": lambda: text.render_plan(plan, view),
        "text, compact": lambda: text.render_plan(plan, replace(view, compact=True)),
        "json": lambda: json.render_plan(plan, view),
        "markdown": lambda: markdown.render_plan(plan, view),
        "github": lambda: github.render_plan(plan, view),
        "html": lambda: html.render_plan(plan, view),
    }
    print(f"{count:,} changes {'work':>21} {'size':>13}")  # noqa: T201
    for name, render in formats.items():
        spent = []
        for _ in range(RUNS):
            began = time.process_time()
            rendered = render()
            spent.append(time.process_time() - began)
        print(f"{name:<22}{min(spent):>10.2f} s {len(rendered.encode()) / 1e6:>10.2f} MB")  # noqa: T201


if __name__ == "__main__":
    main()
