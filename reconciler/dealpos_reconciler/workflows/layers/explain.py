"""The stack of one object: each field, its value, its place, and what it overrides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dealpos_reconciler.catalogue.files import Files
from dealpos_reconciler.catalogue.settings import load
from dealpos_reconciler.core.layers.stack import Part, keyed_fields
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.core.model.live import Live
from dealpos_reconciler.core.model.masked import reveal, value_at
from dealpos_reconciler.core.plan.labels import Labels
from dealpos_reconciler.core.prices.steps import Held, declared_value, list_held
from dealpos_reconciler.errors import UsageError, suggestion
from dealpos_reconciler.kinds import KINDS, MANAGED
from dealpos_reconciler.workflows.dates.instant import NOW, find_instant
from dealpos_reconciler.workflows.open_shop import read_files

_NOTHING = object()


class LayerValue(NamedTuple):
    """The value of a field in one layer."""

    value: Any
    source: Source


class FieldStack(NamedTuple):
    """One field of an object: the value that holds, and those that it overrides."""

    path: tuple[str, ...]
    value: Any
    """None where no step of a dated field holds."""
    source: Source
    is_default: bool
    """The value is one of `defaults`: no entry of the object has the field."""
    steps: tuple[Held, ...]
    """The steps of a dated field."""
    overrides: tuple[LayerValue, ...]
    """The values of layers below, the nearest first."""


class ObjectStack(NamedTuple):
    """An object with all of its fields."""

    address: Address
    label: str | None
    fields: tuple[FieldStack, ...]


def explain_object(folder: Path, written: str, at: str = NOW) -> ObjectStack:
    """Return the stack of an object as of a day or a time. Raises UsageError for an unknown one."""
    settings = load(folder)
    instant = None if at == NOW else find_instant(at, settings.timezone)[1]
    desired = read_files(settings, at=instant)
    files = Files(settings.root)
    address = _find(desired, written, files)
    fields = tuple(_stacks(desired, address, files))
    return ObjectStack(address, Labels(desired, Live(), KINDS).get(address), fields)


def _find(desired: Desired, written: str, files: Files) -> Address:
    for address, _ in desired:
        if written in (str(address), f"{address.kind}/{reveal(address.name)}"):
            return address
    for address, source in (
        *((a, removal.source) for a, removal in desired.removals.items()),
        *desired.taken_out.items(),
    ):
        if written == str(address):
            source = files.locate(source, ())
            raise UsageError(f"{source.file}:{source.line} takes {address} out")
    hint = suggestion(written, [str(address) for address, _ in desired])
    raise UsageError(
        f"no file declares `{written}`",
        hint=hint or "an address is kind/name, such as variant/1003L",
    )


def _stacks(desired: Desired, address: Address, files: Files) -> Iterator[FieldStack]:
    kind, declared = MANAGED[address.kind], desired[address]
    known = declared_value(desired, address)
    parts: Sequence[Part] = getattr(declared.source, "parts", ()) or (Part(declared.source, known),)
    defaults = desired.default_places.get(kind.name, {})
    for name in kind.fields:
        if name not in known or name in (kind.identity, kind.parent_kind):
            continue
        for path in _paths(kind, name, known[name]):
            said = [
                LayerValue(value, files.locate(part.source, path))
                for part in reversed(parts)
                if (value := value_at(part.value, path, _NOTHING)) is not _NOTHING
            ]
            if not said or (len(parts) == 1 and _is_default(files, parts[0].source, path)):
                said = [LayerValue(None, files.locate(defaults[name], (kind.name, *path)))]
            dated = value_at(known, path)
            steps = tuple(list_held(dated)) if isinstance(dated, tuple) else ()
            value, source = value_at(declared.value, path), said[0].source
            yield FieldStack(path, value, source, said[0].value is None, steps, tuple(said[1:]))


def _paths(kind: Kind, name: str, value: Any) -> Iterator[tuple[str, ...]]:
    """Yield the ways to the values of a field: to each member of the entries of a map."""
    if name not in keyed_fields(kind) or not value:
        yield (name,)
        return
    for key, entry in value.items():
        members: Sequence[str] = list(entry) if isinstance(entry, Mapping) else ()
        yield from ((name, key, member) for member in members)


def _is_default(files: Files, source: Source, path: tuple[str, ...]) -> bool:
    """Return whether an entry of one layer does not hold a field that the object has."""
    return files.locate(source, path[:1]) == files.locate(source, ())
