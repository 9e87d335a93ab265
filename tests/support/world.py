"""Declared and live values without files and without a shop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dealpos_reconciler.core.diff.change import Change
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Allowance, Declared, Desired, references_of
from dealpos_reconciler.core.model.live import ABSENT, Live, Observed
from dealpos_reconciler.core.plan import build as planning
from dealpos_reconciler.core.plan import faults as references
from dealpos_reconciler.core.plan.faults import Fault
from dealpos_reconciler.core.plan.plan import Plan, Violation
from dealpos_reconciler.core.steps import order, usage
from dealpos_reconciler.core.steps.step import Step
from dealpos_reconciler.core.steps.usage import ApiUsage, Window
from dealpos_reconciler.guardrails.guardrail import PlanContext, run_guardrails
from dealpos_reconciler.guardrails.rules import RULES
from dealpos_reconciler.kinds import KINDS


def address_of(text: str) -> Address:
    kind, _, name = text.partition("/")
    return Address(kind, name)


@dataclass
class World:
    """Desired and Live, filled in by address; unlike in a run, what is not named is absent."""

    objects: dict[str, dict[str, Declared]] = field(default_factory=dict)
    live: Live = field(default_factory=Live)

    def declare(self, address: str, was: str | None = None, **fields: Any) -> None:
        """The files hold this object; identity and line are filled in."""
        kind, name = address_of(address)
        table = self.objects.setdefault(kind, {})
        source = Source("catalogue/shop.yaml", len(table) + 1, 5)
        table[name] = Declared({KINDS[kind].identity: name, **fields}, source, was)

    def have(self, address: str, children: Mapping[str, Any] | None = None, **fields: Any) -> None:
        """The shop holds this object."""
        kind, name = address_of(address)
        value = {KINDS[kind].identity: name, **fields}
        self.live.put(Address(kind, name), Observed(value, children))

    def both(self, address: str, **fields: Any) -> None:
        """Files and shop agree on this object."""
        self.declare(address, **fields)
        self.have(address, **fields)

    def unread(self, address: str, why: str) -> None:
        """The shop did not tell."""
        self.live.read_errors[address_of(address)] = why

    @property
    def desired(self) -> Desired:
        return Desired(self.objects)

    def fill(self) -> Live:
        """Live, with everything declared and not observed absent, unless it could not be read."""
        for address, declared in self.desired:
            for asked in (address, Address(address.kind, declared.was or address.name)):
                if self.live.get(asked) is None and asked not in self.live.read_errors:
                    self.live.put(asked, ABSENT)
        return self.live

    def faults(self) -> list[Fault]:
        """Every fault that the references have; what nobody names is absent."""
        live = self.fill()
        for address, declared in self.desired:
            for target, _ in references_of(KINDS[address.kind], declared.value):
                if live.get(target) is None and target not in live.read_errors:
                    live.put(target, ABSENT)
        return references.check_references(self.desired, live, KINDS)

    def build(self) -> tuple[Plan, list[Fault]]:
        return planning.build_plan(self.desired, self.fill(), KINDS, "https://shop.example")

    def plan(self) -> Plan:
        """The plan; asserts that nothing stands in its way."""
        plan, faults = self.build()
        assert not faults
        return plan

    def change(self, address: str) -> Change:
        """The planned change of one object."""
        return next(c for c in self.plan().changes if str(c.address) == address)

    def steps(self) -> tuple[Step, ...]:
        return order.order_steps(self.plan(), KINDS)

    def calls(self) -> list[tuple[str, Any]]:
        """Operation and body of every request, in order."""
        return [(r.operation, r.body) for step in self.steps() for r in step.requests]

    def operations(self) -> list[str]:
        return [operation for operation, _ in self.calls()]

    def cost(self, window: Window | None = None) -> ApiUsage:
        plan = self.plan()
        return usage.estimate(
            order.order_steps(plan, KINDS), KINDS, plan.reads, plan.listings, window or Window()
        )

    def judge(
        self, rule: str, *allowances: Allowance, today: str = "2026-06-01", **options: Any
    ) -> list[Violation]:
        """Return the violations of one guardrail."""
        return self.judged({rule: RULES[rule](**options)}, *allowances, today=today)[0]

    def judged(
        self, rules: Mapping[str, Any], *allowances: Allowance, today: str = "2026-06-01"
    ) -> tuple[list[Violation], list[str]]:
        """Return the violations of guardrails, and the notes about exceptions."""
        desired = Desired(self.objects, allowances)
        context = PlanContext(self.plan(), desired, self.live, KINDS, today)
        found, notes = run_guardrails(rules, context, lambda source, path: source)
        return list(found), notes

    def product(
        self,
        code: str,
        variants: Mapping[str, Mapping[str, Any]],
        whole: bool = True,
        **fields: Any,
    ) -> None:
        """The shop holds a product with its variants, seen from both sides; `whole`: surely all."""
        if whole:
            self.live.children_complete.add(Address("product", code))
        rows = {name: {"code": name, **values} for name, values in variants.items()}
        self.have(f"product/{code}", children=rows, **fields)
        for name, values in variants.items():
            self.have(f"variant/{name}", product=code, **values)
