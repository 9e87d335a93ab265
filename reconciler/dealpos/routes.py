"""Which documented route of an operation this shop answers: found once, remembered for the run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from reconciler.dealpos.operations import OPERATIONS, Operation, Route


@dataclass(slots=True)
class TenantProfile:
    """The known API behaviour of one shop; a run adds to it."""

    routes: dict[str, str] = field(default_factory=dict)
    """The route that answered, by operation."""
    rows: dict[str, int] = field(default_factory=dict)
    """Rows of a full page, by listing: what another page of it will bring."""
    size: int = 0
    """The page size that was accepted last; 0 before any was."""

    def route(self, operation: str) -> Route | None:
        """Return the route that answered an operation, if the table still has it."""
        known = self.routes.get(operation)
        return next((r for r in OPERATIONS[operation].routes if str(r) == known), None)


class Routes:
    """The routes of one run; `tenant` keeps for the next run what is found."""

    def __init__(self, tenant: TenantProfile) -> None:
        self.tenant = tenant
        self._answered: dict[str, Route] = {}
        self._rejected: dict[str, set[Route]] = {}

    def find_known(self, name: str) -> Route | None:
        """Return the route by which an operation has answered in this run."""
        return self._answered.get(name)

    def candidates(self, operation: Operation) -> list[Route]:
        """Return the routes to try in order; the route that answered an earlier run is first."""
        first = self.tenant.route(operation.name)
        rejected = self._rejected.get(operation.name, set())
        return sorted((r for r in operation.routes if r not in rejected), key=lambda r: r != first)

    def candidates_by_path(self, operation: Operation) -> Iterator[Route]:
        """Yield one candidate for each method and path.

        A path that is not offered stays so when its parameters travel elsewhere.
        """
        places = set()
        for route in self.candidates(operation):
            if (route.method, route.path) not in places:
                places.add((route.method, route.path))
                yield route

    def record(self, operation: Operation, route: Route) -> None:
        """Remember that a route has answered."""
        self._answered[operation.name] = route
        if len(operation.routes) > 1:
            self.tenant.routes[operation.name] = str(route)

    def reject(self, name: str) -> bool:
        """Reject the route in use, so that another is tried; return False where none could help.

        A POST has its parameters in the one place that it can have.
        """
        candidates = self.candidates(OPERATIONS[name])
        used = self._answered.get(name, candidates[0])
        if len(candidates) < 2 or used.method == "POST":
            return False
        self._rejected.setdefault(name, set()).add(used)
        self._answered.pop(name, None)
        self.forget(name)
        return True

    def forget(self, name: str) -> None:
        """Forget which route answered an earlier run: the next run tries all of them."""
        self.tenant.routes.pop(name, None)
