"""A release: the terms of all provider coupons with the options of the till, as one document.

The document is JSON in one form only: sorted keys, no blanks, no member that has its default. It
holds what the server needs, so that no file of the catalogue is read while tills ask.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from dealpos_reconciler.core.model.codec import number
from dealpos_reconciler.core.model.secret import SECRET
from dealpos_reconciler.core.provider.options import TillOptions
from dealpos_reconciler.core.provider.terms import Terms, code_key
from dealpos_reconciler.core.provider.vocabulary import MAX_LENGTH, MIN_LENGTH
from dealpos_reconciler.errors import ProviderError

FORMAT_VERSION = 1

_AGAIN = "publish it again with 'reconciler apply'"


class ReleaseHead(TypedDict):
    """The member by which a document of a newer version is known, whatever else it holds."""

    format_version: int


@dataclass(frozen=True, slots=True)
class Release:
    """All that is served at one time."""

    coupons: tuple[Terms, ...] = ()
    """The terms, sorted by `code_key` of their codes."""
    options: TillOptions = field(default_factory=TillOptions)
    timezone: str = "UTC"
    """The name of the shop's time zone, in which a cashier reads a time."""
    key_check: str = ""
    """`batch_codes.key_check` of the codes key; empty where nothing of the release needs a key."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """The place of each coupon in the files (`promotions.yaml:40`), by `code_key` of its code."""
    declared: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The values that the terms were made of, by `code_key`: a plan compares and shows these."""
    format_version: int = FORMAT_VERSION


def shown_names(release: Release) -> dict[str, str]:
    """Return the names of the coupons for people, by `code_key`; secret codes are numbered."""
    names: dict[str, str] = {}
    secrets = 0
    codes = {code_key(terms.code): terms.code for terms in release.coupons}
    for key, code in codes.items():
        is_secret = bool(release.declared.get(key, {}).get(SECRET))
        secrets += is_secret
        names[key] = f"secret-{secrets}" if is_secret else code
    return names


def dump_release(release: Release) -> str:
    """Return the document of a release; equal releases give equal texts."""
    ordered = tuple(sorted(release.coupons, key=lambda terms: code_key(terms.code)))
    document = _plain(replace(release, coupons=ordered)) | {"format_version": FORMAT_VERSION}
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest_document(document: str) -> str:
    """Return the SHA-256 of a document in hexadecimal digits."""
    return hashlib.sha256(document.encode("utf-8", "surrogatepass")).hexdigest()


def parse_release(document: str, name: str = "the release") -> Release:
    """Return the release that a document holds.

    Raises ProviderError, naming the release and the place, where the document is damaged or of a
    newer version. An unknown member is an error: it may be a condition of a discount.
    """
    try:
        version = _shape(ReleaseHead).validate_json(document)["format_version"]
        if version > FORMAT_VERSION:
            hint = "upgrade reconciler on this machine"
            raise ProviderError(f"{name} has the newer format {version}", hint=hint)
        release: Release = _shape(Release).validate_json(document)
        release = replace(release, coupons=tuple(map(_exact, release.coupons)))
        problem = next(_problems(release), None)
        if problem is None and dump_release(release) != document:
            problem = "it was modified after it was written, or a newer version wrote it"
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        problem = f"{place or 'document'}: {first['msg']}"
    except ValueError as error:
        problem = str(error)
    if problem is not None:
        raise ProviderError(f"{name} is damaged: {problem}", hint=_AGAIN) from None
    return release


@cache
def _shape(shape: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _plain(value: Any) -> Any:
    """Return a value in the types of JSON; an amount with cents is a text, which stays exact."""
    if is_dataclass(value) and not isinstance(value, type):
        pairs = [(known, getattr(value, known.name)) for known in fields(value)]
        return {known.name: _plain(kept) for known, kept in pairs if kept != _default(known)}
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, Decimal):
        exact = number(value)
        return exact if isinstance(exact, int) else f"{exact:f}"
    return value


def _default(known: Any) -> Any:
    return known.default_factory() if callable(known.default_factory) else known.default


def _exact(terms: Terms) -> Terms:
    """Return terms with canonical amounts and with moments in UTC."""
    changes: dict[str, Any] = {}
    for name in ("amount", "maximum_discount", "minimum_amount"):
        if isinstance(value := getattr(terms, name), Decimal):
            changes[name] = number(value)
    for name in ("begins", "ends"):
        if (moment := getattr(terms, name)) is not None and moment.tzinfo is not None:
            changes[name] = moment.astimezone(UTC)
    return replace(terms, **changes) if changes else terms


def _problems(release: Release) -> Iterator[str]:
    """Yield what a coupon says that cannot be served."""
    found, names = Counter(code_key(terms.code) for terms in release.coupons), shown_names(release)
    doubles = (code_key(names[code]) for code, count in found.items() if count > 1)
    yield from (f"two coupons have the code {name}" for name in doubles)
    for terms in release.coupons:
        for problem in _problems_of(terms):
            yield f"{names[code_key(terms.code)] or 'a coupon'}: {problem}"


def _problems_of(terms: Terms) -> Iterator[str]:
    batch = terms.batch
    if not code_key(terms.code):
        yield "the code is empty"
    if terms.type == "Percentage" and terms.amount > 100:
        yield f"the percentage {terms.amount} is over 100"
    for name in ("amount", "maximum_discount", "minimum_amount", "limit", "limit_per_customer"):
        if (getattr(terms, name) or 0) < 0:
            yield f"{name} is below 0"
    for moment in (terms.begins, terms.ends):
        if moment is not None and moment.tzinfo is None:
            yield f"{moment.isoformat()} has no time zone"
    if batch and (batch.count < 1 or not MIN_LENGTH <= batch.length <= MAX_LENGTH):
        yield f"the batch has {batch.count} codes of {batch.length} characters"
