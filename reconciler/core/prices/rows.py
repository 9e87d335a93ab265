"""The rows of an export: one for each declared variant, in the order of the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.core.model.address import Address
from reconciler.core.model.desired import Desired
from reconciler.core.model.kind import Kind, Value
from reconciler.core.model.masked import is_masked, reveal, value_at
from reconciler.core.prices.columns import (
    AT_OUTLET,
    CODE,
    FROM,
    MODEL,
    OUTLET_PRICES,
    PRICE,
    PRICES,
    PRODUCT,
    Path,
)
from reconciler.core.prices.numbers import Amount
from reconciler.core.prices.sheet import REMOVE
from reconciler.core.prices.sheet_rows import known_outlets, variant_names

Field = str | Amount | None
"""The content of a cell; None for an empty one."""


@dataclass(slots=True)
class PriceRows:
    """The header and the rows of a price sheet."""

    header: list[str]
    rows: list[list[Field]] = field(default_factory=list)
    hidden: int = 0
    """Codes and prices that come from the environment: they are left out."""
    absent: list[Address] = field(default_factory=list)
    """Declared variants without live prices, because no list shows them."""
    failed: Mapping[Address, str] = field(default_factory=dict)
    """Declared variants that could not be read, and the reason."""


def list_rows(
    desired: Desired, kind: Kind, live: Mapping[str, Value | None] | None = None
) -> PriceRows:
    """Return the declared prices, or the `live` ones by code; a variant without any is left out."""
    objects = desired.objects.get(kind.name, {})
    outlets = known_outlets(desired, kind)
    for value in (live or {}).values():
        outlets |= {reveal(name) for name in (value or {}).get(OUTLET_PRICES, ())}
    paths: list[Path] = [(name,) for name in PRICES]
    paths += [(OUTLET_PRICES, outlet, PRICE) for outlet in sorted(outlets)]
    names = (*PRICES, *(AT_OUTLET + outlet for outlet in sorted(outlets)))
    found = PriceRows([CODE, PRODUCT, MODEL, *names, FROM])
    for code, declared in sorted(objects.items(), key=lambda item: (item[1].source, item[0])):
        if is_masked(code):
            found.hidden += 1
            continue
        value = declared.value if live is None else live.get(code)
        if value is None:
            found.absent.append(Address(kind.name, code))
            continue
        shown = variant_names(desired, kind, declared.value)
        prices = _prices(found, value, declared.value if live is not None else {}, paths)
        texts = ("" if is_masked(text) else text for text in shown.values())
        found.rows.append([code, *texts, *prices, None])
    return found


def _prices(found: PriceRows, value: Value, declared: Value, paths: Sequence[Path]) -> list[Field]:
    cells: list[Field] = []
    for path in paths:
        price: Any = value_at(value, path)
        if is_masked(price) or is_masked(value_at(declared, path)):
            found.hidden += 1
            price = None
        elif price is None and path[0] == OUTLET_PRICES and value_at(declared, path) is not None:
            price = REMOVE
        cells.append(price)
    return cells
