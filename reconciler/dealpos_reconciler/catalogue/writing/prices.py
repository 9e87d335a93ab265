"""Prices with steps, as a sheet has them: steps are added and changed where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from dealpos_reconciler.catalogue.syntax import YamlNode
from dealpos_reconciler.catalogue.writing.edit import Edits, Unwritable
from dealpos_reconciler.catalogue.writing.layer_edits import list_parts
from dealpos_reconciler.catalogue.writing.writeback import CatalogueFile, Writeback
from dealpos_reconciler.catalogue.writing.yaml_text import flow
from dealpos_reconciler.core.dated import FROM, UNTIL, VALUE, resolve, show
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.field import find_needed_members
from dealpos_reconciler.core.model.masked import value_at
from dealpos_reconciler.core.prices.columns import OUTLET_PRICES, Path
from dealpos_reconciler.core.prices.steps import Held, list_held
from dealpos_reconciler.kinds import MANAGED

_ELSEWHERE = "its value has an anchor that others use, or is written elsewhere behind one"


def write_prices(
    back: Writeback, address: Address, known: Mapping[str, Any], prices: Mapping[Path, Any]
) -> None:
    """Write some prices of a variant, of which `known` is all that the files declare.

    None takes the price of an outlet out. Raises Unwritable.
    """
    after: dict[str, Any] = dict(known)
    outlets = dict(known.get(OUTLET_PRICES, {}))
    for path, price in prices.items():
        if path[0] != OUTLET_PRICES:
            after[path[0]] = price
        elif price is None:
            del outlets[path[1]]
        else:
            outlets[path[1]] = {**outlets.get(path[1], {}), path[2]: price}
        after |= {OUTLET_PRICES: outlets} if path[0] == OUTLET_PRICES else {}
    order = tuple(MANAGED[address.kind].fields)
    written = set[str]()
    for path, price in prices.items():
        if price is None:
            _refuse_several(back, address, path[1])
        file, place = _locate(back, address, path, known)
        own = place.pair(path[0])
        with file.edits.all_or_nothing():
            if path[0] == OUTLET_PRICES and (own is None or not own.value.pairs):
                # A map without entries: all of it is written at once.
                if path[0] not in written:
                    file.edits.set_key(place, path[0], _typed_outlets(outlets), order)
                    written.add(path[0])
            else:
                _write_price(file.edits, place, path, (value_at(known, path), price), order)
    schedule = back.desired.schedule
    assert schedule is not None
    needed = find_needed_members(MANAGED[address.kind].model)
    back.intended_steps[address] = after
    back.intended[address] = resolve(after, needed, schedule.at, schedule.zone)


def _locate(
    back: Writeback, address: Address, path: Path, known: Mapping[str, Any]
) -> tuple[CatalogueFile, YamlNode]:
    """Return the file and the mapping of the last layer that declares a value.

    Raises Unwritable where that is not the layer to write to.
    """
    declared = back.desired[address]
    source = declared.source.place_of(path)
    if path[0] not in known:
        source = list_parts(declared)[-1].source
    if back.layer and not source.file.startswith(f"{back.layer.folder}/"):
        raise Unwritable(f"another layer declares it: {source.file}:{source.line}")
    file = back.file(source.file)
    return file, back.find_object(file, source)


def _refuse_several(back: Writeback, address: Address, outlet: str) -> None:
    """Raise Unwritable for a price that a lower layer would still declare."""
    parts = list_parts(back.desired[address])
    if sum(outlet in part.value.get(OUTLET_PRICES, ()) for part in parts) > 1:
        raise Unwritable("several layers declare it")


def _write_price(
    edits: Edits, place: YamlNode, path: Path, sides: tuple[Any, Any], order: tuple[str, ...]
) -> None:
    former, price = sides
    if len(path) == 1:
        owner, keys = place, order
    else:
        own = place.pair(path[0])
        if own is None or own.value.sort != "map" or own.value.anchors() & edits.aliases:
            raise Unwritable(_ELSEWHERE)
        owner, keys = own.value, ()
        if price is None:
            edits.remove_key(owner, path[1])
            return
        entry = owner.pair(path[1])
        if entry is None:
            edits.set_key(owner, path[1], {path[2]: typed_price(price)})
            return
        if entry.value.sort != "map":
            raise Unwritable(_ELSEWHERE)
        owner = entry.value
    held = owner.pair(path[-1])
    if type(former) is tuple and type(price) is tuple and held and held.value.sort == "list":
        _write_steps(edits, owner, path[-1], former, price)
    else:
        edits.set_key(owner, path[-1], typed_price(price), keys)


def _write_steps(edits: Edits, owner: YamlNode, key: str, former: Any, price: Any) -> None:
    """Change the steps that differ, and add those that are new; no step goes."""
    own = owner.pair(key)
    assert own is not None
    if own.value.anchors() & edits.aliases:
        raise Unwritable(_ELSEWHERE)
    steps, index = list(list_held(former)), 0
    for held in list_held(price):
        if index == len(steps) or steps[index].span[0] != held.span[0]:
            _insert_step(edits, own.value, index, flow(_typed_step(held), inside=own.value.flow))
            continue
        item = own.value.items[index]
        if steps[index].span != held.span and item.sort == "map":
            edits.set_key(item, UNTIL, _typed_day(held.span[1]), (FROM, UNTIL, VALUE))
        elif steps[index].span != held.span:
            edits.set_step(owner, (key,), index, _typed_step(held))
        if steps[index].amount != held.amount and (item.sort == "map" or held.span == ("", "")):
            edits.set_step(owner, (key,), index, held.amount)
        index += 1


def _insert_step(edits: Edits, place: YamlNode, index: int, text: str) -> None:
    """Add a step before that with the index, on the line of the list or on its own."""
    first, before = place.items[0], place.items[index - 1]
    if first.anchor and not index:
        raise Unwritable(_ELSEWHERE)
    dash = edits.text.rfind("-", 0, first.start)
    line = edits.text.rfind("\n", 0, dash) + 1
    indent = edits.text[line:dash]
    if place.flow:
        at, new = (before.end, f", {text}") if index else (first.start, f"{text}, ")
    elif index:
        at = edits.text.find("\n", before.end)
        at = len(edits.text) if at < 0 else at - (edits.text[at - 1] == "\r")
        new = f"{edits.newline}{indent}- {text}"
    else:
        at, new = line, f"{indent}- {text}{edits.newline}"
    edits.changes.append((at, at, len(edits.changes), new))


def typed_price(price: Any) -> Any:
    """Return a price as it is written: one with steps as a list of them."""
    return [*map(_typed_step, list_held(price))] if type(price) is tuple else price


def _typed_step(held: Held) -> Any:
    bounds = zip((FROM, UNTIL), held.span, strict=True)
    span = {key: _typed_day(written) for key, written in bounds if written}
    return {**span, VALUE: held.amount} if span else held.amount


def _typed_day(written: str) -> Any:
    return show(written) if "T" in written else date.fromisoformat(written)


def _typed_outlets(outlets: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {
        outlet: {key: typed_price(inner) for key, inner in entry.items()}
        for outlet, entry in outlets.items()
    }
