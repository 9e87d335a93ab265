"""Composites that are sold while one of their components is retired."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Kind, Value
from dealpos_reconciler.guardrails.guardrail import Guardrail, PlanContext, RuleFinding


@dataclass(frozen=True, slots=True)
class Rule(Guardrail):
    """A composite in use with a retired component, by a change of either."""

    in_files = "error"

    def check(self, context: PlanContext) -> Iterator[RuleFinding]:
        """Yield one finding for each pair, at the change that makes it so."""
        for kind in context.kinds.values():
            if any(own.kind == kind.name for _, marks in kind.referring_fields for own in marks):
                for whole in _find_touched(kind, context):
                    yield from self._of(whole, kind, context)

    def _of(self, whole: Address, kind: Kind, context: PlanContext) -> Iterator[RuleFinding]:
        if (value := context.sold_value(whole)) is None:
            return
        before = context.before(whole)
        old = set(_parts(kind, before)) if context.in_use(whole, before) else set()
        for field, name in _parts(kind, value):
            part = Address(kind.name, name)
            if not _gone(part, context.after(part), context):
                continue
            if part in context.changes and context.in_use(part, context.before(part)):
                message = f"it is retired or deleted, but {whole} stays in use and contains it"
                yield RuleFinding(message, part, (kind.retire,))
            elif whole in context.changes and (field, name) not in old:
                message = f"it contains {part}, which is retired"
                yield RuleFinding(message, whole, (field, name))


def _find_touched(kind: Kind, context: PlanContext) -> Iterable[Address]:
    """Return the objects to check: changed ones, or all of them where something retires."""
    changed = [address for address in context.changes if address.kind == kind.name]
    retiring = any(
        context.in_use(a, context.before(a)) and not context.in_use(a, context.after(a))
        for a in changed
    )
    return context.known_addresses(kind) if retiring else changed


def _parts(kind: Kind, value: Value | None) -> Iterator[tuple[str, str]]:
    for field, references in kind.referring_fields:
        for reference in references:
            if reference.kind == kind.name and value and field in value:
                yield from ((field, name) for name, _ in reference.targets(value[field]))


def _gone(part: Address, after: Value | None, context: PlanContext) -> bool:
    """Return whether a part is retired, or deleted by the plan; what was not read is not known."""
    return part in context.changes if after is None else not context.in_use(part, after)
