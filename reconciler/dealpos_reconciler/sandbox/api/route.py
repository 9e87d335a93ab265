"""One operation of the API: its method, its path, and the function that answers it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dealpos_reconciler.sandbox.api.request import Fields
from dealpos_reconciler.sandbox.errors import Refusal, UnknownKey
from dealpos_reconciler.sandbox.shop import Shop
from dealpos_reconciler.sandbox.store import Record

Handler = Callable[[Shop, Fields], Any]


@dataclass(frozen=True, slots=True)
class ServedRoute:
    """A row of the route table; a write reads its body only and runs in a write transaction."""

    method: str
    path: str
    handler: Handler
    write: bool = False

    @property
    def name(self) -> str:
        """Return the operation as ``Choices.missing_operations`` spells it."""
        return f"{self.method} {self.path}"


def read_routes(handler: Handler, path: str, *alternatives: str) -> tuple[ServedRoute, ...]:
    """Return the routes of a read: GET, and the POST alternatives that are printed (API §1)."""
    return (
        ServedRoute("GET", path, handler),
        *(ServedRoute("POST", other, handler) for other in alternatives),
    )


def write_routes(handler: Handler, method: str, path: str) -> tuple[ServedRoute, ...]:
    """Return the route of a write."""
    return (ServedRoute(method, path, handler, write=True),)


class Unchanged(Exception):
    """A write of an unknown key, where ``Choices.write_missing`` accepts it."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer


def require_existing(shop: Shop, row: Record | None, what: str, answer: Any) -> Record:
    """Return the object of a PUT or DELETE; ``Choices.write_missing`` rules an unknown key."""
    if row is not None:
        return row
    if shop.choices.write_missing == "accept":
        raise Unchanged(answer)
    raise Refusal(f"{what} was not found.", status=int(shop.choices.write_missing))


def require_found(row: Record | None) -> Record:
    """Return the object of a single read; raises UnknownKey."""
    if row is None:
        raise UnknownKey
    return row


def require_new(shop: Shop, kind: str, key: str) -> None:
    """Refuse a create whose key is taken, unless ``Choices.duplicate_create`` overwrites."""
    if shop.choices.duplicate_create == "reject" and shop.store.get(kind, key):
        raise Refusal(f"{kind.capitalize()} {key} already exists.")
