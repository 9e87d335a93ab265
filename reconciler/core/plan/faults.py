"""Names in the files that must mean something: declared, or live in the shop.

An unknown category in a product write would silently create it (dealpos-api.md §14 #4), so a name
that nobody knows stops the run at the line that holds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from reconciler.core.diff.rename import apply_renames, name_after_renames
from reconciler.core.model.address import Address
from reconciler.core.model.desired import Desired, referenced_names, references_of
from reconciler.core.model.kind import Kinds
from reconciler.core.model.live import ABSENT, Live, Observed
from reconciler.errors import suggestion


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in a declared object that cannot be: where inside it, what, and a way out."""

    address: Address
    path: tuple[str | int, ...]
    message: str
    hint: str | None = None


def check_references(desired: Desired, live: Live, kinds: Kinds) -> list[Fault]:
    """Return a fault for each reference to an object that is neither declared nor live.

    The shop has what it has under the names that declared renames give: a product that is left in
    the old category would create that again (dealpos-api.md §14 #4).
    """
    live, renames, _ = apply_renames(live, desired, kinds)
    faults: list[Fault] = []
    if not any(
        name not in desired.objects.get(kind, ())
        and not isinstance(live.get(Address(kind, name)), Observed)
        for kind, names_ in referenced_names(desired, kinds).items()
        for name in names_
    ):
        return faults
    told: set[tuple[str, str]] = set()
    for address, declared in desired:
        for target, path in references_of(kinds[address.kind], declared.value):
            state = live.get(target)
            if isinstance(state, Observed) or desired.get(target):
                continue
            if state is ABSENT:
                message = f"refers to the {target.kind} `{target.name}`, which does not exist"
                hint = _suggest(target, name_after_renames(target, renames, kinds), desired, live)
                faults.append(Fault(address, path, f"{address} {message}", hint))
                continue
            # One read error is told once, not at every line that names an object behind it.
            why = live.read_errors.get(target, "the response could not be read")
            if (target.kind, why) not in told:
                message = f"{address} refers to {target}, which could not be read: {why}"
                faults.append(Fault(address, path, message))
            if target in live.read_errors:
                told.add((target.kind, why))
    return faults


def _suggest(target: Address, now: str, desired: Desired, live: Live) -> str:
    """Return a way out for a reference to `target`, which is called `now` if it is renamed."""
    known = {
        *desired.objects.get(target.kind, {}),
        *(n for n, _ in live.iterate_observed(target.kind)),
    }
    if now in known:
        return f"it is renamed to `{now}`"
    if close := suggestion(target.name, known):
        return close
    if target.kind in desired.objects:
        return f"declare the {target.kind} in the files"
    listed = ", ".join(sorted(known)[:8])
    return f"the shop has: {listed}" if listed else f"the shop has no {target.kind}"


def find_cycles(desired: Desired, kinds: Kinds) -> list[Fault]:
    """Return a fault for objects that contain themselves through others, such as composites."""
    graph: dict[Address, set[Address]] = {}
    for kind_name, objects in desired.objects.items():
        own = [
            (field_name, reference)
            for field_name, references in kinds[kind_name].referring_fields
            for reference in references
            if reference.kind == kind_name
        ]
        for name, declared in objects.items() if own else ():
            inside: set[str] = set()
            for field_name, reference in own:
                if field_name in declared.value:
                    reference.collect(declared.value[field_name], inside)
            if inside := inside - {name}:
                graph[Address(kind_name, name)] = {Address(kind_name, n) for n in inside}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [_cycle(error.args[1], desired, kinds)]
    return []


def _cycle(loop: list[Address], desired: Desired, kinds: Kinds) -> Fault:
    # graphlib lists each object after what contains it; the first is repeated at the end.
    first, second, *_ = containers = loop[::-1]
    references = references_of(kinds[first.kind], desired[first].value)
    path = next(path for target, path in references if target == second)
    chain = " contains ".join(f"`{address.name}`" for address in containers)
    return Fault(first, path, f"{first} contains itself: {chain}", "remove one of them")
