"""`allow:` of the catalogue files: the reviewed exceptions from guardrails, validated."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Required

from pydantic import ConfigDict, StringConstraints, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from reconciler.core.kind import Kinds
from reconciler.core.state import Address, Allowance, Source
from reconciler.core.types import Code, Day
from reconciler.document import Node
from reconciler.errors import Problem, suggestion
from reconciler.files import Files
from reconciler.rules import RULES
from reconciler.validation import explain

ALLOW = "allow"
"""The key of a catalogue file that holds them."""


class Entry(TypedDict, total=False):
    """A reviewed exception from a guardrail; without an address, for the whole plan."""

    rule: Required[Code]
    address: Code
    reason: Required[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]]
    until: Required[Day]


def _keys(path: tuple[str | int, ...]) -> list[str]:
    return sorted(Entry.__annotations__)


@cache
def entries() -> TypeAdapter[Any]:
    """What validates the entries; made when there are some."""
    return TypeAdapter(list[Entry], config=ConfigDict(extra="forbid"))


class Allowances:
    """Gathers the entries of every file, then validates them; problems are collected."""

    def __init__(self, kinds: Kinds, files: Files, problems: list[Problem]) -> None:
        self.kinds = kinds
        self.files = files
        self.problems = problems
        self._found: list[tuple[Node, str]] = []

    def gather(self, items: list[Any], shown: str, owner: Node) -> None:
        """Take in the entries of one file."""
        for index, node in enumerate(items):
            if isinstance(node, Node):
                self._found.append((node, shown))
            else:
                start = Source(shown, owner.line, owner.column)
                place = self.files.locate(start, (ALLOW, index))
                message = f"an entry of `{ALLOW}` must be a mapping"
                self.problems.append(Problem(*place, message, "write `- {rule: …, until: …}`"))

    def validate(self) -> tuple[Allowance, ...]:
        """Every exception, in file order."""
        return tuple(self._valid())

    def _valid(self) -> Iterator[Allowance]:
        for node, file in self._found:
            source = Source(file, node.line, node.column)
            self._rule(source, node.get("rule"))
            address = self._address(source, node.get("address"))
            try:
                (entry,) = entries().validate_python([node])
            except ValidationError as error:
                for found in error.errors(include_url=False):
                    path = tuple(found["loc"][1:])
                    message, hint = explain({**found, "loc": path}, _keys, True)
                    self._problem(source, path, message, hint, found["type"] == "extra_forbidden")
                continue
            yield Allowance(entry["rule"], entry["reason"], entry["until"], source, address)

    def _rule(self, source: Source, written: Any) -> None:
        if isinstance(written, str) and written not in RULES:
            hint = suggestion(written, RULES) or f"there are: {', '.join(RULES)}"
            self._problem(source, ("rule",), f"no guardrail is called `{written}`", hint)

    def _address(self, source: Source, written: Any) -> Address | None:
        if not isinstance(written, str):
            return None
        kind, slash, name = written.partition("/")
        if not slash or not name:
            hint = "write kind/name, such as variant/1003L"
            self._problem(source, ("address",), f"`{written}` is no address", hint)
        elif kind not in self.kinds:
            hint = suggestion(kind, self.kinds) or f"kinds: {', '.join(sorted(self.kinds))}"
            self._problem(source, ("address",), f"there is no kind `{kind}`", hint)
        return Address(kind, name)

    def _problem(
        self, source: Source, path: tuple[Any, ...], message: str, hint: str, key: bool = False
    ) -> None:
        place = self.files.locate(source, path, key=key)
        self.problems.append(Problem(*place, f"allow: {message}", hint))
