"""The life of an invoice that used a coupon: absent, counted, voided, doubtful.

A report of DealPOS has no time (API §12), so an old message and a new one look alike. The digests
of the bodies that said `counted` tell a late duplicate from news.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dealpos_reconciler.provider.store import Booking, Flag, SaleReport

State = Literal["counted", "voided", "doubtful", "unknown_code"]
Result = Literal["counted", "again", "voided", "restored", "moved", "doubtful", "unknown_code"]

MAX_DIGESTS = 16
"""Bodies of one invoice that are remembered; the first one always is."""


@dataclass(frozen=True, slots=True)
class KnownInvoice:
    """An invoice as the store has it; `counter` is empty for an unknown code."""

    state: State
    counter: str
    flags: frozenset[Flag]
    digests: tuple[str, ...]
    """Digests of the bodies that said `counted`, the first one first."""
    seen: int = 1
    """Reports of this invoice so far; a change that was decided on an older count is repeated."""


@dataclass(frozen=True, slots=True)
class Transition:
    """The consequence of one report."""

    result: Result
    state: State
    counter: str
    flags: frozenset[Flag]
    digests: tuple[str, ...]
    gives: str = ""
    """The counter whose use is given back; empty for none."""
    takes: str = ""
    """The counter of which a use is taken; empty for none."""
    is_news: bool = True
    """False if the store has all of it already, so that nothing is written."""

    def booking(self, added: frozenset[Flag]) -> Booking:
        """Return the answer, with the flags that taking the use has added."""
        return Booking(self.result, self.flags | added)


def transition(known: KnownInvoice | None, sale: SaleReport) -> Transition:
    """Return the consequence of a report for an invoice as it is known."""
    result, state, counter = _decide(known, sale)
    before = known.counter if known and known.state == "counted" else ""
    after = counter if state == "counted" else ""
    flags, digests = _flags(known, sale, state), _digests(known, sale)
    stored = (known.state, known.counter, known.flags, known.digests) if known else ()
    return Transition(
        result,
        state,
        counter,
        flags,
        digests,
        gives=before if before != after else "",
        takes=after if before != after else "",
        is_news=stored != (state, counter, flags, digests),
    )


def _decide(known: KnownInvoice | None, sale: SaleReport) -> tuple[Result, State, str]:
    if known is None:
        return _decide_first(sale)
    if sale.state == "voided":
        return _decide_void(known, sale)
    if known.state in ("voided", "doubtful"):
        return _decide_after_void(known, sale)
    if known.state == "counted":
        return _decide_edit(known, sale)
    return ("counted", "counted", sale.counter) if sale.counter else ("again", known.state, "")


def _decide_first(sale: SaleReport) -> tuple[Result, State, str]:
    if sale.state == "voided":
        return "voided", "voided", sale.counter or ""
    if sale.counter is None:
        return "unknown_code", "unknown_code", ""
    return "counted", "counted", sale.counter


def _decide_edit(known: KnownInvoice, sale: SaleReport) -> tuple[Result, State, str]:
    """Decide on a further report of an invoice that is counted; its coupon may have changed."""
    if sale.counter == known.counter:
        is_back = "kept" in known.flags and sale.authority
        return "restored" if is_back else "again", known.state, known.counter
    if sale.digest in known.digests and not sale.authority:
        return "again", known.state, known.counter
    if sale.counter:
        return "moved", known.state, sale.counter
    if sale.authority and not sale.code:
        return "moved", "unknown_code", ""
    # An unknown code may be one that was unlisted since: its use stays where it was counted.
    return "again", known.state, known.counter


def _decide_void(known: KnownInvoice, sale: SaleReport) -> tuple[Result, State, str]:
    if known.state == "doubtful" and not sale.authority:
        return "again", known.state, known.counter
    if known.state == "counted" and "kept" in sale.flags:
        kept: Result = "again" if "kept" in known.flags else "voided"
        return kept, known.state, known.counter
    result: Result = "again" if known.state == "voided" else "voided"
    return result, "voided", known.counter


def _decide_after_void(known: KnownInvoice, sale: SaleReport) -> tuple[Result, State, str]:
    counter = sale.counter or known.counter
    if sale.authority:
        is_using = bool(sale.counter or (sale.code and known.counter))
        return ("restored", "counted", counter) if is_using else ("again", "unknown_code", "")
    if sale.state == "counted" and (not known.digests or sale.digest in known.digests):
        # The first body that arrives after its own void is the sale itself, which was overtaken.
        return "again", known.state, known.counter or counter
    result: Result = "again" if known.state == "doubtful" else "doubtful"
    return result, "doubtful", known.counter or counter


def _flags(known: KnownInvoice | None, sale: SaleReport, state: State) -> frozenset[Flag]:
    flags = set(known.flags if known else ()) | sale.flags
    flags -= {"doubtful", "unknown_code"}
    if state in ("doubtful", "unknown_code"):
        flags.add(state)
    if state != "counted" or (sale.state != "voided" and sale.authority):
        flags.discard("kept")
    return frozenset(flags)


def _digests(known: KnownInvoice | None, sale: SaleReport) -> tuple[str, ...]:
    digests = known.digests if known else ()
    if sale.state != "counted" or not sale.digest or sale.digest in digests:
        return digests
    return (*digests[:1], *digests[1:][-(MAX_DIGESTS - 2) :], sale.digest)
