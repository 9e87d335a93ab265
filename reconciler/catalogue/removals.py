"""`removed:` of the catalogue files: what is wanted out of the shop, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Required

from pydantic import Field
from typing_extensions import TypedDict

from reconciler.catalogue.directives import Directives
from reconciler.catalogue.parser import Node
from reconciler.core.model.address import Address, Source
from reconciler.core.model.desired import Declared, Removal
from reconciler.core.model.types import Code, Flag

REMOVED = "removed"
"""The key of a catalogue file that holds them."""


class Entry(TypedDict, total=False):
    """An object to remove."""

    address: Required[Annotated[Code, Field(description="`kind/name`, such as variant/1003S.")]]
    delete: Annotated[Flag, Field(description="Delete it; otherwise it is retired.")]


def removals(
    written: Directives, objects: Mapping[str, Mapping[str, Declared]]
) -> dict[Address, Removal]:
    """Every removal, each an address or a mapping; none may be declared, or be there twice."""
    found: dict[Address, Removal] = {}
    for given, source in written:
        entry = _entry(written, given, source)
        address = written.address(entry["address"], source) if entry else None
        if address is None or entry is None:
            continue
        declared = objects.get(address.kind, {}).get(address.name)
        if declared:
            place = f"{declared.source.file}:{declared.source.line}"
            hint = "take one of the two out"
            written.problem(source, f"{address} is removed here and declared at {place}", hint)
        elif address in found:
            first = found[address].source
            message = f"{address} is removed twice, first at {first.file}:{first.line}"
            written.problem(source, message, "keep one of the two")
        else:
            found[address] = Removal(source, entry.get("delete", False))
    return found


def _entry(written: Directives, given: Any, source: Source) -> Entry | None:
    if isinstance(given, str):
        given = {"address": given}
    elif not isinstance(given, Node):
        written.problem(source, "must be an address or a mapping", "write `- kind/name`")
        return None
    return written.entry(Entry, given, source)
