"""Parity: the values that the shops of a fleet declare differently."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Values = Mapping[str, Any]
"""Declared values by path, such as `unit_price` or `outlet_prices.Bandung.price`."""
Declarations = Mapping[str, Mapping[str, Values] | None]
"""Values by shop and address; None for a shop whose files could not be read."""

ABSENT = object()
"""Stands for an object or a field that a shop does not declare."""


@dataclass(frozen=True, slots=True)
class ParityRow:
    """One object or field that the shops do not declare alike."""

    address: str
    path: str
    """Empty for an object that only some shops declare."""
    values: Mapping[str, Any]
    """The value by shop: True or ABSENT for an object."""

    def usual(self) -> Any:
        """Return the value that most shops declare; the first of them where several do."""
        seen: list[tuple[Any, int]] = []
        for value in self.values.values():
            for index, (known, count) in enumerate(seen):
                if known is value or (known == value and ABSENT not in (known, value)):
                    seen[index] = (known, count + 1)
                    break
            else:
                seen.append((value, 1))
        return max(seen, key=lambda pair: pair[1])[0]

    def apart(self) -> dict[str, Any]:
        """Return the shops that differ from the usual value, each with its own."""
        usual = self.usual()
        return {name: value for name, value in self.values.items() if not _same(value, usual)}


@dataclass(frozen=True, slots=True)
class Parity:
    """The comparison of all shops of a fleet."""

    shops: tuple[str, ...]
    rows: tuple[ParityRow, ...]
    objects: int
    """Objects that at least one shop declares."""
    equal: int
    """Objects that all shops declare alike."""
    unread: tuple[str, ...] = ()
    """Shops whose files could not be read."""


def compare_shops(declared: Declarations, only: Collection[str] | None = None) -> Parity:
    """Return the rows in which shops differ; `only` narrows them to some addresses."""
    known = {name: objects for name, objects in declared.items() if objects is not None}
    addresses = sorted({address for objects in known.values() for address in objects})
    rows: list[ParityRow] = []
    compared = equal = 0
    for address in addresses:
        if only is not None and address not in only:
            continue
        found = list(_rows(address, {name: known[name].get(address) for name in known}))
        compared += 1
        equal += not found
        rows += found
    unread = tuple(name for name, objects in declared.items() if objects is None)
    return Parity(tuple(known), tuple(rows), compared, equal, unread)


def _rows(address: str, objects: Mapping[str, Values | None]) -> Iterator[ParityRow]:
    if any(values is None for values in objects.values()):
        shown = {n: ABSENT if values is None else True for n, values in objects.items()}
        yield ParityRow(address, "", shown)
    present = {name: values for name, values in objects.items() if values is not None}
    paths = dict.fromkeys(path for values in present.values() for path in values)
    for path in paths:
        values = {name: own.get(path, ABSENT) for name, own in present.items()}
        if not _all_same(list(values.values())):
            yield ParityRow(address, path, values)


def _all_same(values: Sequence[Any]) -> bool:
    return all(_same(value, values[0]) for value in values)


def _same(one: Any, two: Any) -> bool:
    if one is ABSENT or two is ABSENT:
        return one is two
    return bool(one == two) and isinstance(one, bool) == isinstance(two, bool)
