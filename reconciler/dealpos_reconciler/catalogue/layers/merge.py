"""Merge the objects of layers: the same address in a later layer is a patch of the object."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from dealpos_reconciler.catalogue.entries import FileObject
from dealpos_reconciler.catalogue.layers.directives import OMIT
from dealpos_reconciler.catalogue.layers.layered import Layers
from dealpos_reconciler.core.layers.stack import Part, merge_values, stack_parts
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.kind import Kind, Value
from dealpos_reconciler.core.model.look_alike import fold_key, index_spellings
from dealpos_reconciler.core.model.masked import value_at
from dealpos_reconciler.errors import suggestion
from dealpos_reconciler.kinds import MANAGED

MAX_SUGGESTIONS = 20
"""Names that the closest one is looked for of: in a large catalogue that takes a while."""


def merge_kind(layers: Layers, kind: Kind, entries: Sequence[FileObject]) -> list[FileObject]:
    """Return one entry for each object; a parent's kind must be merged before others."""
    merging = _KindMerge(layers, kind)
    first = bisect_right(entries, 0, key=lambda entry: layers.index[entry.source.file])
    if not merging.begin_plain(entries[:first]):
        first = 0
    layer = 0 if first else -1
    for entry in entries[first:]:
        while layer < layers.index[entry.source.file]:
            layer += 1
            merging.take_out(layer)
        if entry.valid is not None:
            merging.add(layer, entry)
    for index in range(layer + 1, layers.count):
        merging.take_out(index)
    return merging.finish()


