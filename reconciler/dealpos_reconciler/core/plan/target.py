"""Partial plans: select some declared objects, with all that they depend on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from dealpos_reconciler.core.model.address import Address, join_some
from dealpos_reconciler.core.model.desired import Declared, Desired, ancestors, references_of
from dealpos_reconciler.core.model.kind import Kinds
from dealpos_reconciler.errors import UsageError, suggestion

MAX_NAMES = 10
"""Objects that the note on a partial plan names."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Addresses, or patterns of them with `*`, `?` and `[…]`, and kinds; empty means all."""

    targets: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Return whether anything is left out."""
        return bool(self.targets or self.kinds)


def narrow_desired(desired: Desired, scope: Scope, kinds: Kinds) -> tuple[Desired, str]:
    """Return the declared objects in `scope`, and a sentence about their dependencies.

    What an object refers to, its parents and what is nested in it go with it, as far as the files
    declare them. Raises UsageError for a target that names nothing, by itself or of the `kinds`.
    """
    asked = set(_find_asked(desired, scope))
    nested = set(_find_nested(desired, asked, scope, kinds))
    if scope.targets and not asked | nested:
        raise UsageError(
            f"no target is of the kind {' or '.join(scope.kinds)}",
            hint="select by target or by kind",
        )
    included: set[Address] = set()
    waiting = asked | nested
    while waiting:
        included |= waiting
        waiting = {
            needed
            for address in waiting
            for needed in find_needed(address, desired, kinds)
            if desired.get(needed) is not None
        } - included
    objects: dict[str, dict[str, Declared]] = {}
    for address in sorted(included):
        if declared := desired.get(address):
            objects.setdefault(address.kind, {})[address.name] = declared
    total = sum(map(len, desired.objects.values()))
    extra = sorted(included - asked - nested)
    note = f"Partial plan: {len(asked | nested):,} of {total:,} objects"
    if extra:
        note += f" (plus {len(extra):,} they depend on: {join_some(extra, MAX_NAMES)})"
    # Of what a partial plan does not look at, nothing is undeclared: no scope is pruned.
    removals = {a: removal for a, removal in desired.removals.items() if a in asked}
    return Desired(objects, desired.allowances, removals), note


def _find_asked(desired: Desired, scope: Scope) -> Iterator[Address]:
    known = [*(address for address, _ in desired), *desired.removals]
    unmet = dict.fromkeys(scope.targets)
    for address in known:
        name = str(address)
        matched = [p for p in scope.targets if name == p or fnmatchcase(name, p)]
        for pattern in matched:
            unmet.pop(pattern, None)
        if (matched or not scope.targets) and (not scope.kinds or address.kind in scope.kinds):
            yield address
    if unmet:
        strange = next(iter(unmet))
        close = suggestion(strange, [str(address) for address in known])
        raise UsageError(
            f"no declared object matches `{strange}`",
            hint=close or "an address is kind/name, such as variant/1003L or category/Drinks/*",
        )


def _find_nested(
    desired: Desired, asked: set[Address], scope: Scope, kinds: Kinds
) -> Iterator[Address]:
    """Yield the objects nested in those that are asked for by name."""
    for kind_name in scope.kinds or kinds:
        for name, declared in desired.objects.get(kind_name, {}).items():
            if kinds[kind_name].parent_address(declared.value) in asked:
                yield Address(kind_name, name)


def find_needed(address: Address, desired: Desired, kinds: Kinds) -> Iterator[Address]:
    """Yield a declared object, all that it refers to, its parent, and the paths above these."""
    if declared := desired.get(address):
        named = (target for target, _ in references_of(kinds[address.kind], declared.value))
        for target in (address, *named):
            yield target
            yield from ancestors(target, kinds)
