"""The tenant profile on disk: how a shop was found to answer, in a small file of its folder.

It is a cache: it saves requests and proves nothing. A remembered route that no longer answers is
forgotten and the others are tried, and no absence rests on it. The file is safe to delete.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from reconciler.dealpos.operations import OPERATIONS
from reconciler.dealpos.routes import TenantProfile
from reconciler.ledger.state_dir import StateDir

FILE = "tenant.json"


def load_profile(state: StateDir, store: str) -> TenantProfile:
    """Return what is remembered of `store`; entries in an unknown form are ignored."""
    known = state.section(FILE, store)
    size = known.get("size")
    return TenantProfile(
        routes=_entries(known.get("routes"), str),
        rows=_entries(known.get("rows"), int),
        size=size if isinstance(size, int) and size > 0 else 0,
    )


def save_profile(state: StateDir, store: str, tenant: TenantProfile) -> None:
    """Save what a run found; in a folder that cannot be written it is lost."""
    if tenant != load_profile(state, store):
        state.save_section(FILE, store, asdict(tenant))


def update_profile(
    state: StateDir, store: str, found: TenantProfile, operations: Collection[str]
) -> None:
    """Replace what is remembered of `operations` by what was found; the rest stays as it was."""
    known = load_profile(state, store)
    routes = {name: route for name, route in known.routes.items() if name not in operations}
    rows = {name: count for name, count in known.rows.items() if name not in operations}
    size = found.size or known.size
    profile = TenantProfile({**routes, **found.routes}, {**rows, **found.rows}, size)
    save_profile(state, store, profile)


def _entries(found: Any, of: type) -> dict[str, Any]:
    if not isinstance(found, Mapping):
        return {}
    return {
        name: value
        for name, value in found.items()
        if name in OPERATIONS and type(value) is of and value
    }
