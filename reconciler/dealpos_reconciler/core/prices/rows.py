"""The rows of an export: one for each declared variant, in the order of the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dealpos_reconciler.core.dated import show
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Kind, Value
from dealpos_reconciler.core.model.masked import is_masked, reveal, value_at
from dealpos_reconciler.core.prices.columns import (
    AT_OUTLET,
    CODE,
    FROM,
    MODEL,
    OUTLET_PRICES,
    PRICE,
    PRICES,
    PRODUCT,
    UNTIL,
    Path,
)
from dealpos_reconciler.core.prices.numbers import Amount
from dealpos_reconciler.core.prices.sheet import REMOVE
from dealpos_reconciler.core.prices.sheet_rows import known_outlets, variant_names
from dealpos_reconciler.core.prices.steps import Held, Span, declared_value, list_held, span_now

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
    """Return the declared prices, or the `live` ones by code; a variant without any is left out.

    One row is one step: the prices of a variant that hold from the same day on.
    """
    outlets = known_outlets(desired, kind)
    for value in (live or {}).values():
        outlets |= {reveal(name) for name in (value or {}).get(OUTLET_PRICES, ())}
    paths: list[Path] = [(name,) for name in PRICES]
    paths += [(OUTLET_PRICES, outlet, PRICE) for outlet in sorted(outlets)]
    names = (*PRICES, *(AT_OUTLET + outlet for outlet in sorted(outlets)))
    found = PriceRows([CODE, PRODUCT, MODEL, *names, FROM, UNTIL])
    objects = desired.objects.get(kind.name, {})
    for code, declared in sorted(objects.items(), key=lambda item: (item[1].source, item[0])):
        if is_masked(code):
            found.hidden += 1
            continue
        address = Address(kind.name, code)
        if live is not None and live.get(code) is None:
            found.absent.append(address)
            continue
        names_shown = variant_names(desired, kind, declared.value).values()
        texts = ["" if is_masked(text) else text for text in names_shown]
        rows = _gather(found, desired, address, paths, (live or {}).get(code))
        for (start, end), cells in sorted(rows.items()):
            found.rows.append([code, *texts, *cells, show(start) or None, show(end) or None])
    if not any(row[-1] for row in found.rows):
        found.header.pop()
        found.rows = [row[:-1] for row in found.rows]
    return found


def _gather(
    found: PriceRows, desired: Desired, address: Address, paths: Sequence[Path], live: Value | None
) -> dict[Span, list[Field]]:
    """Return the prices of a variant by the span in which they hold."""
    declared = declared_value(desired, address)
    rows: dict[Span, list[Field]] = {}
    for index, path in enumerate(paths):
        price = value_at(declared, path)
        if is_masked(price) or (type(price) is tuple and is_masked([*price[1]])):
            found.hidden += 1
            continue
        held = list(list_held(price))
        if live is not None:
            shown = value_at(live, path)
            if shown is None and path[0] == OUTLET_PRICES:
                now = value_at(desired[address].value, path)
                shown = REMOVE if now is not None else None
            held = [Held(span_now(price, desired.schedule), shown)]
        for span, amount in held:
            rows.setdefault(span, [None] * len(paths))[index] = amount
    return rows or {("", ""): [None] * len(paths)}
