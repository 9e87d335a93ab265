"""Plans made by hand, which can hold anything."""

from __future__ import annotations

from typing import Any

from dealpos_reconciler.core.diff.change import Action, Change, FieldChange
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Allowance
from dealpos_reconciler.core.plan.plan import Plan, Violation
from dealpos_reconciler.core.steps.usage import ApiUsage
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.view import PlanView

HOSTILE = [
    "<script>alert(1)</script>",
    "</details></code><img src=x onerror=alert(1)>",
    "<!-- reconciler plan --><b>",
    "\x1b[31mred\x1b[0m",
    "\u202egnp.exe",
    "a\u2066b\u2069\u200f",
    "a|b|c",
    "`code` ``two`` ```",
    "```\n</details>\n# Heading",
    "~~~\n::error::gone",
    "@octocat @org/team",
    "#1 org/repo#2 https://evil.example",
    "[link](javascript:alert(1)) ![i](http://x/i.png)",
    "::error file=x::pwned",
    "##[error]pwned",
    "a\n::set-output name=x::y",
    "a%0A::error::y",
    "a,line=1:b",
    "*bold* _it_ ~~no~~ $x$ &amp; &#64;x",
    "{{ 7 * 7 }}{% raw %}",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)",
    " padded ",
    "\\",
    "a\u2028b\x85c\x0bd",
]
"""Names that mean harm to some format."""


class Makes:
    """Makes the parts of a plan."""

    cost = ApiUsage(4, 3, 2, 1, 3)

    def address(self, text: str) -> Address:
        return Address(*text.split("/", 1))

    def change(
        self,
        address: str,
        action: Action = Action.UPDATE,
        line: int = 14,
        **fields: tuple[Any, Any],
    ) -> Change:
        """A change of fields, each (before, after)."""
        found = self.address(address)
        before = {name: old for name, (old, _) in fields.items() if old is not None}
        after = {name: new for name, (_, new) in fields.items() if new is not None}
        return Change(
            found,
            action,
            "declared and live values differ",
            tuple(FieldChange((name,), old, new, action) for name, (old, new) in fields.items()),
            None if action is Action.CREATE else {"code": found.name, **before},
            None if action is Action.DELETE else {"code": found.name, **after},
            Source("catalogue/drinks.yaml", line, 9),
        )

    def violation(self, address: str = "", *, allowed: bool = False, **words: Any) -> Violation:
        """A violation, refusing or allowed."""
        texts = {
            "rule": "price-change",
            "message": "150,000 → 15,000",
            "measured": 90,
            "limit": 50,
            "unit": "percent",
        }
        given = Allowance(
            "price-change", "clearance", "2026-12-31", Source("catalogue/a.yaml", 3, 5)
        )
        return Violation(
            **{**texts, **words},
            address=self.address(address) if address else None,
            source=Source("catalogue/drinks.yaml", 14, 9) if address else None,
            allowed=given if allowed else None,
        )

    def plan(self, *changes: Change, **parts: Any) -> Plan:
        return Plan("https://yourshop.dealpos.net", changes, **parts)

    def hostile(self, name: str) -> Plan:
        """A plan with `name` wherever files, shop or server can put it."""
        return Plan(
            f"https://{name}",
            (
                self.change(f"variant/{name}", Action.CREATE, model=(None, name)),
                self.change(f"product/{name}", Action.RETIRE, discontinued=(False, True)),
                self.change(f"coupon/{name}", Action.REPLACE, description=("x", name)),
                self.change(f"customer/{name}", Action.DELETE),
                self.change(
                    "variant/W",
                    description=(name, f"{name}2"),
                    unit_price=(9, 4),
                    unit_cost=(5, 5),
                    outlet_prices=({}, {name: {"price": 1}}),
                ),
            ),
            unmanaged=(Address("category", name),),
            unknown=((Address("variant", f"u{name}"), name),),
            blocked=((Address("variant", f"w{name}"), name),),
            notes=(name,),
            violations=(
                self.violation(f"variant/{name}", message=name, unit=name),
                self.violation(f"variant/{name}", message=name, allowed=True),
            ),
        )

    def view(self, **parts: Any) -> PlanView:
        """A view of a plan."""
        return PlanView(**{"kinds": KINDS, "usage": self.cost, **parts})

    def large(self, count: int, action: Action = Action.UPDATE, name: str = "V") -> list[Change]:
        """So many changes of one action."""
        return [
            self.change(
                f"variant/{name}{number}",
                action,
                number + 1,
                unit_price=(10_000 + number, 11_000 + number * 2),
                unit_cost=(5_000, 5_000),
            )
            for number in range(count)
        ]
