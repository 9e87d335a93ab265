"""The tenant profile: how a shop was found to answer, kept for a run and in a small file.

It is a cache: it saves requests and proves nothing. A remembered route that no longer answers is
forgotten and the others are tried, and no absence rests on it. The file is safe to delete.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from dealpos_reconciler.dealpos.operations import (
    FORBIDDEN,
    OPERATIONS,
    WITH_TOTAL,
    Operation,
    Route,
)
from dealpos_reconciler.errors import Rejected
from dealpos_reconciler.ledger.state_dir import StateDir

FILE = "tenant.json"


@dataclass(slots=True)
class TenantProfile:
    """The known API behaviour of one shop; a run adds to it."""

    routes: dict[str, str] = field(default_factory=dict)
    """The route that answered, by operation."""
    rows: dict[str, int] = field(default_factory=dict)
    """Rows of a full page, by listing: what another page of it will bring."""
    size: int = 0
    """The page size that was accepted last; 0 before any was."""
    unsafe_birth: bool | None = None
    """True if a new object was in use though it was created out of use."""
    safe_births: list[str] = field(default_factory=list)
    """The operations that were seen to create an object out of use."""
    presets: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The values that a new object has shown and its creation had not carried, by operation."""
    numbered: list[str] = field(default_factory=list)
    """The listings whose second page was seen to be another one than the first."""

    def note_second_page(self, listing: str, rows: int) -> None:
        """Remember that a listing honours the page number, and how many rows its page holds."""
        self.rows[listing] = rows
        if listing not in self.numbered:
            self.numbered.append(listing)

    def note_safe_birth(self, operation: str) -> None:
        """Remember that an operation was seen to create an object out of use."""
        if operation not in self.safe_births:
            self.safe_births.append(operation)


def load_profile(state: StateDir, store: str) -> TenantProfile:
    """Return what is remembered of `store`; nothing where the file is damaged."""
    section = state.section(FILE, store)
    known = {name: value for name, value in section.items() if name in _IS_VALID}
    is_whole = all(_IS_VALID[name](value) for name, value in known.items())
    return TenantProfile(**known) if is_whole else TenantProfile()


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
    numbered = [name for name in known.numbered if name not in operations]
    numbered = list(dict.fromkeys((*numbered, *found.numbered)))
    size = found.size or known.size
    unsafe = known.unsafe_birth or found.unsafe_birth
    safe = list(dict.fromkeys((*known.safe_births, *found.safe_births)))
    presets = known.presets | found.presets
    routes, rows = routes | found.routes, rows | found.rows
    profile = TenantProfile(routes, rows, size, unsafe, safe, presets, numbered)
    save_profile(state, store, profile)


def _is_table(value: object, of: type) -> bool:
    return isinstance(value, dict) and all(type(entry) is of for entry in value.values())


# Every plan reads a profile, and the first validator of pydantic takes longer than a small plan.
_IS_VALID: Mapping[str, Callable[[Any], bool]] = {
    "routes": lambda value: _is_table(value, str),
    "rows": lambda value: _is_table(value, int) and min(value.values(), default=1) > 0,
    "size": lambda value: type(value) is int and value >= 0,
    "unsafe_birth": lambda value: value is None or type(value) is bool,
    "safe_births": lambda value: isinstance(value, list) and {str}.issuperset(map(type, value)),
    "presets": lambda value: _is_table(value, dict),
}


class Routes:
    """The routes of one run; `tenant` keeps for the next run what is found."""

    def __init__(self, tenant: TenantProfile) -> None:
        self.tenant = tenant
        self.answered: dict[str, Route] = {}
        """The route by which an operation has answered in this run."""
        self.tried: dict[str, Route] = {}
        """The route of an operation that was sent last while none had answered."""
        self.shown: set[str] = set()
        """Operations that have returned something in this run, which proves their route."""
        self.by_other_field: set[str] = set()
        """Kinds of which objects are read by another field than their identity."""
        self.denied: dict[str, Rejected] = {}
        """Operations that lack a permission, with the refusal: none is sent again in this run."""
        self._rejected: dict[str, set[Route]] = {}

    def candidates(self, operation: Operation) -> list[Route]:
        """Return the routes to try in order; the route that answered an earlier run is first."""
        first = self.tenant.routes.get(operation.name)
        rejected = self._rejected.get(operation.name, set())
        routes = (route for route in operation.routes if route not in rejected)
        return sorted(routes, key=lambda route: str(route) != first)

    def candidates_by_path(self, operation: Operation) -> Iterable[Route]:
        """Return one candidate for each method and path.

        A path that is not offered stays so when its parameters travel elsewhere.
        """
        first: dict[tuple[str, str], Route] = {}
        for route in self.candidates(operation):
            first.setdefault((route.method, route.path), route)
        return first.values()

    def in_use(self, operation: Operation) -> Iterable[Route]:
        """Return the routes that a call takes: the one that has answered, or one for each path."""
        known = self.answered.get(operation.name)
        return [known] if known else self.candidates_by_path(operation)

    def record(self, operation: Operation, route: Route, has_shown: bool = True) -> None:
        """Remember that a route has answered, and whether it has returned something."""
        self.answered[operation.name] = route
        if has_shown:
            self.shown.add(operation.name)
        if len(operation.routes) > 1:
            self.tenant.routes[operation.name] = str(route)

    def note_refusal(self, error: Rejected) -> None:
        """Remember an operation that the API client may not call, whatever its parameters."""
        if error.status == FORBIDDEN:
            self.denied[error.operation] = error

    def reject(self, name: str) -> bool:
        """Reject the route in use, so that another is tried; return False where none could help.

        A POST has its parameters in the one place that it can have.
        """
        candidates = self.candidates(OPERATIONS[name])
        used = self.answered.get(name) or self.tried.get(name, candidates[0])
        if len(candidates) < 2 or (used.method == "POST" and used != WITH_TOTAL):
            return False
        self._rejected.setdefault(name, set()).add(used)
        self.shown.discard(name)
        self.answered.pop(name, None)
        self.forget(name)
        return True

    def reject_total(self, name: str = "coupon.list") -> bool:
        """Reject the list with a total, so that the plain one is read; False where not in use."""
        used = self.answered.get(name) or self.tried.get(name)
        return used == WITH_TOTAL and self.reject(name)

    def forget(self, name: str) -> None:
        """Forget which route answered an earlier run: the next run tries all of them."""
        self.tenant.routes.pop(name, None)
