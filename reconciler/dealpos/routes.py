"""Which documented route an operation takes in this shop: found out once, by what answers."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.dealpos.operations import OPERATIONS, Operation, Route
from reconciler.dealpos.tenant import Tenant


class Routes:
    """The routes of one run; what is found is noted in `tenant` for the next."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self._answered: dict[str, Route] = {}
        self._left: dict[str, set[Route]] = {}

    def known(self, name: str) -> Route | None:
        """The route by which an operation has answered in this run."""
        return self._answered.get(name)

    def candidates(self, operation: Operation) -> list[Route]:
        """What to try, in order: the route that answered an earlier run comes first."""
        first = self.tenant.route(operation.name)
        left = self._left.get(operation.name, set())
        return sorted((r for r in operation.routes if r not in left), key=lambda r: r != first)

    def untried(self, operation: Operation) -> Iterator[Route]:
        """The candidates; one place with its parameters elsewhere is no second chance."""
        places = set()
        for route in self.candidates(operation):
            if (route.method, route.path) not in places:
                places.add((route.method, route.path))
                yield route

    def answer(self, operation: Operation, route: Route) -> None:
        """A route has answered."""
        self._answered[operation.name] = route
        if len(operation.routes) > 1:
            self.tenant.routes[operation.name] = str(route)

    def leave(self, name: str) -> bool:
        """Take another route than the one in use; False where that could do no better.

        A POST has its parameters in the one place that it can have.
        """
        candidates = self.candidates(OPERATIONS[name])
        used = self._answered.get(name, candidates[0])
        if len(candidates) < 2 or used.method == "POST":
            return False
        self._left.setdefault(name, set()).add(used)
        self._answered.pop(name, None)
        self.forget(name)
        return True

    def forget(self, name: str) -> None:
        """No route answers now: the next run starts afresh."""
        self.tenant.routes.pop(name, None)
