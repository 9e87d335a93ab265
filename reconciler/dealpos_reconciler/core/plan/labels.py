"""Labels: the names that people call objects by, shown beside their addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Kind, Kinds, Value
from dealpos_reconciler.core.model.live import Live

MAX_LABEL_CHARACTERS = 60


class Labels(Mapping[Address, str]):
    """The labels of all declared and live objects, each made when it is asked for.

    Declared values come before live ones. A kind with private data has no labels.
    """

    def __init__(self, desired: Desired, live: Live, kinds: Kinds) -> None:
        self._desired = desired
        self._live = live
        self._kinds = kinds
        self._seen: dict[str, Mapping[str, Value]] = {}

    def __getitem__(self, address: Address) -> str:
        """Return the label of an object; raises KeyError where it has none."""
        kind = self._kinds.get(address.kind)
        if kind is None or kind.label is None:
            raise KeyError(address)
        value = self._value(address)
        parent = kind.parent_address(value)
        label = str(kind.label(value, self._value(parent) if parent else {}))
        if not label:
            raise KeyError(address)
        return label if len(label) <= MAX_LABEL_CHARACTERS else label[:MAX_LABEL_CHARACTERS] + "…"

    def __iter__(self) -> Iterator[Address]:
        """Yield every address that has a label."""
        for kind in self._kinds.values():
            names = {
                *self._desired.objects.get(kind.name, ()),
                *self._values_of(kind),
            }
            yield from (a for name in sorted(names) if (a := Address(kind.name, name)) in self)

    def __len__(self) -> int:
        """Return how many objects have a label."""
        return sum(1 for _ in self)

    def _value(self, address: Address) -> Value:
        declared = self._desired.get(address)
        seen = self._values_of(self._kinds[address.kind]).get(address.name, {})
        return {**seen, **(declared.value if declared else {})}

    def _values_of(self, kind: Kind) -> Mapping[str, Value]:
        if kind.name not in self._seen:
            self._seen[kind.name] = self._live.values_of(kind)
        return self._seen[kind.name]
