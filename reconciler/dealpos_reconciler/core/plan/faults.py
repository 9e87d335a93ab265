"""Names in the files that must mean something: declared, or live in the shop.

An unknown category in a product write would silently create it (dealpos-api.md §14 #4), so a name
that nobody knows stops the run at the line that holds it. A name that was applied before, and one
that the shop spells otherwise, is no mistake of the line: it blocks the object that holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from dealpos_reconciler.core.diff.change import FieldChange
from dealpos_reconciler.core.diff.rename import apply_renames, name_after_renames
from dealpos_reconciler.core.model.address import Address, join_some
from dealpos_reconciler.core.model.desired import (
    Desired,
    ancestors,
    referenced_names,
    references_of,
)
from dealpos_reconciler.core.model.kind import Kinds, Value
from dealpos_reconciler.core.model.live import ABSENT, Live, Observed
from dealpos_reconciler.core.model.look_alike import describe_difference, fold_key, spell_key
from dealpos_reconciler.core.model.masked import SecretText, reveal
from dealpos_reconciler.core.model.secret import AUTHORISES, tells_code
from dealpos_reconciler.errors import suggestion

MAX_NAMES = 3
"""Undeclared objects that a reason names."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in a declared object that cannot be: where inside it, what, and a way out."""

    address: Address
    path: tuple[str | int, ...]
    message: str
    hint: str | None = None
    is_drift: bool | None = False
    """True if the shop has changed, not the files: the object is blocked, and nothing else.

    None where that is not known: a renamed object and a mistyped name look the same.
    """

    @property
    def reason(self) -> str:
        """The reason for a blocked object."""
        message = self.message.removeprefix(f"{self.address} ")
        return f"{message}. {self.hint[0].upper()}{self.hint[1:]}" if self.hint else message


def explain_move(moved: FieldChange, desired: Desired) -> str:
    """Return why an object is blocked that the shop has inside another parent."""
    there = Address(moved.name, moved.before)
    way = f"Move its entry in the file to {there}"
    if desired.get(there) is None:
        way = f"Move its entry in the file there, after `reconciler adopt {there}`"
    return f"it belongs to {there} in the shop: {moved.reason}. {way}"


def _name_difference(name: str, spelling: str) -> str:
    if not isinstance(spelling, SecretText):
        return ""
    return f": they differ in {describe_difference(reveal(name), reveal(spelling))}"


def explain_spellings(desired: Desired, live: Live, kinds: Kinds) -> dict[Address, str]:
    """Return the declared objects that the shop answers under another spelling, with the reason."""
    return {
        address: f"not changed: {AUTHORISES}"
        if tells_code(address.name, spelling)
        else f"the shop spells the {kinds[address.kind].identity} "
        f"{spell_key(spelling, address.name)}, the file {spell_key(address.name, spelling)}. "
        f"Use the spelling of the shop in the file{_name_difference(address.name, spelling)}"
        for address, spelling in live.spellings.items()
        if desired.get(address)
    }


def find_renamed_away(
    desired: Desired,
    live: Live,
    kinds: Kinds,
    applied: Container[Address],
    is_allowed: Callable[[str, Address], bool],
) -> dict[Address, str]:
    """Return the objects that were applied before and may have another name in the shop now.

    That can be where the name is all that identifies an object, and the shop has one that no file
    declares. To create the declared one would make a second object of it, so each comes with the
    reason to block it. An exception from `restore` says that it was deleted.
    """
    found: dict[Address, str] = {}
    absent = (
        Address(kind, name)
        for kind, names in desired.objects.items()
        if kinds[kind].identity == "name"
        for name in names
        if live.get(Address(kind, name)) is ABSENT
    )
    for address in sorted(absent):  # what is above comes first
        kind = kinds[address.kind]
        others = sorted(live.names_of(kind) - desired.objects[kind.name].keys())
        above = next((a for a in ancestors(address, kinds) if a in found), None)
        if above:
            found[address] = f"{above} is blocked"
        elif others and address in applied and not is_allowed("restore", address):
            known = join_some([f"`{name}`" for name in others], MAX_NAMES)
            found[address] = (
                "it was applied before, and the shop does not have it any more: it was renamed or "
                f"deleted in DealPOS. No file declares {known}. If it was renamed, write the new "
                "name in the file; if not, remove it or add an exception from `restore`"
            )
    return found


