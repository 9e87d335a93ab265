"""A publication: the one request that replaces the release of all provider coupons.

A release is immutable. The next one holds what the plan changes, and everything else as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta

from dealpos_reconciler.core.diff.change import Change
from dealpos_reconciler.core.model.address import Source
from dealpos_reconciler.core.model.kind import Kind, Value
from dealpos_reconciler.core.model.masked import reveal
from dealpos_reconciler.core.provider.declared import ShopFacts, make_terms, written_values
from dealpos_reconciler.core.provider.lookup import CouponTable
from dealpos_reconciler.core.provider.release import Release, digest_document, dump_release
from dealpos_reconciler.core.provider.terms import Terms, code_key


@dataclass(frozen=True, slots=True)
class Publication:
    """A release that a plan publishes, after the one that the plan was made from."""

    place: str
    """The provider, for people: its host, or the path of its store."""
    previous: int
    """The number of the release that it follows; 0 where none is published."""
    digest: str
    """The digest of the document, by which a saved plan knows it again."""
    document: str = field(default="", repr=False)
    settings: tuple[str, ...] = ()
    """The changes that no change of a coupon shows, for people."""

    @property
    def number(self) -> int:
        """The number of the release."""
        return self.previous + 1


def compose_publication(
    place: str,
    previous: int,
    before: Release | None,
    rows: Mapping[str, Value],
    changes: Collection[Change],
    kind: Kind,
    facts: ShopFacts,
    declared: Collection[str],
) -> Publication | None:
    """Return the release with these changes; None where it would be the published one.

    `rows` are the published coupons by name. The terms of those that are `declared` follow from
    the facts of today; those that no file declares stay as they were. Raises ProviderError where
    one code would open two coupons.
    """
    old = before or Release()
    terms = {code_key(coupon.code): coupon for coupon in old.coupons}
    values = {code_key(reveal(name)): value for name, value in rows.items()}
    sources = dict(old.sources)
    changed = {}
    for change in changes:
        key = code_key(reveal(change.address.name))
        changed[key] = change
        values.pop(key, None)
        sources.pop(key, None)
        if change.after is not None:
            values[key] = change.after
            if change.source:
                sources[key] = _place(change.source)
    known = {code_key(reveal(name)) for name in declared} | changed.keys()
    made = {
        key: make_terms(value, facts) if key in known else terms[key]
        for key, value in values.items()
    }
    needs = any(each.batch or each.customer or each.limit_per_customer for each in made.values())
    release = Release(
        tuple(made[key] for key in sorted(made)),
        facts.options,
        facts.zone_name,
        (facts.key_check or old.key_check) if needs else "",
        sources,
        {key: written_values(kind, value) for key, value in sorted(values.items())},
    )
    document = dump_release(release)
    if (before is None and not made) or (before and document == dump_release(before)):
        return None
    if facts.key is not None:
        CouponTable(release, facts.key)  # a release that cannot be served is not planned
    names = {key: f"{kind.name}/{value[kind.identity]}" for key, value in values.items()}
    settings = tuple(_explain_settings(old, release, names, changed)) if before else ()
    if before and not (changed or settings):
        settings = ("the form of the release",)
    return Publication(place, previous, digest_document(document), document, settings)


def _place(source: Source) -> str:
    return f"{source.file}:{source.line}"


def _explain_settings(
    old: Release, new: Release, names: Mapping[str, str], changed: Collection[str]
) -> Iterator[str]:
    """Yield the changes of a release that no change of a coupon shows."""
    for known in fields(new.options):
        before, after = (getattr(side.options, known.name) for side in (old, new))
        if before != after:
            yield f"{known.name} {_say(before)} → {_say(after)}"
    if old.timezone != new.timezone:
        yield f"timezone {old.timezone} → {new.timezone}"
    if old.key_check and new.key_check and old.key_check != new.key_check:
        yield "the codes key is another one"
    former = {code_key(terms.code): terms for terms in old.coupons}
    told = {"begins", "ends"} if old.timezone != new.timezone else set()
    told |= {"reentry"} if old.options.reentry != new.options.reentry else set()
    is_same = old.key_check == new.key_check
    is_same &= old.options.phone_country == new.options.phone_country
    told |= set() if is_same else {"customer"}
    for terms in new.coupons:
        was = former.get(code_key(terms.code))
        if was and code_key(terms.code) not in changed and (moved := _find_moved(was, terms, told)):
            yield f"{names[code_key(terms.code)]}: other {', '.join(moved)}"


def _find_moved(before: Terms, after: Terms, told: Collection[str]) -> list[str]:
    """Return the terms that differ without a change of the coupon, in words."""
    words = {"customer": "email or phone of its customer", "applies_to": "articles"}
    return [
        words.get(known.name, known.name)
        for known in fields(after)
        if known.name not in told and getattr(before, known.name) != getattr(after, known.name)
    ]


def _say(value: object) -> str:
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        return f"{seconds}s" if seconds % 60 else f"{seconds // 60}m"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return ", ".join(sorted(value)) or "none"
    return str(value) if value != "" else "none"
