"""The keys `allow:` and `removed:` of catalogue files: exceptions from guardrails, and removals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Required, TypeVar

from pydantic import Field, StringConstraints
from typing_extensions import TypedDict

from reconciler.catalogue.files import Problems
from reconciler.catalogue.parser import Node
from reconciler.catalogue.problems import validate_entry
from reconciler.catalogue.syntax import Steps
from reconciler.core.model.address import Address, Source
from reconciler.core.model.desired import Allowance, Declared, Removal
from reconciler.core.model.types import Code, Day, Flag
from reconciler.errors import suggestion
from reconciler.guardrails.rules import RULES
from reconciler.kinds import MANAGED

ALLOW = "allow"
"""The key of a catalogue file that holds exceptions from guardrails."""
REMOVED = "removed"
"""The key of a catalogue file that holds the addresses of objects to remove."""

_Shape = TypeVar("_Shape", bound=Mapping[str, Any])


class AllowEntry(TypedDict, total=False):
    """A reviewed exception from a guardrail; without an address, for the whole plan."""

    rule: Required[Code]
    address: Code
    reason: Required[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]]
    until: Required[Day]


class RemovedEntry(TypedDict, total=False):
    """An object to remove."""

    address: Required[Annotated[Code, Field(description="`kind/name`, such as variant/1003S.")]]
    delete: Annotated[Flag, Field(description="Delete it; otherwise it is retired.")]


class Directives:
    """The entries under one key in every file, each with its place; problems are collected."""

    def __init__(self, key: str, problems: Problems) -> None:
        self.key = key
        self.problems = problems
        self.entries: list[tuple[Any, Source]] = []

    def add_entries(self, items: list[Any], top: Source) -> None:
        """Add the entries of the file whose top mapping is at `top`."""
        for index, written in enumerate(items):
            if isinstance(written, Node):
                place = written.source(top.file)
            else:
                place = self.problems.files.locate(top, (self.key, index))
            self.entries.append((written, place))

    def validate(self, shape: type[_Shape], written: Node, source: Source) -> _Shape | None:
        """Return the entry in its shape, or None where a value of it is wrong."""

        def complain(name: str, message: str, hint: str | None, is_key: bool) -> None:
            self.add_problem(source, message, hint, (name,), key=is_key)

        return validate_entry(shape, written, complain)

    def parse_address(self, written: str, source: Source) -> Address | None:
        """Return the address that an entry names, or None where it is not a valid one."""
        kind, slash, name = written.partition("/")
        if not slash or not name:
            hint = "write kind/name, such as variant/1003L"
            self.add_problem(source, f"`{written}` is not a valid address", hint, ("address",))
        elif kind not in MANAGED:
            hint = suggestion(kind, MANAGED) or f"kinds: {', '.join(sorted(MANAGED))}"
            self.add_problem(source, f"unknown kind `{kind}`", hint, ("address",))
        else:
            return Address(kind, name)
        return None

    def add_problem(
        self, source: Source, message: str, hint: str | None, path: Steps = (), *, key: bool = False
    ) -> None:
        """Add a problem of the entry at `source`."""
        self.problems.add(source, path, f"{self.key}: {message}", hint, key=key)


def read_allowances(written: Directives) -> tuple[Allowance, ...]:
    """Return every exception from a guardrail, in file order."""
    found = (_allowance(written, node, source) for node, source in written.entries)
    return tuple(allowance for allowance in found if allowance)


def _allowance(written: Directives, node: Any, source: Source) -> Allowance | None:
    if not isinstance(node, Node):
        message = f"an entry of `{ALLOW}` must be a mapping"
        written.problems.add(source, (), message, "write `- {rule: …, until: …}`")
        return None
    rule, address = node.get("rule"), node.get("address")
    if isinstance(rule, str) and rule not in RULES:
        hint = suggestion(rule, RULES) or f"guardrails: {', '.join(RULES)}"
        written.add_problem(source, f"unknown guardrail `{rule}`", hint, ("rule",))
    meant = written.parse_address(address, source) if isinstance(address, str) else None
    entry = written.validate(AllowEntry, node, source)
    if entry is None:
        return None
    return Allowance(entry["rule"], entry["reason"], entry["until"], source, meant)


def read_removals(
    written: Directives, objects: Mapping[str, Mapping[str, Declared]]
) -> dict[Address, Removal]:
    """Return every removal by address.

    An object that is also declared, or removed twice, is a problem.
    """
    found: dict[Address, Removal] = {}
    for given, source in written.entries:
        entry = _removed_entry(written, given, source)
        address = written.parse_address(entry["address"], source) if entry else None
        if address is None or entry is None:
            continue
        declared = objects.get(address.kind, {}).get(address.name)
        if declared:
            place = f"{declared.source.file}:{declared.source.line}"
            hint = "remove one of the two"
            written.add_problem(source, f"{address} is removed here and declared at {place}", hint)
        elif address in found:
            first = found[address].source
            message = f"{address} is removed twice, first at {first.file}:{first.line}"
            written.add_problem(source, message, "keep one of the two")
        else:
            found[address] = Removal(source, entry.get("delete", False))
    return found


def _removed_entry(written: Directives, given: Any, source: Source) -> RemovedEntry | None:
    if isinstance(given, str):
        given = {"address": given}
    elif not isinstance(given, Node):
        written.add_problem(source, "must be an address or a mapping", "write `- kind/name`")
        return None
    return written.validate(RemovedEntry, given, source)
