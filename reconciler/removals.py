"""`removed:` of the catalogue files: what is wanted out of the shop, by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Required

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from reconciler.core.kind import Kinds
from reconciler.core.state import Address, Declared, Removal, Source
from reconciler.core.types import Code, Flag
from reconciler.document import Node
from reconciler.errors import Problem, suggestion
from reconciler.files import Files
from reconciler.validation import explain

REMOVED = "removed"
"""The key of a catalogue file that holds them."""


class Entry(TypedDict, total=False):
    """An object to remove."""

    address: Required[Annotated[Code, Field(description="`kind/name`, such as variant/1003S.")]]
    delete: Annotated[Flag, Field(description="Delete it; otherwise it is retired.")]


def _keys(path: tuple[str | int, ...]) -> list[str]:
    return sorted(Entry.__annotations__)


@cache
def entries() -> TypeAdapter[Any]:
    """What validates the entries; made when there are some."""
    return TypeAdapter(list[Entry], config=ConfigDict(extra="forbid"))


class Removals:
    """Gathers the entries of every file, each an address or a mapping; problems are collected."""

    def __init__(self, kinds: Kinds, files: Files, problems: list[Problem]) -> None:
        self.kinds = kinds
        self.files = files
        self.problems = problems
        self._found: list[tuple[Any, Source]] = []

    def gather(self, items: list[Any], shown: str, owner: Node) -> None:
        """Take in the entries of one file."""
        start = Source(shown, owner.line, owner.column)
        for index, entry in enumerate(items):
            place = self.files.locate(start, (REMOVED, index))
            if isinstance(entry, Node):
                place = Source(shown, entry.line, entry.column)
            self._found.append((entry, place))

    def validate(self, objects: Mapping[str, Mapping[str, Declared]]) -> dict[Address, Removal]:
        """Every removal; none may be declared, or be there twice."""
        found: dict[Address, Removal] = {}
        for written, source in self._found:
            entry = self._entry(written, source)
            address = self._address(entry, source) if entry else None
            if address is None or entry is None:
                continue
            declared = objects.get(address.kind, {}).get(address.name)
            if declared:
                place = f"{declared.source.file}:{declared.source.line}"
                hint = "take one of the two out"
                self._problem(source, f"{address} is removed here and declared at {place}", hint)
            elif address in found:
                first = found[address].source
                message = f"{address} is removed twice, first at {first.file}:{first.line}"
                self._problem(source, message, "keep one of the two")
            else:
                found[address] = Removal(source, entry.get("delete", False))
        return found

    def _entry(self, written: Any, source: Source) -> Entry | None:
        node = {"address": written} if isinstance(written, str) else written
        if not isinstance(node, Mapping):
            self._problem(source, "must be an address or a mapping", "write `- kind/name`")
            return None
        try:
            (entry,) = entries().validate_python([node])
        except ValidationError as error:
            for found in error.errors(include_url=False):
                path = tuple(found["loc"][1:])
                message, hint = explain({**found, "loc": path}, _keys, True)
                place = self.files.locate(source, path, key=found["type"] == "extra_forbidden")
                self._problem(place, message, hint)
            return None
        found_: Entry = entry
        return found_

    def _address(self, entry: Entry, source: Source) -> Address | None:
        kind, slash, name = entry["address"].partition("/")
        place = self.files.locate(source, ("address",))
        if not slash or not name:
            hint = "write kind/name, such as variant/1003S"
            self._problem(place, f"`{entry['address']}` is no address", hint)
        elif kind not in self.kinds:
            hint = suggestion(kind, self.kinds) or f"kinds: {', '.join(sorted(self.kinds))}"
            self._problem(place, f"there is no kind `{kind}`", hint)
        else:
            return Address(kind, name)
        return None

    def _problem(self, place: Source, message: str, hint: str) -> None:
        self.problems.append(Problem(*place, f"{REMOVED}: {message}", hint))
