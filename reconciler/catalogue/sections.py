"""The sections `defaults:`, `guardrails:` and `prune:` of the settings, validated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Annotated, Any, Required

from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from reconciler.catalogue.files import SETTINGS_FILE, Problems
from reconciler.catalogue.parser import Node
from reconciler.catalogue.problems import (
    explain,
    explain_all,
    kind_adapter,
    known_keys,
    private_fields,
    validate_entry,
)
from reconciler.core.model.desired import PruneScope
from reconciler.core.model.kind import Kind
from reconciler.core.model.types import Code, Flag
from reconciler.errors import suggestion
from reconciler.guardrails.guardrail import Guardrail, Guardrails
from reconciler.guardrails.rules import RULES
from reconciler.kinds import MANAGED

OFF = ("off", "false")
"""Values that turn a guardrail off."""
PRUNE = "prune"
_Globs = Annotated[list[Code], Field(min_length=1)]


def read_guardrails(node: Node, problems: Problems) -> Guardrails:
    """Return the guardrails that are on, with their limits; problems go to `problems`."""
    rules = {name: rule() for name, rule in RULES.items()}
    for name, given in node.items():
        if name not in RULES:
            hint = suggestion(name, RULES) or f"guardrails: {', '.join(RULES)}"
            problems.add_setting(node, (name,), f"unknown guardrail `{name}`", hint, key=True)
        elif isinstance(given, str) and given.lower() in OFF:
            del rules[name]
        elif isinstance(given, Node):
            rules[name] = _guardrail(RULES[name], given, problems) or rules[name]
        else:
            hint = "write `off`, or `{option: value}`"
            message = f"`guardrails.{name}` must be a mapping or off"
            problems.add_setting(node, (name,), message, hint)
    return MappingProxyType(rules)


def guardrail_options(rule: type[Guardrail]) -> Mapping[str, Any]:
    """Return the options of a guardrail with their defaults."""
    plain = rule()
    return {field.name: getattr(plain, field.name) for field in fields(plain)}  # type: ignore[arg-type]


def _guardrail(rule: type[Guardrail], given: Node, problems: Problems) -> Guardrail | None:
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
            problems.add_setting(given, (option,), message, hint, key=is_key)
        return None


def read_defaults(node: Node, problems: Problems) -> Mapping[str, Mapping[str, Any]]:
    """Return the default values of each kind; problems go to `problems`."""
    filled = {}
    for name, given in node.items():
        kind = MANAGED.get(name)
        if kind is None:
            hint = suggestion(name, MANAGED) or f"accepted: {', '.join(sorted(MANAGED))}"
            message = f"unknown kind `{name}` in `defaults`"
            problems.add_setting(node, (name,), message, hint, key=True)
        elif not isinstance(given, Node):
            problems.add_setting(node, (name,), f"`defaults.{name}` must be a mapping")
        elif kind.identity in given:
            message = f"`{kind.identity}` names one object and cannot have a default"
            problems.add_setting(given, (kind.identity,), message)
        else:
            filled[name] = _kind_defaults(kind, given, problems)
    return filled


def _kind_defaults(kind: Kind, given: Node, problems: Problems) -> Mapping[str, Any]:
    """Return the validated values for one kind; none where one of them is wrong."""
    try:
        (value,) = kind_adapter(kind).validate_python([{**given, kind.identity: "x"}])
    except ValidationError as error:
        known = known_keys(kind, values_only=True)
        for wrong in explain_all(error, known, private_fields(kind)):
            problems.add_setting(given, wrong.path, wrong.message, wrong.hint, key=wrong.is_key)
        return {}
    return {name: value[name] for name in given}


class PruneEntry(TypedDict, total=False):
    """Kinds, and globs that narrow them: an object must match one of each list that is there."""

    kinds: Required[_Globs]
    categories: Annotated[_Globs, Field(description="`*` stays on a level of the path, `**` not.")]
    codes: Annotated[_Globs, Field(description="Globs on the code, or name, of the object.")]
    delete: Annotated[Flag, Field(description="Delete; otherwise objects are retired.")]


def read_prune(root: Node, problems: Problems) -> tuple[PruneScope, ...]:
    """Return every scope of `prune:`; problems go to `problems`."""
    items = root.get(PRUNE, [])
    if not isinstance(items, list) or not all(isinstance(item, Node) for item in items):
        message = f"`{PRUNE}` must be a list of mappings"
        problems.add_setting(root, (PRUNE,), message, "write `- kinds: […]`")
        return ()
    found = (_prune_scope(node, problems) for node in items)
    return tuple(scope for scope in found if scope)


def _prune_scope(node: Node, problems: Problems) -> PruneScope | None:
    def complain(name: str, message: str, hint: str, is_key: bool) -> None:
        problems.add_setting(node, (name,), f"{PRUNE}: {message}", hint, key=is_key)

    scope = validate_entry(PruneEntry, node, complain)
    if scope is None:
        return None
    for name in scope["kinds"]:
        if name not in MANAGED:
            hint = suggestion(name, MANAGED) or f"kinds: {', '.join(sorted(MANAGED))}"
            problems.add_setting(node, ("kinds",), f"unknown kind `{name}`", hint)
    return PruneScope(
        tuple(name for name in scope["kinds"] if name in MANAGED),
        node.source(SETTINGS_FILE),
        tuple(scope.get("categories", ())),
        tuple(scope.get("codes", ())),
        scope.get("delete", False),
    )
