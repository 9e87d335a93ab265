"""The coupons of a release by their codes, codes of batches included."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace

from dealpos_reconciler.core.provider.batch_codes import (
    batch_counter,
    derive_codes,
    fold_code,
    key_check,
)
from dealpos_reconciler.core.provider.release import Release, shown_names
from dealpos_reconciler.core.provider.terms import Terms, code_key
from dealpos_reconciler.errors import ProviderError


@dataclass(frozen=True, slots=True)
class FoundCoupon:
    """The coupon of a code."""

    terms: Terms
    counter: str
    """The name under which its uses are counted."""


def name_counter(counter: str, names: Mapping[str, str]) -> str:
    """Return the name of a counter for people, in lower case; empty if it is not published.

    The names are those of `shown_names`. A counter that is not published may have been secret.
    """
    batch, slash, number = counter.rpartition("/")
    if counter in names:
        return code_key(names[counter])
    return f"{code_key(names[batch])}/{number}" if slash and batch in names else ""


class CouponTable:
    """The coupons of one release; immutable, so that requests may share it."""

    def __init__(self, release: Release, key: bytes) -> None:
        """Derive the codes of all batches.

        Raises ProviderError for another codes key, and where one code would open two coupons.
        """
        if release.key_check and release.key_check != key_check(key):
            hint = "set RECONCILER_CODES_KEY to the key that the release was published with"
            raise ProviderError("the release was made with another codes key", hint=hint)
        coupons, self._shown = release.coupons, shown_names(release)
        self._named = {code_key(one.code): one for one in coupons if one.batch is None}
        self._batches = [one for one in coupons if one.batch is not None]
        self._firsts: list[int] = []
        self._codes: dict[str, int] = {}
        for terms in self._batches:
            self._derive(terms, key)
        self._refuse_doubles()

    def find(self, code: str) -> FoundCoupon | None:
        """Return the coupon of a code as a cashier enters it; the name of a batch opens nothing."""
        if terms := self._named.get(code_key(code)):
            return FoundCoupon(terms, code_key(terms.code))
        if (number := self._codes.get(fold_code(code))) is None:
            return None
        place = bisect_right(self._firsts, number) - 1
        terms = self._batches[place]
        return FoundCoupon(terms, batch_counter(terms.code, number - self._firsts[place] + 1))

    def _derive(self, terms: Terms, key: bytes) -> None:
        """Add the codes of one batch, each in the form of `fold_code`."""
        if terms.batch is None:
            return
        folded = replace(terms.batch, prefix=fold_code(terms.batch.prefix))
        before = len(self._codes)
        self._firsts.append(before)
        codes = (code.lower() for code in derive_codes(key, terms.code, folded))
        self._codes.update(zip(codes, range(before, before + folded.count), strict=True))
        if len(self._codes) < before + folded.count:
            message = f"a code of the batch {self._name(terms)} is also a code of another batch"
            raise ProviderError(message, hint="give the batch another prefix")

    def _name(self, terms: Terms) -> str:
        return self._shown[code_key(terms.code)]

    def _refuse_doubles(self) -> None:
        """Refuse the code of a coupon that a batch has, as a code or as the name of its uses."""
        batches = {code_key(terms.code) for terms in self._batches}
        for code, terms in self._named.items():
            if fold_code(code) in self._codes:
                message = f"{self._name(terms)} is also a code of a batch"
                raise ProviderError(message, hint="give the coupon another code")
            name, slash, number = code.rpartition("/")
            if slash and name in batches and number.isdecimal():
                shown = code_key(self._shown[name])
                message = f"{self._name(terms)} also names the uses of a code of the batch {shown}"
                raise ProviderError(message, hint="give the coupon another code")
