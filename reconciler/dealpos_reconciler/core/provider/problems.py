"""Mistakes in declared provider coupons that the files alone tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Declared, Desired
from dealpos_reconciler.core.model.kind import Kind, Kinds
from dealpos_reconciler.core.model.masked import reveal, reveal_all
from dealpos_reconciler.core.provider.declared import articles_by_category
from dealpos_reconciler.core.provider.terms import code_key


class DeclaredProblem(NamedTuple):
    """Something in a declared coupon that cannot be: where inside it, what, and a way out."""

    address: Address
    path: tuple[str | int, ...]
    message: str
    hint: str


def find_problems(
    desired: Desired, kind: Kind, kinds: Kinds, zone: tzinfo | None
) -> Iterator[DeclaredProblem]:
    """Yield what declared coupons say that cannot be, as far as the files alone tell."""
    coupons = desired.objects.get(kind.name, {})
    articles = articles_by_category(desired, kind, kinds)
    seen: dict[str, Address] = {
        code_key(reveal(name)): Address(other.name, name)
        for other in kinds.values()
        if other.discount and other is not kind
        for name in desired.objects.get(other.name, {})
    }
    for name, declared in coupons.items():
        address = Address(kind.name, name)
        first = seen.setdefault(code_key(reveal(name)), address)
        if first != address:
            message = f"{address} has the same code as {first}"
            hint = "a till compares codes without case: keep one"
            yield DeclaredProblem(address, (kind.identity,), message, hint)
        yield from _find_wrong_times(address, declared, zone)
        yield from _find_unknown_targets(address, declared, desired, articles)


def note_phones(desired: Desired, kind: Kind, phone_country: str) -> Iterator[str]:
    """Yield a note on coupons for which one phone number may be that of two customers.

    No country is assumed: a till writes a number with its country code or without (API §12).
    """
    found = [
        f"{kind.name}/{name}"
        for name, declared in sorted(desired.objects.get(kind.name, {}).items())
        if declared.value.get("customer") or declared.value.get("limit_per_customer")
    ]
    if found and not phone_country:
        more = f" and {len(found) - 1:,} more" if len(found) > 1 else ""
        yield (
            f"{found[0]}{more}: a phone number with its country code and the same one without it "
            "are two customers. Set `provider.phone_country` in reconciler.yaml"
        )


def _find_wrong_times(
    address: Address, declared: Declared, zone: tzinfo | None
) -> Iterator[DeclaredProblem]:
    for name in ("from", "until"):
        written = reveal_all(declared.value.get(name))
        if written and zone is None:
            message = f"{address}: `{name}` needs the time zone of the shop"
            hint = "set `timezone: Asia/Jakarta` in reconciler.yaml"
            yield DeclaredProblem(address, (name,), message, hint)
            return
        if written and zone is not None and not _exists(written, zone):
            message = f"{address}: `{name}` does not exist in the time zone: clocks skip {written}"
            yield DeclaredProblem(address, (name,), message, "write the hour after it")


def _exists(written: str, zone: tzinfo) -> bool:
    moment = datetime.fromisoformat(written)
    return (
        moment.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == moment
    )


def _find_unknown_targets(
    address: Address,
    declared: Declared,
    desired: Desired,
    articles: Mapping[str, list[str]],
) -> Iterator[DeclaredProblem]:
    value = declared.value
    if customer := value.get("customer"):
        known = desired.get(Address("customer", customer))
        told = known.value if known else {}
        if not any(told.get(name) for name in ("email", "mobile", "phone")):
            message = f"{address} is for customer/{customer}, of whom no file declares an email or "
            hint = "declare the customer with an email or a mobile: a till sends these"
            yield DeclaredProblem(address, ("customer",), f"{message}a phone number", hint)
    for index, path in enumerate((value.get("applies_to") or {}).get("categories") or ()):
        if not articles.get(reveal(path)):
            message = f"{address}: no file declares a variant in the category `{path}`"
            hint = "declare the variants, or name them under `applies_to.variants`"
            yield DeclaredProblem(address, ("applies_to", "categories", index), message, hint)
