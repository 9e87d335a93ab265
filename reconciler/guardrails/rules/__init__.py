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

_modules = sorted(module.name for module in iter_modules(__path__))
RULES: Mapping[str, type[Guardrail]] = MappingProxyType(
    {name.replace("_", "-"): import_module(f"{__name__}.{name}").Rule for name in _modules}
)
"""Every rule by name; called without arguments it has its default limits."""
