"""Findings that a plan only points out: codes that changed or look alike, uncompared fields.

The API renames no code (dealpos-api.md §14 #14), so a changed code is another object to it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from dealpos_reconciler.core.diff.births import REASONS
from dealpos_reconciler.core.diff.change import RENAMED, Action, Change, FieldChange
from dealpos_reconciler.core.diff.diff import differs_in_whitespace_only
from dealpos_reconciler.core.model.address import Address, join_some
from dealpos_reconciler.core.model.desired import Declared, Desired, references_of
from dealpos_reconciler.core.model.kind import Kind, Kinds, Value
from dealpos_reconciler.core.model.live import Live
from dealpos_reconciler.core.model.look_alike import (
    describe_difference,
    find_look_alikes,
    fold_key,
    spell_key,
)
from dealpos_reconciler.core.model.masked import Path, reveal_all
from dealpos_reconciler.core.plan.plan import PlanWarning

_LABELS = ("name", "model")
_MAX_NAMES = 5
_MAX_SHARING = 3


def note_listed_prices(changes: Iterable[Change], kinds: Kinds) -> Iterator[str]:
    """Yield a note on each pricebook that keeps a price of objects whose base price changes."""
    found: dict[str, list[str]] = {}
    for change in changes:
        kind, before, after = kinds[change.address.kind], change.before or {}, change.after or {}
        if kind.prices is None or not (listed := kind.listed_prices(before)):
            continue
        was, becomes = kind.prices(before)[""].price, kind.prices(after)[""].price
        for each in listed if None not in (was, becomes) and was != becomes else ():
            if each.price != becomes:
                terms = [f"{each.price:,}" if each.price else "", each.terms]
                shown = f" ({' '.join(filter(None, terms))})" if any(terms) else ""
                found.setdefault(each.source, []).append(f"{change.address}{shown}")
    for source, objects in found.items():
        yield (
            f"{source} has a price of its own, which the change of the base price does not touch: "
            f"{join_some(objects, _MAX_NAMES)}"
        )


def note_changed_codes(
    changes: Iterable[Change], desired: Desired, live: Live, kinds: Kinds
) -> Iterator[str]:
    """Return a note for each new object with exactly one unmanaged twin in the shop."""
    created = [change for change in changes if change.action is Action.CREATE]
    for kind in kinds.values():
        own = [change for change in created if change.address.kind == kind.name]
        if own and kind.retire and not kind.rename:
            twins = _find_undeclared(kind, desired, live)
            for change in own:
                found = twins.get(_likeness(kind, change.after or {}), [])
                same = fold_key(change.address.name)
                if len(found) != 1 or fold_key(found[0][0].name) == same:
                    continue  # a key that only looks like the old one is refused
                if _alike(kind, change.after or {}, found[0][1]):
                    yield _word_note(change.address, found[0][0], live, kinds)


def _find_undeclared(
    kind: Kind, desired: Desired, live: Live
) -> dict[tuple[str, ...], list[tuple[Address, Value]]]:
    """Return the live objects that no file declares for sale, by their likeness."""
    declared = desired.objects.get(kind.name, {})
    found: dict[tuple[str, ...], list[tuple[Address, Value]]] = {}
    for name, value in sorted(live.values_of(kind).items()):
        if name not in declared or declared[name].removed:
            twin = Address(kind.name, name), value
            found.setdefault(_likeness(kind, value), []).append(twin)
    return found


def _likeness(kind: Kind, value: Value) -> tuple[str, ...]:
    """Return the name that people use, and the parent."""
    labels = [str(value.get(name, "")) for name in _LABELS if name in kind.fields]
    return (*labels[-1:], str(value.get(kind.parent_kind or "", "")))


def _alike(kind: Kind, value: Value, other: Value) -> bool:
    """Return whether nothing that both show tells them apart, and there is a name to go by."""
    shared = [n for n in value if n in other and kind.fields[n].comparable]
    return bool(_likeness(kind, value)[0]) and all(value[n] == other[n] for n in shared)


def _word_note(new: Address, old: Address, live: Live, kinds: Kinds) -> str:
    users = [
        str(Address(kind.name, name))
        for kind in kinds.values()
        if kind.parent is None or kind.parent.kind != old.kind
        for name, state in live.iterate_observed(kind.name)
        if any(target == old for target, _ in references_of(kind, state.value))
    ]
    named = ", ".join(users[:_MAX_NAMES]) + (" …" if len(users) > _MAX_NAMES else "")
    left = f". Still refers to {old}: {named}" if users else ""
    return (
        f"{new} looks like {old} with a new code. The API cannot rename codes, so past sales and "
        f"stock stay with {old}{left}"
    )


EQUIVALENT = "differs only in white space or Unicode form"

UncomparedField = tuple[str, str, str]
"""The kind and the name of a field, and the reason why it is not compared."""


def find_uncompared_fields(
    kind: Kind, declared: Value, live: Value, kept: Container[Path]
) -> Iterator[UncomparedField]:
    """Yield the declared fields that are not compared; `kept` has those last written and known."""
    for name, value in declared.items():
        field = kind.fields[name]
        if (field.derived and (name,) in kept) or (field.write_only and name in live):
            continue  # a ledger knows what was written last
        if field.uncompared_reason:
            yield kind.name, name, field.uncompared_reason
        elif name not in live:
            if field.comparable and name != kind.parent_kind:
                yield kind.name, name, "the API does not return it for this shop"
        elif value != live[name] and differs_in_whitespace_only(kind, (name,), value, live[name]):
            yield kind.name, name, EQUIVALENT


def note_uncompared_fields(found: Mapping[UncomparedField, int]) -> Iterator[str]:
    """Yield a note for each field and reason, with the number of objects."""
    for (kind, name, reason), count in sorted(found.items()):
        how = ": treated as equal" if reason == EQUIVALENT else " cannot be checked for drift"
        objects = f"{count} object{'s' if count > 1 else ''}"
        yield f"{kind} `{name}`{how} ({objects}): {reason}"


def note_fractions(changes: Iterable[Change], kinds: Kinds) -> Iterator[str]:
    """Yield one note on the fractions of values that the API documents as integers.

    A shop may store, round or refuse them (dealpos-api.md §6, §7, §10, §13). A fraction
    that the shop has already is no question.
    """
    found: dict[Address, set[str]] = {}
    for change in changes:
        kind = kinds[change.address.kind]
        values: list[tuple[Path, Any, Any]]
        values = [((name,), None, value) for name, value in (change.after or {}).items()]
        if change.before is not None:
            values = [(field.path, field.before, field.after) for field in change.fields]
        for path, before, after in values:
            whole = kind.fields[path[0]].wire.codec.whole
            if not isinstance(before, Decimal) and (named := _find_fractions(path, after, whole)):
                found.setdefault(change.address, set()).update(named)
    if found:
        fields = ", ".join(f"`{name}`" for name in sorted(set().union(*found.values())))
        objects = f"{len(found)} object{'s' if len(found) > 1 else ''}"
        yield (
            f"{fields} with a fraction ({objects}): {join_some(sorted(found), _MAX_NAMES)}. "
            "The API documents whole numbers, so the shop may refuse or round them"
        )


def _find_fractions(path: Path, value: Any, whole: frozenset[str]) -> set[str]:
    """Return the names of the integers below `path` that are fractions."""
    if isinstance(value, Mapping):
        parts = (_find_fractions((*path, str(key)), part, whole) for key, part in value.items())
        return set().union(*parts)
    member = path[-1] if len(path) > 1 else ""
    is_fraction = isinstance(value, Decimal) and isinstance(reveal_all(value), Decimal)
    is_fraction = is_fraction and member in whole
    return {f"{path[0]}.{member}" if member else path[0]} if is_fraction else set()


def warn_of_look_alikes(desired: Desired, live: Live, kinds: Kinds) -> Iterator[PlanWarning]:
    """Yield a warning for each pair of live keys that look alike, of which one is declared.

    An article and its only variant often share a code: such a pair is named once.
    """
    named: set[tuple[str, str]] = set()
    for kind in sorted(kinds.values(), key=lambda kind: kind.parent is None):
        declared = desired.objects.get(kind.name, {})
        for group in find_look_alikes(live.names_of(kind)) if declared else ():
            for pair in pairwise(group):
                if pair not in named and not declared.keys().isdisjoint(pair):
                    named.add(pair)
                    one, two = pair
                    yield PlanWarning(
                        (Address(kind.name, one), Address(kind.name, two)),
                        f"{spell_key(one, two)} and {spell_key(two, one)} differ only in "
                        f"{describe_difference(one, two)}",
                    )


def explain_change(declared: Declared, action: Action, fields: Iterable[FieldChange]) -> str:
    """Return why an object changes."""
    reasons = {f.reason for f in fields if f.action is action and f.reason}
    told = "; ".join(sorted(reasons - {RENAMED}))
    if action is Action.REPLACE:
        return f"must be replaced: {told}"
    return "; ".join(filter(None, (declared.removed or REASONS[declared.interrupted], told)))


def explain_doubles(live: Live, kinds: Kinds) -> dict[Address, str]:
    """Return the live objects that share their name, or a value that should be unique, and why.

    The API finds an object by its name: of two it would change or delete either.
    """
    found = {}
    for kind in kinds.values():
        shared: dict[tuple[str, object], list[Address]] = {}
        unique = [field.name for field in kind.fields.values() if field.unique]
        for name, state in live.iterate_observed(kind.name):
            if live.doubles and (address := Address(kind.name, name)) in live.doubles:
                found[address] = (
                    f"the shop has two {kind.collection} with this {kind.identity}, and a request "
                    "could reach either. Delete one of them in DealPOS"
                )
            for field in unique:
                if value := state.value.get(field):
                    shared.setdefault((field, value), []).append(Address(kind.name, name))
        for (field_name, _), same in shared.items():
            for address in same if len(same) > 1 else ():
                # Thousands may share one value, so the first of them are looked at alone.
                shown = [other for other in same[: _MAX_SHARING + 1] if other != address]
                rest = len(same) - 1 - _MAX_SHARING
                others = ", ".join(map(str, shown[:_MAX_SHARING]))
                others += f" and {rest:,} more" if rest > 0 else ""
                found[address] = (
                    f"the shop has the same `{field_name}` for {others}. Correct one of them in "
                    "DealPOS"
                )
    return found
