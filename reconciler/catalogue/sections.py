"""The sections `defaults:`, `guardrails:` and `prune:` of the settings, validated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Annotated, Any, Protocol, Required

from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from reconciler.catalogue.files import SETTINGS_FILE, Files
from reconciler.catalogue.parser import Node
from reconciler.catalogue.problems import explain, kind_adapter, known_keys, validate_entry
from reconciler.core.model.address import Source
from reconciler.core.model.desired import PruneScope
from reconciler.core.model.kind import Kind, Kinds
from reconciler.core.model.types import Code, Flag
from reconciler.errors import Problem, suggestion
from reconciler.guardrails.guardrail import Guardrail, Guardrails
from reconciler.guardrails.rules import RULES

OFF = ("off", "false")
"""Values that turn a guardrail off."""
PRUNE = "prune"
_Globs = Annotated[list[Code], Field(min_length=1)]


class Complain(Protocol):
    """Takes a problem at a key of a mapping."""

    def __call__(
        self, node: Node, key: str, message: str, hint: str = "", *, at_key: bool = False
    ) -> None:
        """Collect it."""


def read_guardrails(node: Node | None, complain: Complain) -> Guardrails:
    """Return the guardrails that are on, with their limits; problems go to `complain`."""
    rules = {name: rule() for name, rule in RULES.items()}
    for name, given in (node or {}).items():
        assert node is not None
        if name not in RULES:
            hint = suggestion(name, RULES) or f"guardrails: {', '.join(RULES)}"
            complain(node, name, f"unknown guardrail `{name}`", hint, at_key=True)
        elif isinstance(given, str) and given.lower() in OFF:
            del rules[name]
        elif isinstance(given, Node):
            rules[name] = _guardrail(RULES[name], given, complain) or rules[name]
        else:
            hint = "write `off`, or `{option: value}`"
            complain(node, name, f"`guardrails.{name}` must be a mapping or off", hint)
    return MappingProxyType(rules)


def guardrail_options(rule: type[Guardrail]) -> Mapping[str, Any]:
    """Return the options of a guardrail with their defaults."""
    plain = rule()
    return {field.name: getattr(plain, field.name) for field in fields(plain)}  # type: ignore[arg-type]


def _guardrail(rule: type[Guardrail], given: Node, complain: Complain) -> Guardrail | None:
    def option_names(path: tuple[str | int, ...]) -> list[str]:
        return sorted(guardrail_options(rule))

    try:
        return TypeAdapter(rule).validate_python(given)
    except ValidationError as error:
        for found in error.errors(include_url=False):
            is_key = found["type"] == "unexpected_keyword_argument"
            kind = "extra_forbidden" if is_key else found["type"]
            # pydantic names the entry of a list; the option that holds it is shown, with its text.
            option = str(found["loc"][0])
            message, hint = explain({**found, "type": kind, "loc": (option,)}, option_names, True)
            if is_key and not option_names(()):
                hint = "it has no options"
            complain(given, option, message, hint, at_key=is_key)
        return None


def read_defaults(
    node: Node | None, kinds: Kinds, files: Files
) -> tuple[Mapping[str, Mapping[str, Any]], list[Problem]]:
    """Return the default values of each kind, and the problems of the section."""
    defaults = _Defaults(files)
    filled = {}
    for name, given in (node or {}).items():
        kind = kinds.get(name)
        if kind is None:
            hint = suggestion(name, kinds) or f"accepted: {', '.join(sorted(kinds))}"
            message = f"unknown kind `{name}` in `defaults`"
            defaults.add_problem(node, (name,), message, hint, key=True)
        elif not isinstance(given, Node):
            defaults.add_problem(node, (name,), f"`defaults.{name}` must be a mapping", "")
        elif kind.identity in given:
            message = f"`{kind.identity}` names one object and cannot have a default"
            defaults.add_problem(given, (kind.identity,), message, "")
        else:
            filled[name] = defaults.read_kind(kind, given)
    return filled, defaults.problems


class _Defaults:
    def __init__(self, files: Files) -> None:
        self.files = files
        self.problems: list[Problem] = []

    def read_kind(self, kind: Kind, given: Node) -> Mapping[str, Any]:
        """Return the validated values for one kind; none where one of them is wrong."""
        try:
            (value,) = kind_adapter(kind).validate_python([{**given, kind.identity: "x"}])
        except ValidationError as error:
            known = known_keys(kind, values_only=True)
            for found in error.errors(include_url=False):
                path = tuple(step for step in found["loc"][1:] if step != "[key]")
                own = kind.fields.get(str(path[0])) if path else None
                shown = not (own and own.private)
                message, hint = explain({**found, "loc": path}, known, shown)
                is_key = found["type"] == "extra_forbidden"
                self.add_problem(given, path, message, hint, key=is_key)
            return {}
        return {name: value[name] for name in given}

    def add_problem(
        self,
        node: Node | None,
        path: tuple[str | int, ...],
        message: str,
        hint: str,
        *,
        key: bool = False,
    ) -> None:
        """Add a problem at `path` below a mapping of the settings."""
        line, column = (node.line, node.column) if node else (0, 0)
        place = self.files.locate(Source(SETTINGS_FILE, line, column), path, key=key)
        self.problems.append(Problem(*place, message, hint))


class PruneEntry(TypedDict, total=False):
    """Kinds, and globs that narrow them: an object must match one of each list that is there."""

    kinds: Required[_Globs]
    categories: Annotated[_Globs, Field(description="`*` stays on a level of the path, `**` not.")]
    codes: Annotated[_Globs, Field(description="Globs on the code, or name, of the object.")]
    delete: Annotated[Flag, Field(description="Delete; otherwise objects are retired.")]


def read_prune(root: Node, kinds: Kinds, complain: Complain) -> tuple[PruneScope, ...]:
    """Return every scope of `prune:`; problems go to `complain`."""
    items = root.get(PRUNE, [])
    if not isinstance(items, list) or not all(isinstance(item, Node) for item in items):
        complain(root, PRUNE, f"`{PRUNE}` must be a list of mappings", "write `- kinds: […]`")
        return ()
    found = (_prune_scope(node, kinds, complain) for node in items)
    return tuple(scope for scope in found if scope)


def _prune_scope(node: Node, kinds: Kinds, complain: Complain) -> PruneScope | None:
    def refuse(key: str, message: str, hint: str, at_key: bool) -> None:
        complain(node, key, f"{PRUNE}: {message}", hint, at_key=at_key)

    scope = validate_entry(PruneEntry, node, refuse)
    if scope is None:
        return None
    for name in scope["kinds"]:
        if name not in kinds:
            hint = suggestion(name, kinds) or f"kinds: {', '.join(sorted(kinds))}"
            complain(node, "kinds", f"unknown kind `{name}`", hint)
    return PruneScope(
        tuple(name for name in scope["kinds"] if name in kinds),
        Source(SETTINGS_FILE, node.line, node.column),
        tuple(scope.get("categories", ())),
        tuple(scope.get("codes", ())),
        scope.get("delete", False),
    )
