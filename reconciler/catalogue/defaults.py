"""`defaults:` of the settings: values that are filled into objects of a kind, validated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from reconciler.catalogue.files import Files
from reconciler.catalogue.parser import Node
from reconciler.catalogue.problems import adapter, explain, known_keys
from reconciler.core.model.address import Source
from reconciler.core.model.kind import Kind, Kinds
from reconciler.errors import Problem, suggestion

SETTINGS = "reconciler.yaml"


def values(
    node: Node | None, kinds: Kinds, files: Files
) -> tuple[Mapping[str, Mapping[str, Any]], list[Problem]]:
    """What is filled in, by kind, and what is wrong with it."""
    defaults = _Defaults(files)
    filled = {}
    for name, given in (node or {}).items():
        kind = kinds.get(name)
        if kind is None:
            hint = suggestion(name, kinds) or f"accepted: {', '.join(sorted(kinds))}"
            message = f"unknown kind `{name}` in `defaults`"
            defaults.problem(node, (name,), message, hint, key=True)
        elif not isinstance(given, Node):
            defaults.problem(node, (name,), f"`defaults.{name}` must be a mapping", "")
        elif kind.identity in given:
            message = f"`{kind.identity}` names one object and cannot have a default"
            defaults.problem(given, (kind.identity,), message, "")
        else:
            filled[name] = defaults.of(kind, given)
    return filled, defaults.problems


class _Defaults:
    def __init__(self, files: Files) -> None:
        self.files = files
        self.problems: list[Problem] = []

    def of(self, kind: Kind, given: Node) -> Mapping[str, Any]:
        """The validated values for one kind; nothing where one of them is wrong."""
        try:
            (value,) = adapter(kind).validate_python([{**given, kind.identity: "x"}])
        except ValidationError as error:
            known = known_keys(kind, values_only=True)
            for found in error.errors(include_url=False):
                path = tuple(step for step in found["loc"][1:] if step != "[key]")
                own = kind.fields.get(str(path[0])) if path else None
                shown = not (own and own.private)
                message, hint = explain({**found, "loc": path}, known, shown)
                is_key = found["type"] == "extra_forbidden"
                self.problem(given, path, message, hint, key=is_key)
            return {}
        return {name: value[name] for name in given}

    def problem(
        self,
        node: Node | None,
        path: tuple[str | int, ...],
        message: str,
        hint: str,
        *,
        key: bool = False,
    ) -> None:
        """Something wrong at `path` below a mapping of the settings."""
        start = Source(SETTINGS, node.line, node.column) if node else Source(SETTINGS, 0, 0)
        place = self.files.locate(start, path, key=key)
        self.problems.append(Problem(*place, message, hint))
