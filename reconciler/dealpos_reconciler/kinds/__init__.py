"""One file per kind of catalogue object, found here and checked together.

Adding a kind is adding a file with a constant `KIND`; this module is never edited. The order of
`KINDS` is alphabetical and carries no meaning: what waits for what follows from references.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from dealpos_reconciler.core.model.kind import Kind, Kinds
from dealpos_reconciler.core.model.store import SHOP

_found: list[Kind] = [import_module(f"{__name__}.{m.name}").KIND for m in iter_modules(__path__)]
KINDS: Kinds = MappingProxyType({kind.name: kind for kind in _found})
MANAGED: Kinds = MappingProxyType({name: kind for name, kind in KINDS.items() if kind.collection})
"""The kinds that a catalogue file can declare."""
SHOP_KINDS: Kinds = MappingProxyType({n: kind for n, kind in MANAGED.items() if kind.home == SHOP})
"""The kinds that a catalogue file can declare and that DealPOS holds."""
