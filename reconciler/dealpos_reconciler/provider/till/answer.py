"""The service: a till's question or report, the release that is served, and the store.

A yes on a coupon with a limit is held in the store before it is sent. A redemption is answered once
it is on disk. A store that fails is answered within a second by a no that is worth nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from dealpos_reconciler.core.provider.decision import (
    needs_hold,
    offer,
    refuse,
    refuse_hold,
    refuse_unknown,
)
from dealpos_reconciler.core.provider.lookup import FoundCoupon
from dealpos_reconciler.core.provider.release import Release
from dealpos_reconciler.core.provider.sentences import Trouble
from dealpos_reconciler.core.provider.terms import CouponQuestion, CouponRefusal, code_key
from dealpos_reconciler.errors import ProviderError
from dealpos_reconciler.provider.service import Answer, Call, Claim
from dealpos_reconciler.provider.store import (
    Booking,
    HoldRequest,
    HoldResult,
    PublishedRelease,
    UsageStore,
)
from dealpos_reconciler.provider.till.body import BadBody, read_object
from dealpos_reconciler.provider.till.booking import report_sale
from dealpos_reconciler.provider.till.loaded import LoadedRelease, load_release, prepare_release
from dealpos_reconciler.provider.till.wire import (
    SUCCESS,
    RedeemRequest,
    ValidateRequest,
    find_invoice,
    is_sale,
    parse_question,
    parse_sale,
    write_message,
    write_offer,
    write_refusal,
)

HOLD_SECONDS = 1.25
"""The time in which a use must be held: a cashier waits. The store gives up a little earlier, and
says why."""
BOOK_SECONDS = 5.0
"""The time in which a sale must be on disk, in the store or, where that is slow, in the spool."""

_Call = Literal["validate", "redeem", "unknown"]
_TROUBLES: Mapping[int, tuple[str, Trouble]] = {
    400: ("bad", "bad_request"),
    408: ("bad", "bad_request"),
    429: ("limited", "limited"),
}


@dataclass(slots=True)
class Provider:
    """The coupon service of one shop."""

    store: UsageStore
    key: bytes = field(repr=False)
    """The codes key, by which customers and codes of batches are known."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    loaded: LoadedRelease = field(init=False)

    def __post_init__(self) -> None:
        self.loaded = prepare_release(Release(), self.key)

    def load(self, release: PublishedRelease) -> LoadedRelease:
        """Return a release in the form that `use` takes. Raises ProviderError."""
        return load_release(release, self.key)

    def use(self, loaded: Any) -> None:
        """Answer by another release from now on; each request keeps the one it began with."""
        self.loaded = loaded

    def limits(self) -> Mapping[str, int]:
        """Return the limit of each coupon that has one, of a batch for all its codes together."""
        return self.loaded.limits()

    def names(self) -> Mapping[str, str]:
        """Return the names of the coupons for people, by `code_key` of their codes."""
        return self.loaded.names

    async def validate(self, body: bytes, closed: Container[str] = ()) -> Answer:
        """Answer Validate Coupon."""
        try:
            question = parse_question(read_object(body))
        except BadBody as bad:
            return self.turn_away("validate", 400, bad.reason)
        return await self._answer_question(question, closed)

    async def redeem(self, body: bytes, claim: Claim = "sale") -> Answer:
        """Answer Redeem Coupon, or a webhook with the same body."""
        try:
            sale = parse_sale(read_object(body))
        except BadBody as bad:
            return await self._refuse_sale(bad.reason, body)
        return await self._answer_sale(sale, body, claim)

    async def answer(self, body: bytes, closed: Container[str] = ()) -> Answer:
        """Answer a body that came to the bare address."""
        try:
            found = read_object(body)
        except BadBody as bad:
            return await self.reject("either", bad.reason, body, _digest(body), len(body))
        is_of_sale = is_sale(found)
        if is_of_sale is None:
            return self.turn_away("either", 400, "no_code")
        if is_of_sale:
            return await self._answer_sale(parse_sale(found), body)
        return await self._answer_question(parse_question(found), closed)

    async def reject(
        self, call: Call, reason: str, head: bytes, digest: str, length: int
    ) -> Answer:
        """Answer a body that did not come whole, or is too long to be read."""
        if call == "redeem" or (call == "either" and find_invoice(head)):
            return await self._refuse_sale(reason, head, digest, length)
        return self.turn_away(call, _status_of(reason), reason)

    def turn_away(self, call: Call, status: int, reason: str) -> Answer:
        """Return the answer to a call that is not looked at."""
        name: _Call = "unknown" if call == "either" else call
        result, trouble = _TROUBLES.get(status, ("unavailable", "unavailable"))
        text = self.loaded.wording.excuse(trouble)
        body = write_message(text) if call == "redeem" else write_refusal(text)
        return Answer(name, status, body, result, reason)

    async def _answer_question(self, question: ValidateRequest, closed: Container[str]) -> Answer:
        loaded = self.loaded
        if not question.code:
            return self.turn_away("validate", 400, "no_code")
        found = loaded.coupons.find(question.code)
        try:
            if code_key(question.outlet) in closed:
                answer = self.turn_away("validate", 429, "outlet")
            else:
                answer = await self._decide(loaded, found, question)
        except (TimeoutError, ProviderError) as error:
            answer = replace(self.turn_away("validate", 503, "store"), why=str(error))
        return replace(answer, code=loaded.name(question.code, found), outlet=question.outlet)

    async def _decide(
        self, loaded: LoadedRelease, found: FoundCoupon | None, question: ValidateRequest
    ) -> Answer:
        """Return yes or no; the use of a yes is held. Raises TimeoutError, ProviderError."""
        now, customer = self.clock(), loaded.identify(question.customer)
        asked = CouponQuestion(
            question.code, question.outlet, customer, question.amount, question.items
        )
        if found is None:
            return _write_no(loaded, refuse_unknown(asked, loaded.wording))
        refusal = refuse(found.terms, asked, now, loaded.wording)
        if refusal is None and needs_hold(found.terms):
            refusal = await self._hold(loaded, found, asked, now)
        if refusal is not None:
            return _write_no(loaded, refusal)
        return Answer(
            "validate", 200, write_offer(offer(found.terms, asked, loaded.wording)), "yes"
        )

    async def _hold(
        self, loaded: LoadedRelease, found: FoundCoupon, asked: CouponQuestion, now: datetime
    ) -> CouponRefusal | None:
        """Hold a use; return the refusal where none is free."""
        terms = found.terms
        request = HoldRequest(
            counter=found.counter,
            limit=terms.limit,
            limit_per_customer=terms.limit_per_customer,
            outlet=asked.outlet,
            customer=asked.customer,
            now=now,
            until=now + loaded.release.options.hold,
            reentry=terms.reentry,
        )
        async with asyncio.timeout(HOLD_SECONDS):
            made: HoldResult = await self.store.hold(request)
        if made.status == "held" or made.status == "renewed":
            return None
        return refuse_hold(
            terms, asked, made.status, loaded.wording, outlet=made.outlet, until=made.until
        )

    async def _answer_sale(self, sale: RedeemRequest, body: bytes, claim: Claim = "sale") -> Answer:
        loaded = self.loaded
        if not sale.invoice:
            return await self._refuse_sale("no_id", body)
        if not sale.code:
            return Answer("redeem", 200, SUCCESS, "no_coupon", "", "", sale.outlet, sale.number)
        try:
            async with asyncio.timeout(BOOK_SECONDS):
                booking = await self.store.book(report_sale(loaded, sale, self.clock(), claim))
            answer = Answer("redeem", 200, SUCCESS, _name_result(booking))
        except (TimeoutError, ProviderError) as error:
            answer = replace(self.turn_away("redeem", 503, "store"), why=str(error))
        code = loaded.name(sale.code, loaded.coupons.find(sale.code))
        return replace(answer, code=code, outlet=sale.outlet, number=sale.number)

    async def _refuse_sale(
        self, reason: str, head: bytes, digest: str = "", length: int = 0
    ) -> Answer:
        """Keep the outline of a redemption that cannot be understood.

        A 400 is not sent again (dealpos-api.md §12). A 408 is, as the body came too slowly, and
        so is a 503, where the outline cannot be kept.
        """
        digest, length = digest or _digest(head), length or len(head)
        # Without an ID of its own, the first one in the body would be the customer's.
        invoice = "" if reason == "no_id" else find_invoice(head)
        try:
            async with asyncio.timeout(BOOK_SECONDS):
                await self.store.dead_letter(reason, digest, length, invoice, self.clock())
        except (TimeoutError, ProviderError) as error:
            return replace(self.turn_away("redeem", 503, "store"), why=str(error))
        answer = self.turn_away("redeem", _status_of(reason), reason)
        return replace(answer, result="dead_letter")


def _write_no(loaded: LoadedRelease, refusal: CouponRefusal) -> Answer:
    status = loaded.release.options.reject_status
    return Answer("validate", status, write_refusal(refusal.message), "no", refusal.reason)


def _status_of(reason: str) -> int:
    return 408 if reason == "slow" else 400


def _name_result(booking: Booking) -> str:
    over = booking.result == "counted" and "beyond" in booking.flags
    return "beyond" if over else booking.result


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
