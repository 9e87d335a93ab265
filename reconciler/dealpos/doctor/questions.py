"""One question to a shop, and what came of it: an answer, a refusal, silence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from reconciler.core.model.kind import Kind, Single, Value
from reconciler.dealpos.client import Client
from reconciler.dealpos.doctor.budget import Enough, Purse, Spent
from reconciler.dealpos.doctor.evidence import Asked, Outcome, Purpose, private
from reconciler.dealpos.operations import OPERATIONS
from reconciler.dealpos.rows import parse_rows, parse_single
from reconciler.errors import (
    ApiError,
    OperationUnavailable,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unauthorised,
    UnexpectedResponse,
    Unreachable,
)

_OUTCOMES: tuple[tuple[type[ApiError], Outcome], ...] = (
    (OperationUnavailable, Outcome.NOT_OFFERED),
    (Rejected, Outcome.REFUSED),
    (Unauthorised, Outcome.FORBIDDEN),
    (RateLimited, Outcome.THROTTLED),
    (Unreachable, Outcome.UNREACHABLE),
    (OutcomeUnknown, Outcome.LOST),
    (UnexpectedResponse, Outcome.UNREADABLE),
)
_ENDS = frozenset({Outcome.THROTTLED, Outcome.UNREACHABLE})


class Questions:
    """The questions so far, and whether it is worth going on."""

    def __init__(self, client: Client, purse: Purse) -> None:
        self.client = client
        self.purse = purse
        self.asked: list[Asked] = []
        self.stopped = ""
        self._silent: set[str] = set()

    def page(
        self,
        kind: Kind,
        size: int,
        number: int = 1,
        refused_sizes: tuple[int, ...] = (),
        constants: Value = MappingProxyType({}),
    ) -> Asked:
        """A page of a listing, which has no pages where `size` is 0."""
        listing = kind.reads.listing
        assert listing is not None
        pages = {"PageNumber": number, "PageSize": size} if size else {}
        purpose = Purpose.LISTING if number == 1 else Purpose.SECOND_PAGE
        asked = self.many(
            kind, purpose, listing.operation, {**listing.constants, **constants, **pages}
        )
        return replace(asked, size=size, refused_sizes=refused_sizes)

    def one(self, kind: Kind, single: Single, purpose: Purpose, name: str) -> None:
        """Ask for one object by its name."""
        answer, asked = self._ask(kind, purpose, single.operation, {single.key: name})
        row = parse_single(answer, kind, name)
        rows = (row,) if row else ()
        if purpose is Purpose.KNOWN and asked.status == 404:
            # An object that a list shows is there: it is the operation that is not.
            asked = replace(asked, outcome=Outcome.NOT_OFFERED)
        self.asked.append(replace(asked, sought=(name,), form=_form(answer), rows=rows))

    def many(
        self,
        kind: Kind,
        purpose: Purpose,
        operation: str,
        parameters: Any,
        sought: Iterable[str] = (),
    ) -> Asked:
        """Ask for many objects: a page or a batch."""
        answer, asked = self._ask(kind, purpose, operation, parameters)
        asked = replace(asked, sought=tuple(sought))
        if not asked.answered:
            return asked
        try:
            # What comes after the last page may be nothing at all.
            past = answer is None and purpose is Purpose.SECOND_PAGE
            found = parse_rows(operation, [] if past else answer)
        except UnexpectedResponse as error:
            said = "" if private(kind) else error.detail
            return replace(asked, outcome=Outcome.UNREADABLE, detail=said)
        return replace(
            asked,
            form=_form(answer),
            entries=max((len(entries) for entries in _lists(answer)), default=0),
            rows=tuple(found.rows),
            total=found.total,
        )

    def _ask(
        self, kind: Kind, purpose: Purpose, operation: str, parameters: Any
    ) -> tuple[Any, Asked]:
        """One call: its answer, and what there is to say of it."""
        begun = len(self.purse.heard)
        outcome, answer, detail, hint = Outcome.UNASKED, None, self.stopped, ""
        if not self.stopped:
            self.purse.open(operation, len(OPERATIONS[operation].routes) + 1)
            try:
                answer = self.client.call(operation, parameters)
                outcome = Outcome.ANSWERED
            except Spent as error:
                detail, hint = error.message, error.hint
            except Enough as error:
                outcome, detail = Outcome.LOST, error.message
            except ApiError as error:
                outcome, detail, hint = self._failed(error, kind)
        exchanges = tuple(heard.exchange for heard in self.purse.heard[begun:])
        self._heed(operation, outcome, exchanges[-1].status if exchanges else None)
        if private(kind) and outcome not in (Outcome.ANSWERED, Outcome.UNASKED):
            detail = ""  # what a server says of a customer may name the customer
        return answer, Asked(kind.name, purpose, operation, outcome, exchanges, detail, hint)

    def _failed(self, error: ApiError, kind: Kind) -> tuple[Outcome, str, str]:
        outcome = next(o for raised, o in _OUTCOMES if isinstance(error, raised))
        if isinstance(error, Rejected) and error.status == 403:
            outcome = Outcome.FORBIDDEN
        if error.operation == "token":
            heard = tuple(h.exchange for h in self.purse.heard if h.exchange.operation == "token")
            self.asked.append(
                Asked("", Purpose.TOKEN, "token", outcome, heard, error.detail, error.hint)
            )
            self.stopped = "not tried"
            return Outcome.UNASKED, self.stopped, ""
        return outcome, error.detail, error.hint

    def _heed(self, operation: str, outcome: Outcome, status: int | None) -> None:
        """Stop asking a shop that has fallen silent."""
        if status is not None:
            self._silent = set() if status else self._silent | {operation}
        if not self.stopped and (outcome in _ENDS or len(self._silent) > 1):
            self.stopped = "not tried: the shop has stopped answering"


def _form(answer: Any) -> str:
    """The envelope of an answer, by its keys; never what they hold."""
    if isinstance(answer, list):
        return "a bare array"
    if not isinstance(answer, Mapping):
        return "nothing" if answer is None else "a bare value"
    keys = [key for key, value in answer.items() if isinstance(value, list)]
    totals = [key for key in ("RecordsCount", "TotalCount") if key in answer]
    return " + ".join([*keys, *totals]) if len(keys) == 1 else "an object"


def _lists(answer: Any) -> list[list[Any]]:
    """The lists in an answer of many."""
    if isinstance(answer, list):
        return [answer]
    values = answer.values() if isinstance(answer, Mapping) else ()
    return [value for value in values if isinstance(value, list)]