class _KindMerge:
    """The objects of one kind while they are merged."""

    def __init__(self, layers: Layers, kind: Kind) -> None:
        self.layers = layers
        self.kind = kind
        self.problems = layers.problems
        self.open: dict[str, FileObject] = {}
        """The objects as far as they are merged."""
        self.parts: dict[str, list[Part]] = {}
        """The parts of objects of several layers."""
        self.last: dict[str, int] = {}
        """The last layer that declares each object; those of the first layer alone are left out."""
        self.bare: set[str] = set()
        """Objects that the last layer only names, to hold nested ones."""
        self.advised = 0
        self.gaps: list[FileObject] = []
        """Objects with entries of maps that another layer may complete."""
        self.spellings: dict[str, str] | None = None
        """The objects of the layers below, by what look-alikes share."""
        self._above = MANAGED[kind.parent.kind].identity if kind.parent else ""
        layers.open[kind.name] = self.open

    def take_out(self, layer: int) -> None:
        """Take out what a layer omits or removes, with what is nested in it."""
        layers, kind = self.layers, self.kind
        self.spellings = None
        omitted, removed = layers.omitted[layer], layers.removed[layer]
        taken = {**{a: removal.source for a, removal in removed.items()}, **omitted}
        for address, source in taken.items():
            if address.kind != kind.name:
                continue
            if address.name in self.open:
                self._close(address, source)
            elif address in omitted:
                self._refuse_omission(address, source)
        if kind.parent and any(address.kind == kind.parent.kind for address in taken):
            for name, entry in list(self.open.items()):
                if (owner := self._owner(entry)) in taken:
                    self._close(Address(kind.name, name), taken[owner])

    def _close(self, address: Address, source: Source) -> None:
        del self.open[address.name]
        self.parts.pop(address.name, None)
        self.layers.taken_out[address] = source
        self.layers.begin.pop(address, None)

    def _refuse_omission(self, address: Address, source: Source) -> None:
        if taken_out := self.layers.taken_out.get(address):
            first = self.problems.files.locate(taken_out, ())
            hint = f"{first.file}:{first.line} takes it out already"
        else:
            hint = suggestion(address.name, self.open.keys()) or "remove the entry"
        message = f"{OMIT}: {address} is in no layer below"
        self.problems.add(source, ("address",), message, hint)

    def begin_plain(self, entries: Sequence[FileObject]) -> bool:
        """Add the objects of the first layer where each is whole; return whether they are."""
        identity, needed = self.kind.identity, frozenset(self.layers.lacking(self.kind, {}))
        found = {
            value[identity]: entry
            for entry in entries
            if (value := entry.valid) and needed <= value.keys() and not entry.gaps
        }
        if len(found) < len(entries) or self.layers.omitted[0] or self.layers.removed[0]:
            return False
        self.open.update(found)
        return True

    def add(self, layer: int, entry: FileObject) -> None:
        """Add an object of a layer: a new one, or a patch of one below."""
        assert entry.valid is not None
        name = entry.valid[self.kind.identity]
        if entry.gaps:
            self.gaps.append(entry)
        below = self.open.get(name)
        if below is None:
            self._begin(layer, name, entry)
        elif self.last.get(name, 0) == layer and not self._is_bare(name, entry):
            self._refuse_second(name, entry)
        elif below.owner.get(self._above) != entry.owner.get(self._above):
            self._refuse_move(name, below, entry)
        else:
            self._patch(layer, name, below, entry)

    def _begin(self, layer: int, name: str, entry: FileObject) -> None:
        address = Address(self.kind.name, name)
        if layer:
            self._check_new(layer, address, entry)
        elif not entry.is_broken:
            for lacking in self.layers.lacking(self.kind, entry.valid or {}):
                message = f"{address}: `{lacking}` is missing"
                hint = "the first layer that has an object must declare all that a new one needs"
                self.problems.add(entry.source, (self.kind.identity,), message, hint)
        self._note(layer, name, entry)
        self.open[name] = entry
        if layer:
            self.layers.begin[address] = layer
        self.layers.taken_out.pop(address, None)

    def _patch(self, layer: int, name: str, below: FileObject, entry: FileObject) -> None:
        assert below.valid is not None
        assert entry.valid is not None
        parts = self.parts.setdefault(name, [Part(below.source, below.valid)])
        parts.append(Part(entry.source, entry.valid))
        self._note(layer, name, entry)
        if _only_names(entry):
            return
        merged = merge_values(self.kind, below.valid, entry.valid)
        was = below.was if entry.was is None else entry.was
        self.open[name] = FileObject(
            below.node, below.source, below.owner, was, merged, below.dated or entry.dated
        )

    def _note(self, layer: int, name: str, entry: FileObject) -> None:
        """Remember the last layer that declares an object."""
        if not _only_names(entry):
            self.bare.discard(name)
        elif self.last.get(name) != layer:
            self.bare.add(name)
        self.last[name] = layer

    def _check_new(self, layer: int, address: Address, entry: FileObject) -> None:
        """Report an object that looks like a patch, and that no layer below has."""
        owner = self._owner(entry)
        if owner in self.layers.faulty:
            self.layers.faulty.add(address)
            return
        needs = " and ".join(
            f"`{name}`" for name in self.layers.lacking(self.kind, entry.valid or {})
        )
        if owner and (begin := self.layers.begin_of(owner)) is not None and begin < layer:
            needs = ", and ".join(filter(None, [needs, *self._find_nameless(entry.valid or {})]))
        like = self._find_look_alike(address.name)
        if entry.is_broken or not (needs or like):
            return
        self.layers.faulty.add(address)
        message = f"{address} is in no layer below"
        if found := self.layers.taken_out.get(address):
            taken_out = self.problems.files.locate(found, ())
            message += f": {taken_out.file}:{taken_out.line} takes it out"
        self.problems.add(
            entry.source, (self.kind.identity,), message, self._advise(address, like, needs)
        )

    def _advise(self, address: Address, like: str | None, needs: str) -> str | None:
        if like:
            return f"did you mean `{like}`?"
        self.advised += 1
        close = None
        if self.advised <= MAX_SUGGESTIONS:
            faulty = self.layers.faulty
            below = [name for name in self.open if Address(self.kind.name, name) not in faulty]
            close = suggestion(address.name, below)
        need = f"new {self.kind.name} needs {needs}"
        return f"{close} A {need}" if close else f"a {need}"

    def _find_look_alike(self, name: str) -> str | None:
        """Return the object of a layer below whose name people take for this one."""
        if self.spellings is None:
            self.spellings = index_spellings(self.open)
        return self.spellings.get(fold_key(name))

    def _find_nameless(self, value: Value) -> Iterator[str]:
        """Yield the fields of which one must tell a new object from others of its parent."""
        if (label := self.kind.label) and not label(value, {}):
            yield " or ".join(f"`{name}`" for name in self.kind.fields if label({name: "x"}, {}))

    def _is_bare(self, name: str, entry: FileObject) -> bool:
        """Return whether one of two entries of a layer only names the object."""
        return name in self.bare or _only_names(entry)

    def _refuse_second(self, name: str, entry: FileObject) -> None:
        parts = self.parts.get(name)
        first = parts[-1].source if parts else self.open[name].source
        message = f"{self.kind.name}/{name} is declared twice in this layer"
        hint = f"keep one of the two; the first is at {first.file}:{first.line}"
        self.problems.add(entry.source, (self.kind.identity,), message, hint)

    def _refuse_move(self, name: str, below: FileObject, entry: FileObject) -> None:
        place = f"{below.source.file}:{below.source.line}"
        message = (
            f"{self.kind.name}/{name} belongs to {self._owner(below)} in a layer below: {place}"
        )
        hint = f"write it inside of {self._owner(below)}"
        self.problems.add(entry.source, (self.kind.identity,), message, hint)

    def _owner(self, entry: FileObject) -> Address | None:
        """Return the object that an entry stands in."""
        if self.kind.parent is None:
            return None
        above = self.kind.parent.kind
        return Address(above, entry.owner.get(MANAGED[above].identity, ""))

    def finish(self) -> list[FileObject]:
        """Return the merged objects, with the places of their parts."""
        for name, parts in self.parts.items():
            self.open[name].source = stack_parts(parts)
        for entry in self.gaps:
            self._check_gaps(entry)
        return [*self.open.values()]

    def _check_gaps(self, entry: FileObject) -> None:
        """Report what an entry of a map lacks in its own layer, and in the others too."""
        assert entry.valid is not None
        name = entry.valid[self.kind.identity]
        if (merged := self.open.get(name)) is None:
            return
        for gap in entry.gaps:
            if value_at(merged.valid, tuple(map(str, gap.path))) is None:
                message = f"{self.kind.name}/{name}: {gap.message}"
                self.problems.add(entry.source, gap.path, message, gap.hint)


def _only_names(entry: FileObject) -> bool:
    """Return whether an entry says nothing of an object but its identity."""
    return entry.was is None and entry.valid is not None and len(entry.valid) == 1
