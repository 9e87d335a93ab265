"""One operation of the API: its method, its path, and the function that answers it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.api.request import Fields
from reconciler.sandbox.errors import Absent, Refusal
from reconciler.sandbox.shop import Shop
from reconciler.sandbox.store import Row

Handler = Callable[[Shop, Fields], Any]


@dataclass(frozen=True, slots=True)
class Route:
    """A row of the route table; a write reads its body only and runs in a write transaction."""

    method: str
    path: str
    handler: Handler
    write: bool = False

    @property
    def name(self) -> str:
        """The operation as ``Choices.missing_operations`` spells it."""
        return f"{self.method} {self.path}"


def reads(handler: Handler, path: str, *alternatives: str) -> tuple[Route, ...]:
    """A read: GET, and its POST alternatives (dealpos-api.md §1: tabled, never derived)."""
    return (Route("GET", path, handler), *(Route("POST", other, handler) for other in alternatives))


def writes(handler: Handler, method: str, path: str) -> tuple[Route, ...]:
    """A write."""
    return (Route(method, path, handler, write=True),)


class Unchanged(Exception):
    """A write of an unknown key, where ``Choices.write_missing`` accepts it."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer


def existing(shop: Shop, row: Row | None, what: str, answer: Any) -> Row:
    """The object that a PUT or DELETE means, or what ``Choices.write_missing`` says."""
    if row is not None:
        return row
    if shop.choices.write_missing == "accept":
        raise Unchanged(answer)
    raise Refusal(f"{what} was not found.", status=int(shop.choices.write_missing))


def found(row: Row | None) -> Row:
    """The object that a single read asks for."""
    if row is None:
        raise Absent
    return row


def fresh(shop: Shop, kind: str, key: str) -> None:
    """Refuse a create whose key is taken, unless ``Choices.duplicate_create`` overwrites."""
    if shop.choices.duplicate_create == "reject" and shop.store.get(kind, key):
        raise Refusal(f"{kind.capitalize()} {key} already exists.")
