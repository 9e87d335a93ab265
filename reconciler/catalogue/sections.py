"""`guardrails:` of the settings: each rule tuned or turned off by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

from reconciler.catalogue.parser import Node
from reconciler.catalogue.problems import explain
from reconciler.errors import suggestion
from reconciler.guardrails.guardrail import Guardrail, Guardrails
from reconciler.guardrails.rules import RULES

OFF = ("off", "false")
"""What turns a rule off."""


class Complain(Protocol):
    """Takes what is wrong at a key of a mapping."""

    def __call__(
        self, node: Node, key: str, message: str, hint: str = "", *, at_key: bool = False
    ) -> None:
        """Collect it."""


def configured(node: Node | None, complain: Complain) -> Guardrails:
    """The rules that are on, with their limits; what is wrong goes to `complain`."""
    rules = {name: rule() for name, rule in RULES.items()}
    for name, given in (node or {}).items():
        assert node is not None
        if name not in RULES:
            hint = suggestion(name, RULES) or f"there are: {', '.join(RULES)}"
            complain(node, name, f"no guardrail is called `{name}`", hint, at_key=True)
        elif isinstance(given, str) and given.lower() in OFF:
            del rules[name]
        elif isinstance(given, Node):
            rules[name] = _tuned(RULES[name], given, complain) or rules[name]
        else:
            hint = "write `off`, or `{option: value}`"
            complain(node, name, f"`guardrails.{name}` must be a mapping or off", hint)
    return MappingProxyType(rules)


def options(rule: type[Guardrail]) -> Mapping[str, Any]:
    """The options of a rule, with their defaults."""
    plain = rule()
    return {field.name: getattr(plain, field.name) for field in fields(plain)}  # type: ignore[arg-type]


def _tuned(rule: type[Guardrail], given: Node, complain: Complain) -> Guardrail | None:
    def known(path: tuple[str | int, ...]) -> list[str]:
        return sorted(options(rule))

    try:
        return TypeAdapter(rule).validate_python(given)
    except ValidationError as error:
        for found in error.errors(include_url=False):
            is_key = found["type"] == "unexpected_keyword_argument"
            kind = "extra_forbidden" if is_key else found["type"]
            # An entry of a list is told as the list: what is written there is shown with it.
            option = str(found["loc"][0])
            message, hint = explain({**found, "type": kind, "loc": (option,)}, known, True)
            if is_key and not known(()):
                hint = "it has no options"
            complain(given, option, message, hint, at_key=is_key)
        return None
