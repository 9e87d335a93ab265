"""Live objects to entries that the loader takes and that read back as the shop has them.

What a file cannot hold is left out with its reason: a plan after an import is empty. A key that is
not written is not managed, so what is left out is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from dealpos_reconciler.catalogue.problems import RENAME, explain_all, kind_adapter, nested_shapes
from dealpos_reconciler.catalogue.writing.edit import Unwritable
from dealpos_reconciler.catalogue.writing.results import FieldDrift, Skipped
from dealpos_reconciler.catalogue.writing.yaml_text import GONE, YamlEntry, texts
from dealpos_reconciler.core.diff.diff import keep_declared_members
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Declared, Desired, references_of
from dealpos_reconciler.core.model.kind import Kind, Value
from dealpos_reconciler.core.model.live import Live, Observed
from dealpos_reconciler.core.model.look_alike import match_spellings, spell_key
from dealpos_reconciler.core.model.masked import SecretText, is_masked
from dealpos_reconciler.core.plan.faults import find_cycles
from dealpos_reconciler.kinds import MANAGED

CHANGE = "Change it in DealPOS to declare it"
"""The way out for a value that a file cannot hold."""

Pick = Callable[[Address], bool]
_FROM_ENVIRONMENT = "contains a value from the environment: declare it with `${NAME}`"


@dataclass(slots=True)
class Exportable:
    """The objects that can be declared, by kind and name, and those that are skipped."""

    desired: Desired
    """Objects that are already declared."""
    values: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    personal_data: bool = False
    """True if personal data is to be written."""
    discreet: list[Address] = field(default_factory=list)
    """Objects whose personal data was left out."""
    secret: list[Address] = field(default_factory=list)
    """Undeclared objects whose identity is a secret, so that no file may hold them."""
    above: dict[Address, Address] = field(default_factory=dict)
    """The parent of each nested object."""
    beside: dict[Address, list[YamlEntry]] = field(default_factory=dict)
    """Entries that belong inside an object that is already declared, by that object."""

    def skip(self, address: Address, reason: str, name: str | None = None) -> None:
        """Leave out an object, or one field of it, for a reason."""
        self.skipped.append(Skipped(address, reason, name))

    def drop(self, address: Address, name: str, reason: str) -> None:
        """Leave out a field; an unset one without a word."""
        if not is_unset(self.values[address.kind][address.name].pop(name)):
            self.skip(address, reason, name)


def select_exportable(
    live: Live,
    chosen: Iterable[str],
    desired: Desired,
    fresh: Pick,
    personal_data: bool,
) -> Exportable:
    """Return the observed objects of `chosen` that are `fresh` and that a file can hold."""
    found = Exportable(desired, personal_data=personal_data)
    for kind in sorted((MANAGED[n] for n in chosen), key=lambda k: (k.parent is not None, k.name)):
        _gather(found, kind, live, fresh)
        _skip_spelled(found, kind, live)
        _drop_masked(found, kind)
        _keep_valid(found, kind)
        _keep_consistent(found, kind)
    for kind_name in found.values:
        _keep_resolved(found, MANAGED[kind_name], live)
    _drop_cycles(found)
    return found


def _gather(found: Exportable, kind: Kind, live: Live, fresh: Pick) -> None:
    table = found.values.setdefault(kind.name, {})
    for name, state in sorted(live.iterate_observed(kind.name)):
        address = Address(kind.name, name)
        if isinstance(name, SecretText):
            _leave_out(found, kind, address, fresh)
            continue
        if not fresh(address):
            continue
        above: Value | None = None
        if kind.parent:
            owner = Address(kind.parent.kind, state.value.get(kind.parent.kind, ""))
            held = owner.name in found.values.get(owner.kind, {}) or found.desired.get(owner)
            if not held:
                why = f"{owner} is not in any file"
                if not owner.name:
                    why = f"the API does not return the {owner.kind} that it belongs to"
                found.skip(address, why)
                continue
            found.above[address] = owner
            parent = live.get(owner)
            above = parent.value if isinstance(parent, Observed) else None
        table[name] = exportable_fields(kind, state.value, above)
        if kind.is_private and not found.personal_data:
            _drop_personal_data(found, kind, address)


def _leave_out(found: Exportable, kind: Kind, address: Address, fresh: Pick) -> None:
    """Leave out an object whose name is under a mask, unless it is declared."""
    if kind.secret:
        found.secret += [address] if found.desired.get(address) is None else []
    elif fresh(address):
        found.skip(address, f"its name {_FROM_ENVIRONMENT}")


def _drop_personal_data(found: Exportable, kind: Kind, address: Address) -> None:
    value = found.values[kind.name][address.name]
    personal = [name for name in value if kind.fields[name].private]
    if not all([is_unset(value.pop(name)) for name in personal]):
        found.discreet.append(address)


def _skip_spelled(found: Exportable, kind: Kind, live: Live) -> None:
    """Skip objects that a file declares under another spelling: beside it they would be two."""
    declared, table = found.desired.objects.get(kind.name, {}), found.values[kind.name]
    for name, other in match_spellings(declared, live.names_of(kind)).items():
        if table.pop(name, None):
            why = f"a file declares {spell_key(other, name)}: use this spelling there"
            found.skip(Address(kind.name, name), why)


def _drop_masked(found: Exportable, kind: Kind) -> None:
    for name, value in found.values[kind.name].items():
        for key in [key for key, held in value.items() if is_masked(held)]:
            found.drop(Address(kind.name, name), key, f"it {_FROM_ENVIRONMENT}")


def _keep_valid(found: Exportable, kind: Kind) -> None:
    """Keep the values that the model accepts and reads as the live ones."""
    table = found.values[kind.name]
    failing: dict[Address, dict[str, str]] = {}
    try:
        kind_adapter(kind).validate_python([texts(value) for value in table.values()])
    except ValidationError as error:
        addresses = [Address(kind.name, name) for name in table]
        for wrong in explain_all(error, lambda at: (), kind.fields):
            bad = failing.setdefault(addresses[wrong.entry], {})
            bad.setdefault(str(wrong.path[0]), wrong.message)
    for address, bad in failing.items():
        if kind.identity in bad:
            del table[address.name]
            found.skip(address, f"{bad[kind.identity]}. {RENAME}")
            continue
        for field_name, reason in bad.items():
            found.drop(address, field_name, f"{reason}. {CHANGE}")
    back = kind_adapter(kind).validate_python([texts(value) for value in table.values()])
    for (name, value), again in zip(list(table.items()), back, strict=True):
        for key in [key for key in value if again[key] != value[key]]:
            found.drop(Address(kind.name, name), key, f"a file cannot hold this value. {CHANGE}")


def _keep_consistent(found: Exportable, kind: Kind) -> None:
    """Keep the values that pass the rules of their kind."""
    if kind.validate is None:
        return
    for name, value in found.values[kind.name].items():
        while complaint := next(iter(kind.validate(value)), None):
            path, reason = complaint
            found.drop(Address(kind.name, name), str(path[0]), reason)


def _keep_resolved(found: Exportable, kind: Kind, live: Live) -> None:
    """Keep the references to objects in the shop; skip objects that refer to an unread one."""
    table = found.values[kind.name]
    for name, value in list(table.items()):
        address = Address(kind.name, name)
        for target, path in list(references_of(kind, value)):
            state = live.get(target)
            if isinstance(state, Observed) or found.desired.get(target) or path[0] not in value:
                continue
            if state is None:
                del table[name]
                found.skip(address, f"it refers to {target}, which was not read")
                break
            found.drop(address, str(path[0]), f"it refers to {target}, which is not in the shop")


def _drop_cycles(found: Exportable) -> None:
    """Remove the references by which an object would contain itself."""
    while faults := find_cycles(_with_exported(found), MANAGED):
        fault = faults[0]
        if fault.address.name not in found.values.get(fault.address.kind, {}):
            return  # among what the files declare already: theirs to mend
        found.drop(fault.address, str(fault.path[0]), fault.message)


def _with_exported(found: Exportable) -> Desired:
    objects = {name: dict(known) for name, known in found.desired.objects.items()}
    for name, values in found.values.items():
        objects.setdefault(name, {}).update(
            (code, Declared(value, Source("", 0, 0))) for code, value in values.items()
        )
    return replace(found.desired, objects=objects)


def exportable_fields(kind: Kind, value: Value, above: Value | None = None) -> dict[str, Any]:
    """Return the fields of a live object that a file can hold, in the order of its model.

    `above` is the parent's value: what repeats it unless a file says otherwise is left out.
    """
    offered = kind.comparable_fields
    follows = kind.parent.follows if kind.parent else {}
    found = {kind.identity: value[kind.identity]}
    for name in kind.fields:
        repeated = above and name in follows and value.get(name) == above.get(follows[name])
        if name in offered and name in value and not repeated:
            found[name] = _without_unset(kind, name, value[name])
    return found


def is_unset(value: Any) -> bool:
    """Return whether a value counts as unset: null, "", 0, false, [] or {}."""
    return value in ([], {}, None, "", 0)


def _without_unset(kind: Kind, name: str, value: Any) -> Any:
    """Return a keyed map without the members that are not set."""
    if not isinstance(value, Mapping):
        return value
    shapes = nested_shapes(kind.model, name)
    required = shapes[0].__required_keys__ if shapes else ()
    return {
        key: {k: v for k, v in entry.items() if k in required or not is_unset(v)}
        if isinstance(entry, Mapping)
        else entry
        for key, entry in sorted(value.items())
    }


def file_value(kind: Kind, take: FieldDrift) -> Any:
    """Return a live value as a file holds it; GONE where the key has to be removed."""
    value = take.live
    if isinstance(value, Mapping):
        whole = exportable_fields(kind, {kind.identity: take.address.name, take.field: value})
        members = keep_declared_members(value, take.declared)
        declared = {key: entry for key, entry in members.items() if key in take.declared}
        value = {**whole[take.field], **declared}
    node = {kind.identity: take.address.name, take.field: texts(value)}
    try:
        (again,) = kind_adapter(kind).validate_python([node])
    except ValidationError:
        if is_unset(take.live):
            return GONE
        why = f"a file cannot hold the value that the shop has. {CHANGE}"
        raise Unwritable(why) from None
    return again[take.field]
