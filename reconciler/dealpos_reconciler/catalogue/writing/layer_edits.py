"""Choose the layer that an edit of an object goes to: the last one that declares what changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

from dealpos_reconciler.catalogue.layers.folders import Layer
from dealpos_reconciler.catalogue.writing.edit import Unwritable
from dealpos_reconciler.core.dated import has_steps
from dealpos_reconciler.core.layers.stack import Part
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Declared, Desired
from dealpos_reconciler.errors import UsageError


class FieldEdit(NamedTuple):
    """The value of a field in one layer; without a place, in an entry that the layer gets."""

    source: Source | None
    value: Any


def find_layer(layers: Sequence[Layer], name: str) -> Layer:
    """Return the layer that a name means: a path of the settings, or the end of one alone.

    Raises UsageError for any other name.
    """
    exact = [layer for layer in layers if name in (layer.name, layer.folder)]
    short = [layer for layer in layers if layer.folder.rpartition("/")[2] == name]
    for found in (exact, short):
        if len(found) == 1:
            return found[0]
    listed = ", ".join(layer.name for layer in layers)
    hint = f"the layers are {listed}" if layers else "list folders under `layers` first"
    raise UsageError(f"reconciler.yaml lists no layer `{name}`", hint=hint)


def list_parts(declared: Declared) -> Sequence[Part]:
    """Return the parts of an object, one for each layer that declares it."""
    parts: Sequence[Part] = getattr(declared.source, "parts", ())
    return parts or (Part(declared.source, declared.value),)


def place_in(declared: Declared, folder: str) -> Source | None:
    """Return the place of an object in one layer; None where the layer does not declare it."""
    sources = [part.source for part in list_parts(declared)]
    return next((s for s in sources if s.file.startswith(f"{folder}/")), None)


def find_common_file(desired: Desired, kind: str, folder: str) -> str | None:
    """Return the file of a layer with the most objects of a kind; None for a layer without any."""
    places = (place_in(d, folder) for d in desired.objects.get(kind, {}).values())
    files = Counter(source.file for source in places if source)
    return min(files, key=lambda name: (-files[name], name)) if files else None


def assign_edits(declared: Declared, name: str, wanted: Any, *, is_gone: bool) -> list[FieldEdit]:
    """Return the edits that give a field the value `wanted`, each in the layer that declares it."""
    parts = list_parts(declared)
    holders = [part for part in parts if name in part.value] or [parts[-1]]
    if len(holders) == 1:
        return [FieldEdit(holders[0].source, wanted)]
    if is_gone:
        raise Unwritable(f"the shop has no value, and several layers declare one: {_list(holders)}")
    if not isinstance(wanted, Mapping) or not isinstance(declared.value[name], Mapping):
        return [FieldEdit(holders[-1].source, wanted)]
    if any(has_steps({name: part.value[name]}) for part in holders):
        raise Unwritable(f"it has steps in several layers: {_list(holders)}")
    return _split_entries(holders, name, wanted, declared.value[name])


def assign_to_layer(
    address: Address, declared: Declared, name: str, wanted: Any, layers: Sequence[Layer], to: Layer
) -> FieldEdit:
    """Return the edit that gives a field the value `wanted` in one layer.

    Raises Unwritable where a later layer declares the field, or no layer up to this one the object.
    """
    index = {layer.folder: number for number, layer in enumerate(layers)}
    parts, target = list_parts(declared), index[to.folder]
    at = [next(index[f] for f in index if p.source.file.startswith(f"{f}/")) for p in parts]
    if at[0] > target:
        raise Unwritable(f"`{to.name}` is below the first layer that has {address}")
    for part, number in zip(parts, at, strict=True):
        if number > target and name in part.value:
            raise Unwritable(f"a later layer declares it: {part.source.file}:{part.source.line}")
    if isinstance(wanted, Mapping) and isinstance(held := declared.value.get(name), Mapping):
        if held.keys() - wanted.keys():
            raise Unwritable("an entry has to go, which a later layer cannot take out")
        in_layer = [p.value for p, number in zip(parts, at, strict=True) if number == target]
        own: Mapping[str, Any] = in_layer[0].get(name, {}) if in_layer else {}
        changed = {key: entry for key, entry in wanted.items() if entry != held.get(key)}
        wanted = {**own, **changed}
    return FieldEdit(place_in(declared, to.folder), wanted)


def _split_entries(
    parts: Sequence[Part], name: str, wanted: Mapping[str, Any], held: Mapping[str, Any]
) -> list[FieldEdit]:
    """Return the edits of a map whose entries stand in several layers."""
    made = [deepcopy(dict(part.value[name])) for part in parts]
    changed = set[int]()
    for key in {*held, *wanted}:
        having = [i for i, part in enumerate(parts) if key in part.value[name]]
        if key not in wanted:
            if len(having) > 1:
                places = _list([parts[i] for i in having])
                raise Unwritable(f"several layers declare the entry `{key}`: {places}")
            del made[having[0]][key]
            changed.add(having[0])
        elif wanted[key] != held.get(key):
            changed |= _change_entry(made, having, key, wanted[key], held.get(key, {}))
    return [FieldEdit(parts[i].source, made[i]) for i in sorted(changed)]


def _change_entry(
    made: Sequence[dict[str, Any]],
    having: Sequence[int],
    key: str,
    wanted: Mapping[str, Any],
    held: Mapping[str, Any],
) -> set[int]:
    """Change the members of one entry in the last layers that have them; return these."""
    last = having[-1] if having else len(made) - 1
    changed = set[int]()
    for member in {*held, *wanted}:
        if wanted.get(member) == held.get(member):
            continue
        places = [i for i in having if member in made[i][key]]
        if member not in wanted:
            raise Unwritable(f"`{key}` has to lose `{member}`: edit it by hand")
        at = places[-1] if places else last
        made[at].setdefault(key, {})[member] = wanted[member]
        changed.add(at)
    return changed


def _list(parts: Sequence[Part]) -> str:
    return ", ".join(f"{part.source.file}:{part.source.line}" for part in parts)
