"""One file per guardrail, found here and named by its file: `price_change` is `price-change`.

Options of the settings come in as a frozen `Rule`; its objections to a plan go out.
A new rule is a new file. This module is never edited, and no rule imports another.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from reconciler.guardrails.guardrail import Guardrail


def _discover() -> Mapping[str, type[Guardrail]]:
    found: dict[str, type[Guardrail]] = {}
    for module in sorted(iter_modules(__path__), key=lambda module: module.name):
        found[module.name.replace("_", "-")] = import_module(f"{__name__}.{module.name}").Rule
    return MappingProxyType(found)


RULES: Mapping[str, type[Guardrail]] = _discover()
"""Every rule by name; called without arguments it has its default limits."""
