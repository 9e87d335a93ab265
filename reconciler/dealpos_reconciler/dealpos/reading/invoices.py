"""The invoices of some days, for a settlement: two lists, and single ones by their ID.

The fields of a row are undocumented (dealpos-api.md §16), and with them the mark of a cancelled
invoice. So the active and the cancelled ones are listed apart: their filter is documented.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Required

from typing_extensions import TypedDict

from dealpos_reconciler.core.model.field import Identity, one_key
from dealpos_reconciler.core.model.kind import Kind, Listing, Reads
from dealpos_reconciler.core.model.types import Code
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.operations import may_mean_not_found
from dealpos_reconciler.dealpos.reading.paging import MAX_PAGES, Page, read_pages
from dealpos_reconciler.errors import Rejected

DETAIL = "invoice.by_id"
"""The operation that reads one invoice."""

Raw = Mapping[str, Any]


class _InvoiceRow(TypedDict, total=False):
    id: Required[Annotated[Code, Identity(), one_key("ID")]]


@dataclass(frozen=True, slots=True)
class ListedInvoice:
    """One row of a list, and which list it was."""

    row: Raw
    is_cancelled: bool


class InvoiceLists:
    """Both lists of some days. The first page of each is read at once: it tells how many follow."""

    def __init__(self, client: Client, first: date, last: date) -> None:
        """Read the first pages. Raises ApiError."""
        days = {"From": first.isoformat(), "To": last.isoformat()}
        self._lists = [
            (is_cancelled, _read(client, {**days, "Status": status}))
            for status, is_cancelled in (("Active", False), ("Cancelled", True))
        ]
        self._firsts: list[Page | None] = [next(pages, None) for _, pages in self._lists]

    @property
    def invoices(self) -> int:
        """Return how many invoices the lists have, as far as their totals tell."""
        pages = [page.rows for page in self._firsts if page]
        return sum(len(rows.rows) if rows.total is None else rows.total for rows in pages)

    @property
    def pages_left(self) -> int:
        """Return how many pages follow, as far as the totals tell."""
        pages = [page for page in self._firsts if page and not page.last]
        return sum(page.rows.expected_pages - 1 for page in pages)

    def rows(self) -> Iterator[ListedInvoice]:
        """Yield every row, and read the other pages meanwhile. Raises ApiError."""
        for first, (is_cancelled, pages) in zip(self._firsts, self._lists, strict=True):
            for page in (first, *pages) if first else ():
                yield from (ListedInvoice(row, is_cancelled) for row in page.rows.rows)


def _read(client: Client, constants: Mapping[str, str]) -> Iterator[Page]:
    listing = Listing("invoice.list", constants=constants)
    kind = Kind("invoice", _InvoiceRow, Reads(listing=listing))
    return read_pages(
        client, kind, lambda seen, page: False, listing, lambda seen, largest: MAX_PAGES
    )


def read_invoice(client: Client, invoice: str, *, exists: bool = False) -> Raw | None:
    """Return one invoice; None where the shop says that it has none with this ID.

    `exists` tries every documented form until one shows an invoice. Raises ApiError.
    """
    try:
        answer = client.call(DETAIL, {"ID": invoice}, exists=exists)
    except Rejected as error:
        if may_mean_not_found(error):
            return None
        raise
    return answer if isinstance(answer, Mapping) and answer else None


def can_deny(client: Client, known: Sequence[str]) -> bool:
    """Return whether "not found" can be believed: this shop has shown an invoice by its ID.

    One of `known`, which the lists have shown, is read where none was yet. Raises ApiError.
    """
    if DETAIL in client.routes.shown:
        return True
    return bool(known) and read_invoice(client, known[0], exists=True) is not None
