"""Between the declared values of provider coupons and the terms of a release.

A release holds the declared values beside the terms that were made of them, so that a plan compares
like with like, and shows what a file says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta, tzinfo
from typing import Any

from dealpos_reconciler.core.model.codec import number
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Kind, Kinds, Value
from dealpos_reconciler.core.model.masked import SecretText, is_masked, mask, reveal, reveal_all
from dealpos_reconciler.core.model.secret import HIDDEN, SECRET
from dealpos_reconciler.core.provider.batch_codes import key_check
from dealpos_reconciler.core.provider.fingerprint import fingerprint_customer
from dealpos_reconciler.core.provider.options import TillOptions
from dealpos_reconciler.core.provider.release import Release
from dealpos_reconciler.core.provider.terms import CodeBatch, Terms, code_key

_NO_CUSTOMER: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """The facts that terms follow from, besides the values of the coupon itself."""

    zone: tzinfo | None = None
    """The time zone of the shop; None where the settings have none."""
    zone_name: str = "UTC"
    options: TillOptions = field(default_factory=TillOptions)
    key: bytes | None = field(default=None, repr=False)
    """The codes key; None where the environment has none."""
    customers: Mapping[str, Value] = field(default_factory=dict, repr=False)
    """The declared customers, by code."""

    @property
    def key_check(self) -> str:
        """The text that tells the codes key from another; empty without one."""
        return key_check(self.key) if self.key else ""

    def identify(self, code: str) -> frozenset[str]:
        """Return the fingerprints of a declared customer; empty for one that is not known."""
        value = reveal_all(dict(self.customers.get(code, {})))
        if not value or self.key is None:
            return _NO_CUSTOMER
        phones = [value[name] for name in ("mobile", "phone") if value.get(name)]
        return fingerprint_customer(
            self.key,
            email=value.get("email") or "",
            phones=phones,
            code=reveal(code),
            phone_country=self.options.phone_country,
        )


def needs_key(kind: Kind, desired: Desired) -> bool:
    """Return whether a declared coupon is a batch or tells customers apart: by the codes key."""
    declared = desired.objects.get(kind.name, {}).values()
    names = ("codes", "customer", "limit_per_customer")
    return any(each.value.get(name) for each in declared for name in names)


def resolve_declared(desired: Desired, kind: Kind, kinds: Kinds, facts: ShopFacts) -> Desired:
    """Return the coupons with what they mean today: articles of a category, key of a batch.

    So a plan shows a variant that enters a category, and another key, as changes of the coupon.
    """
    articles = articles_by_category(desired, kind, kinds)
    found = {
        name: replace(declared, value=_resolve(declared.value, articles, facts))
        for name, declared in desired.objects.get(kind.name, {}).items()
    }
    return replace(desired, objects={**desired.objects, kind.name: found})


def _resolve(value: Value, articles: Mapping[str, list[str]], facts: ShopFacts) -> Value:
    if codes := value.get("codes"):
        value = {**value, "codes": {**codes, "key": facts.key_check}}
    paths = (value.get("applies_to") or {}).get("categories")
    if paths:
        named = {code for path in paths for code in articles.get(reveal(path), ())}
        applies = {**value["applies_to"], "variants": sorted(named)}
        value = {**value, "applies_to": applies}
    return value


def articles_by_category(desired: Desired, kind: Kind, kinds: Kinds) -> dict[str, list[str]]:
    """Return the declared articles in each category that a coupon names, and below it."""
    asked = {
        reveal(path)
        for declared in desired.objects.get(kind.name, {}).values()
        for path in (declared.value.get("applies_to") or {}).get("categories") or ()
    }
    found: dict[str, list[str]] = {path: [] for path in asked}
    for name, declared in desired.objects.get("variant", {}).items() if asked else ():
        owner = kinds["variant"].parent_address(declared.value)
        above = desired.get(owner) if owner else None
        path = reveal((above.value.get("category") or "") if above else "")
        for category in asked:
            if path == category or path.startswith(f"{category}/"):
                found[category].append(reveal(name))
    return found


def rows_of(release: Release, kind: Kind, desired: Desired) -> dict[str, Value]:
    """Return the published coupons as live values, under the spelling of the files."""
    spelled = {code_key(reveal(name)): name for name in desired.objects.get(kind.name, {})}
    spelled |= {code_key(reveal(name)): name for of, name in desired.removals if of == kind.name}
    rows: dict[str, Value] = {}
    for terms in release.coupons:
        key = code_key(terms.code)
        told = dict(release.declared.get(key) or {"type": terms.type, "amount": terms.amount})
        name = spelled.get(key, terms.code)
        if told.pop(SECRET, False) and key not in spelled:
            # No file hides it any more, so the release does.
            name = SecretText(terms.code, HIDDEN)
            told = {n: mask(v, HIDDEN) if isinstance(v, str) else v for n, v in told.items()}
        exact = {n: _exact(kind, n, v) for n, v in told.items()}
        # A removal compares the one flag that retires an object, whatever else is declared.
        rows[name] = {kind.identity: name, kind.retire: False, **exact}
    return rows


def _exact(kind: Kind, name: str, value: Any) -> Any:
    """Return a value of a document: an amount with cents is a text there."""
    return number(value) if name in kind.fields and kind.fields[name].money else value


def empty_value(kind: Kind, name: str) -> Any:
    """Return the value of a field that sets no condition."""
    empty = kind.fields[name].wire.codec.empty
    return empty if isinstance(empty, (bool, dict)) else None


def fill_gaps(kind: Kind, value: Value, other: Value) -> Value:
    """Return a value with the fields that only the other side has, as empty ones.

    A key that is left out of a file means that the coupon has no such condition.
    """
    names = [n for n in kind.fields if n in other and n not in value]
    return {**value, **{n: empty_value(kind, n) for n in names}} if names else value


def written_values(kind: Kind, value: Value) -> dict[str, Any]:
    """Return the values that a release holds of a coupon, without masks and empty ones."""
    hidden = {SECRET: True} if is_masked(value[kind.identity]) else {}
    return hidden | {
        name: reveal_all(item)
        for name, item in sorted(value.items())
        if name != kind.identity and item != empty_value(kind, name) and item is not None
    }


def make_terms(value: Value, facts: ShopFacts) -> Terms:
    """Return the terms of a coupon whose values were resolved."""
    told = reveal_all(dict(value))
    codes, applies = told.get("codes"), (told.get("applies_to") or {}).get("variants")
    customer = told.get("customer")
    return Terms(
        told["code"],
        told["type"],
        told["amount"],
        told.get("maximum_discount"),
        told.get("minimum_amount"),
        told.get("limit"),
        told.get("limit_per_customer"),
        _begin(told.get("from"), facts.zone),
        _end(told.get("until"), facts.zone),
        frozenset(map(code_key, told["outlets"])) if told.get("outlets") else None,
        facts.identify(customer) if customer else None,
        tuple(sorted(applies)) if applies else None,
        told.get("message") or None,
        bool(told.get("disabled")),
        told.get("reentry") or facts.options.reentry,
        CodeBatch(codes["count"], codes["length"], codes["prefix"]) if codes else None,
    )


def _begin(written: str | None, zone: tzinfo | None) -> datetime | None:
    return datetime.fromisoformat(written).replace(tzinfo=zone) if written else None


def _end(written: str | None, zone: tzinfo | None) -> datetime | None:
    """Return the first moment after the last one: the next day, or the time that is written."""
    if written and "T" not in written:
        next_day = datetime.fromisoformat(written) + timedelta(days=1)
        return datetime.combine(next_day, time.min, tzinfo=zone)
    return _begin(written, zone)
