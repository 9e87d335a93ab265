"""What a shop was found to answer, remembered in a small file beside the files.

It saves asking again, and proves nothing: a remembered route that no longer answers is forgotten
and the others are tried, and no absence ever rests on it. The file is safe to delete.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from reconciler.dealpos.operations import OPERATIONS, Route
from reconciler.ledger.state_dir import StateDir

FILE = "tenant.json"


@dataclass(slots=True)
class Tenant:
    """What is known of one shop's dialect; a run adds to it."""

    routes: dict[str, str] = field(default_factory=dict)
    """The route that answered, by operation."""
    rows: dict[str, int] = field(default_factory=dict)
    """Rows of a full page, by listing: what another page of it will bring."""
    size: int = 0
    """The page size that was accepted last; 0 before any was."""

    def route(self, operation: str) -> Route | None:
        """The route that answered an operation, if the table still has it."""
        named = self.routes.get(operation)
        return next((r for r in OPERATIONS[operation].routes if str(r) == named), None)


def recall(state: StateDir, store: str) -> Tenant:
    """What was remembered of `store`; what is in no form that `remember` writes is passed over."""
    known = state.section(FILE, store)
    size = known.get("size")
    return Tenant(
        routes=_entries(known.get("routes"), str),
        rows=_entries(known.get("rows"), int),
        size=size if isinstance(size, int) and size > 0 else 0,
    )


def renew(state: StateDir, store: str, found: Tenant, asked: Collection[str]) -> None:
    """Keep what an examination found instead of what was remembered of the operations it `asked`.

    What it did not come to is kept as it was.
    """
    known = recall(state, store)
    routes = {name: route for name, route in known.routes.items() if name not in asked}
    rows = {name: count for name, count in known.rows.items() if name not in asked}
    size = found.size or known.size
    remember(state, store, Tenant({**routes, **found.routes}, {**rows, **found.rows}, size))


def _entries(found: Any, of: type) -> dict[str, Any]:
    if not isinstance(found, Mapping):
        return {}
    return {
        name: value
        for name, value in found.items()
        if name in OPERATIONS and type(value) is of and value
    }


def remember(state: StateDir, store: str, tenant: Tenant) -> None:
    """Keep what a run found; in a folder that cannot be written it is lost."""
    if tenant != recall(state, store):
        state.save_section(FILE, store, asdict(tenant))
