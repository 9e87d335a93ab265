"""A release in the form in which tills are answered by it; immutable, shared by all requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dealpos_reconciler.core.provider.fingerprint import fingerprint_customer, keyed_hash
from dealpos_reconciler.core.provider.lookup import CouponTable, FoundCoupon
from dealpos_reconciler.core.provider.release import (
    Release,
    digest_document,
    parse_release,
    shown_names,
)
from dealpos_reconciler.core.provider.sentences import CashierWording
from dealpos_reconciler.core.provider.terms import code_key
from dealpos_reconciler.errors import ProviderError
from dealpos_reconciler.provider.store import PublishedRelease
from dealpos_reconciler.provider.till.wire import TillCustomer


@dataclass(frozen=True, slots=True)
class LoadedRelease:
    """The coupons, options and words of one release, with the codes key that opens it."""

    release: Release
    coupons: CouponTable = field(repr=False)
    wording: CashierWording
    zone: ZoneInfo
    key: bytes = field(repr=False)
    names: Mapping[str, str] = field(repr=False)
    """The names of the coupons for people, as `shown_names` gives them."""

    def identify(self, customer: TillCustomer) -> frozenset[str]:
        """Return the fingerprints of a customer."""
        return fingerprint_customer(
            self.key,
            email=customer.email,
            phones=customer.phones,
            code=customer.code,
            id=customer.id,
            phone_country=self.release.options.phone_country,
        )

    def mask(self, code: str, digits: int = 4) -> str:
        """Return the mark that stands for a code which no file declares: `#a91f`."""
        return f"#{keyed_hash(self.key, 'mask', code_key(code))[:digits]}"

    def name(self, code: str, found: FoundCoupon | None) -> str:
        """Return the text by which log and metrics name a code."""
        is_open = found is not None and found.terms.batch is None
        return self.names[code_key(found.terms.code)] if found and is_open else self.mask(code)

    def place(self, moment: datetime | None) -> datetime | None:
        """Return a moment in UTC; one without a zone is in the time of the shop."""
        if moment is not None and moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.zone)
        return moment and moment.astimezone(UTC)

    def limits(self) -> Mapping[str, int]:
        """Return the limit of each coupon that has one, of a batch for all its codes together."""
        return {
            code_key(terms.code): terms.limit * (terms.batch.count if terms.batch else 1)
            for terms in self.release.coupons
            if terms.limit is not None
        }


def load_release(published: PublishedRelease, key: bytes) -> LoadedRelease:
    """Return a published release, ready to answer.

    Raises ProviderError where it is damaged, was made with another codes key, or has codes or a
    time zone that cannot be served.
    """
    name = f"release {published.number}"
    if digest_document(published.document) != published.digest:
        hint = "publish it again with 'reconciler apply'"
        raise ProviderError(f"{name} is damaged: its digest differs", hint=hint)
    return prepare_release(parse_release(published.document, name), key)


def prepare_release(release: Release, key: bytes) -> LoadedRelease:
    """Return a release, ready to answer. Raises ProviderError as `load_release` does."""
    try:
        zone = ZoneInfo(release.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = "install the time zones: pip install tzdata"
        message = f"the time zone {release.timezone} is not known on this machine"
        raise ProviderError(message, hint=hint) from None
    options = release.options
    wording = CashierWording(options.language, options.messages, zone)
    coupons, names = CouponTable(release, key), shown_names(release)
    return LoadedRelease(release, coupons, wording, zone, key, names)
