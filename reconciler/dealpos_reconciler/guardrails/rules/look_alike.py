"""New keys that people, spreadsheets or scanners take for the key of another object."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dealpos_reconciler.core.diff.change import Action, Change
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.core.model.look_alike import (
    describe_difference,
    find_look_alikes,
    find_shortened,
    is_shortened,
    spell_key,
)
from dealpos_reconciler.guardrails.guardrail import Guardrail, PlanContext, RuleFinding


@dataclass(frozen=True, slots=True)
class Rule(Guardrail):
    """A new object whose key looks like another's, or holds what nobody can see.

    Keys look alike that differ only in white space, letter case, Unicode form, invisible
    characters, leading zeros, or in a number with an exponent. So do letters of another alphabet.
    """

    in_files = "warning"

    def check(self, context: PlanContext) -> Iterator[RuleFinding]:
        """Yield one finding for each new object; an article and its variant of one key are one."""
        told: set[str] = set()
        for kind in sorted(context.kinds.values(), key=lambda kind: kind.parent is None):
            new = {c.address.name: c for c in context.plan.changes if _has_new_key(c, kind)}
            if new:
                yield from _find(kind, new, context, told)


def _has_new_key(change: Change, kind: Kind) -> bool:
    is_new = change.renamed_from or (change.action is Action.CREATE and not change.replaces)
    return bool(is_new) and change.address.kind == kind.name


def _find(
    kind: Kind, new: Mapping[str, Change], context: PlanContext, told: set[str]
) -> Iterator[RuleFinding]:
    known = {a.name for a in context.known_addresses(kind) if context.after(a) is not None}
    groups: dict[str, list[str]] = {}
    for group in find_look_alikes(known):
        for name in group:
            groups.setdefault(name, []).extend(group)
    for name, change in sorted(new.items()):
        # Of two new ones that look alike, the second is the one to explain.
        others = [n for n in groups.get(name, ()) if n != name and (n not in new or n < name)]
        message = _compare(name, others[0], new, context, kind) if others else _read(name, known)
        if message and name not in told:
            told.add(name)
            yield RuleFinding(message, change.address, (kind.identity,))


def _compare(
    name: str, other: str, new: Mapping[str, Change], context: PlanContext, kind: Kind
) -> str:
    """Return how a new key differs from another, where that is, and what to do."""
    difference = describe_difference(name, other)
    differs = f"{spell_key(name, other)} differs only in {difference} from {spell_key(other, name)}"
    declared = context.desired.get(Address(kind.name, other))
    if other in new and declared:
        place = f"{declared.source.file}:{declared.source.line}"
        return f"{differs}, which is declared too ({place}). Keep one of the two"
    return f"{differs}, which is in the shop. Write it as the shop has it"


def _read(name: str, known: set[str]) -> str | None:
    """Return what is wrong with a new key by itself; None for nothing."""
    if is_shortened(name):
        meant = " or ".join(map(spell_key, sorted(find_shortened(name, known))))
        meant = f" for {meant}" if meant else ""
        return f"a spreadsheet writes `{name}`{meant}. Write all digits of the code"
    if (spelled := spell_key(name)).startswith('"'):
        return f"{spelled} has white space or a character that cannot be seen"
    return None
