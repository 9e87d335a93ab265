"""The sections of layer files that hold no objects: `omit:` and `defaults:`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Required

from typing_extensions import TypedDict

from dealpos_reconciler.catalogue.entries import HiddenCodes
from dealpos_reconciler.catalogue.files import SETTINGS_FILE, Problems
from dealpos_reconciler.catalogue.problems import validate_entry
from dealpos_reconciler.catalogue.reading.node import Node
from dealpos_reconciler.catalogue.sections import Entries, parse_address, read_defaults
from dealpos_reconciler.core.marks import WithJsonSchema
from dealpos_reconciler.core.model.address import Address, Source

OMIT = "omit"
"""The key of a layer's file that holds the objects of layers below to leave out."""
DEFAULTS = "defaults"
"""The key of a layer's file, and of the settings, that holds values for what objects leave out."""
LAYER_KEYS = (OMIT, DEFAULTS)

_Text = Annotated[str, WithJsonSchema({"type": ["string", "number"], "minLength": 1})]


def hint_on_layer_key(key: str) -> str | None:
    """Return the hint on a key that only the files of layers can have; None for another key."""
    if key == OMIT:
        return (
            f"it belongs in a file of a layer: list the folders under `layers` in {SETTINGS_FILE}"
        )
    return f"it belongs in {SETTINGS_FILE}, or in a file of a layer" if key == DEFAULTS else None


class OmitEntry(TypedDict, total=False):
    """An object of a layer below that this shop does not declare."""

    address: Required[_Text]
    """`kind/name`. Example: `variant/1003S`."""


def read_omissions(
    entries: Entries, codes: HiddenCodes, problems: Problems
) -> dict[Address, Source]:
    """Return the places of the objects that one layer omits; one that is named twice is a problem.

    A code that is secret has `secret: true` beside it, as under `removed:`.
    """
    found: dict[Address, Source] = {}
    for given, source in entries:
        if isinstance(given, Node):
            given = codes.conceal_removed(given, source)
            entry = validate_entry(OmitEntry, given, source, problems, f"{OMIT}: ")
            given = given["address"] if entry else None
        elif not isinstance(given, str):
            problems.add(source, (), f"{OMIT}: must be an address", "write `- kind/name`")
            continue
        address = parse_address(OMIT, given, source, problems) if given else None
        if address in found:
            first = problems.files.locate(found[address], ())
            message = f"{OMIT}: {address} is omitted twice, first at {first.file}:{first.line}"
            problems.add(source, (), message, "keep one of the two")
        elif address:
            found[address] = source
    return found


def merge_defaults(
    layers: Sequence[Sequence[tuple[Node, Source]]],
    own: Mapping[str, Mapping[str, Any]],
    problems: Problems,
    found: dict[str, dict[str, Source]],
) -> dict[str, dict[str, Any]]:
    """Return the defaults of all layers: a later one wins, and `own` of the settings is last.

    `found` is filled with the places of those that a layer has.
    """
    merged: dict[str, dict[str, Any]] = {}
    for sections in layers:
        places: dict[tuple[str, str], Source] = {}
        for node, source in sections:
            for kind, values in read_defaults(node, problems, source.file).items():
                for name in values:
                    first = places.setdefault((kind, name), source)
                    if first is not source:
                        place = f"{first.file}:{first.line}"
                        message = f"`{DEFAULTS}.{kind}.{name}` is set twice in this layer"
                        hint = f"keep one of the two; the first is in the section at {place}"
                        problems.add(source, (kind, name), message, hint)
                merged.setdefault(kind, {}).update(values)
                found.setdefault(kind, {}).update(dict.fromkeys(values, source))
    for kind, values in own.items():
        merged.setdefault(kind, {}).update(values)
    return merged
