"""One file per guardrail, found here and named by its file: `price_change` is `price-change`.

Options of the settings come in as a frozen `Rule`; its objections to a plan go out.
A new rule is a new file. This module is never edited, and no rule imports another.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import walk_packages
from types import MappingProxyType

from dealpos_reconciler.guardrails.guardrail import Guardrail

_modules = [m.name for m in walk_packages(__path__, f"{__name__}.") if not m.ispkg]
_names = {name.rpartition(".")[2].replace("_", "-"): name for name in _modules}
RULES: Mapping[str, type[Guardrail]] = MappingProxyType(
    {name: import_module(_names[name]).Rule for name in sorted(_names)}
)
"""Every rule by name; called without arguments it has its default limits."""
