"""The coupons of the newest release with their uses, and the reports to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dealpos_reconciler.catalogue.settings import Settings
from dealpos_reconciler.core.provider.release import Release, parse_release, shown_names
from dealpos_reconciler.core.provider.terms import Terms, code_key
from dealpos_reconciler.errors import UsageError, suggestion
from dealpos_reconciler.provider.rows import batch_of
from dealpos_reconciler.provider.store import InvoiceRow, UsageStore
from dealpos_reconciler.workflows.provider.reading import connect_provider
from dealpos_reconciler.workflows.provider.stored import ask_store, has_store

MAX_FLAGGED = 50
"""Flagged reports that are shown, the newest ones."""


@dataclass(frozen=True, slots=True)
class CouponStatus:
    """One coupon and its counts; of a batch, those of all its codes together."""

    name: str
    """Its code, or a number where that is a secret."""
    terms: Terms
    used: int
    held: int
    flagged: int

    @property
    def key(self) -> str:
        """Return the name under which it is counted."""
        return code_key(self.terms.code)

    @property
    def limit(self) -> int | None:
        """Return the uses that it allows, all codes of a batch together."""
        if self.terms.limit is None or self.terms.batch is None:
            return self.terms.limit
        return self.terms.limit * self.terms.batch.count


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """A provider as it is now."""

    place: str
    number: int
    """The newest release; 0 where none is published."""
    published: datetime | None
    commit: str
    settled: datetime | None
    coupons: Sequence[CouponStatus]
    others: int
    """Uses of coupons that the release does not have any more."""
    names: Mapping[str, str]
    """The coupons for people, by `code_key`."""
    flagged: Sequence[InvoiceRow] | None
    """The newest reports with a flag; None where the store is not on this machine."""


def read_status(settings: Settings, code: str | None = None) -> ProviderStatus:
    """Return the state of a provider, or of one coupon of it.

    Raises ProviderError for the provider, UsageError for a coupon that it does not have.
    """
    client = connect_provider(settings)
    state = client.read_state()
    newest = state.release
    release = parse_release(newest.document, f"release {newest.number}") if newest else Release()
    names = shown_names(release)
    wanted = release.coupons if code is None else [_find(release, code, names)]
    found = []
    for terms in wanted:
        usage = state.usage.get(code_key(terms.code))
        counts = (usage.used, usage.held, usage.flagged) if usage else (0, 0, 0)
        found.append(CouponStatus(names[code_key(terms.code)], terms, *counts))
    others = sum(usage.used for name, usage in state.usage.items() if name not in names)
    return ProviderStatus(
        client.place,
        newest.number if newest else 0,
        newest.published if newest else None,
        newest.commit if newest else "",
        state.settled,
        found,
        others if code is None else 0,
        names,
        _read_flagged(settings, {coupon.key for coupon in found} if code else None),
    )


def _find(release: Release, code: str, names: Mapping[str, str]) -> Terms:
    for terms in release.coupons:
        if code_key(terms.code) == code_key(code):
            return terms
    hint = (
        suggestion(code, list(names.values())) or "'reconciler provider status' lists the coupons"
    )
    raise UsageError("the release has no coupon with this code", hint=hint)


def _read_flagged(settings: Settings, counters: set[str] | None) -> Sequence[InvoiceRow] | None:
    if settings.provider.url or not has_store(settings):
        return None

    async def read(store: UsageStore) -> Sequence[InvoiceRow]:
        return await store.invoices(flagged=True)

    rows = ask_store(settings, read)
    own = [r for r in rows if counters is None or (batch_of(r.counter) or r.counter) in counters]
    return own[-MAX_FLAGGED:]