def check_references(
    desired: Desired,
    live: Live,
    kinds: Kinds,
    applied: Mapping[Address, Value] | None = None,
    gone: Container[Address] = (),
) -> list[Fault]:
    """Return a fault for each reference to an object that is neither declared nor live.

    `applied` are the values that were applied last, where a ledger tells, `gone` are declared
    objects that must not be created. The shop has what it has under the names that declared renames
    give: a product left in the old category would create that again (dealpos-api.md §14 #4).
    """
    live, renames, _ = apply_renames(live, desired, kinds)
    if not any(
        (name not in desired.objects.get(kind, ()) or Address(kind, name) in gone)
        and not isinstance(live.get(Address(kind, name)), Observed)
        for kind, names_ in referenced_names(desired, kinds).items()
        for name in names_
    ):
        return []
    check = _Check(desired, live, kinds, renames, applied or {}, gone)
    for address, declared in desired:
        for target, path in references_of(kinds[address.kind], declared.value):
            is_declared = desired.get(target) is not None and target not in gone
            if not is_declared and not isinstance(live.get(target), Observed):
                check.add(address, target, path)
    return check.faults


@dataclass(slots=True)
class _Check:
    """The faults of references whose target is neither declared nor observed."""

    desired: Desired
    live: Live
    kinds: Kinds
    renames: Mapping[Address, str]
    applied: Mapping[Address, Value]
    gone: Container[Address]
    faults: list[Fault] = field(default_factory=list)
    told: set[tuple[str, str]] = field(default_factory=set)
    spellings: dict[str, dict[str, str]] = field(default_factory=dict)
    """The live names of a kind, by what looks like them."""

    def add(self, address: Address, target: Address, path: tuple[str | int, ...]) -> None:
        """Add the fault of one reference."""
        if spelling := self._find_spelling(target):
            message = f"refers to the {target.kind} {spell_key(target.name, spelling)}"
            hint = f"the shop spells it {spell_key(spelling, target.name)}: use the same spelling"
            self.faults.append(Fault(address, path, f"{address} {message}", hint, is_drift=True))
        elif self.live.get(target) is ABSENT:
            message = f"refers to the {target.kind} `{target.name}`, which does not exist"
            last = references_of(self.kinds[address.kind], self.applied.get(address, {}))
            is_drift = target in self.gone or any(target == named for named, _ in last) or None
            hint = self._find_way_out(address, target, is_drift)
            self.faults.append(Fault(address, path, f"{address} {message}", hint, is_drift))
        else:
            # One read error is told once, not at every line that names an object behind it.
            why = self.live.read_errors.get(target, "the response could not be read")
            if (target.kind, why) not in self.told:
                message = f"{address} refers to {target}, which could not be read: {why}"
                self.faults.append(Fault(address, path, message))
            if target in self.live.read_errors:
                self.told.add((target.kind, why))

    def _find_spelling(self, target: Address) -> str | None:
        """Return the live name that looks like the name of `target`; None without one."""
        if target in self.live.spellings:
            return self.live.spellings[target]
        if target.kind not in self.spellings:
            names = self.live.names_of(self.kinds[target.kind])
            self.spellings[target.kind] = {fold_key(name): name for name in names}
        return self.spellings[target.kind].get(fold_key(target.name))

    def _find_way_out(self, address: Address, target: Address, is_drift: bool | None) -> str:
        """Return a way out that makes no second object of one that was renamed in the shop."""
        now = name_after_renames(target, self.renames, self.kinds)
        hint = _suggest(target, now, self.desired, self.live)
        if is_drift or hint.startswith("declare"):
            return _settle(address, target, self.live, self.kinds) or hint
        return hint


def _settle(address: Address, target: Address, live: Live, kinds: Kinds) -> str | None:
    """Return the hint on a live object whose reference differs from the files."""
    state = live.get(address)
    if not isinstance(state, Observed):
        return None
    named = [known for known, _ in references_of(kinds[address.kind], state.value)]
    if target in named:
        return f"remove the reference to {target} from the file"
    return f"if it was renamed in DealPOS, run `reconciler adopt {address}` to take the live value"


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
            written = [(r, found) for f, r in own if (found := declared.value.get(f))]
            inside: set[str] = set()
            for reference, value in written:
                reference.collect([value], inside)
            inside.discard(name)
            if inside:
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
