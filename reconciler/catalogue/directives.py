"""What a catalogue file says of objects beside declaring them: the entries of one such key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from reconciler.catalogue.files import Files
from reconciler.catalogue.parser import Node
from reconciler.catalogue.problems import Path, entry
from reconciler.core.model.address import Address, Source
from reconciler.core.model.kind import Kinds
from reconciler.errors import Problem, suggestion

_Shape = TypeVar("_Shape", bound=Mapping[str, Any])


class Directives:
    """The entries under `key` in every file, each with its place; problems are collected."""

    def __init__(self, key: str, kinds: Kinds, files: Files, problems: list[Problem]) -> None:
        self.key = key
        self.kinds = kinds
        self.files = files
        self.problems = problems
        self._found: list[tuple[Any, Source]] = []

    def __iter__(self) -> Iterator[tuple[Any, Source]]:
        return iter(self._found)

    def gather(self, items: list[Any], shown: str, owner: Node) -> None:
        """Take in the entries of one file."""
        start = Source(shown, owner.line, owner.column)
        for index, written in enumerate(items):
            if isinstance(written, Node):
                place = Source(shown, written.line, written.column)
            else:
                place = self.files.locate(start, (self.key, index))
            self._found.append((written, place))

    def entry(self, shape: type[_Shape], written: Node, source: Source) -> _Shape | None:
        """The entry in its shape, or nothing where something is wrong with it."""

        def complain(key: str, message: str, hint: str, at_key: bool) -> None:
            self.problem(source, message, hint, (key,), at_key=at_key)

        return entry(shape, written, complain)

    def address(self, written: str, source: Source) -> Address | None:
        """The address that an entry speaks of, or nothing where it is none."""
        kind, slash, name = written.partition("/")
        if not slash or not name:
            hint = "write kind/name, such as variant/1003L"
            self.problem(source, f"`{written}` is no address", hint, ("address",))
        elif kind not in self.kinds:
            hint = suggestion(kind, self.kinds) or f"kinds: {', '.join(sorted(self.kinds))}"
            self.problem(source, f"there is no kind `{kind}`", hint, ("address",))
        else:
            return Address(kind, name)
        return None

    def problem(
        self, source: Source, message: str, hint: str, path: Path = (), *, at_key: bool = False
    ) -> None:
        """Something wrong in the entry at `source`."""
        place = self.files.locate(source, path, key=at_key) if path else source
        self.problems.append(Problem(*place, f"{self.key}: {message}", hint))
