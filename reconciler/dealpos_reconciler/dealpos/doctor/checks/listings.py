"""Checks of listings: page size, and the objects that a listing or a parent leaves out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from dealpos_reconciler.core.model.kind import Kind, Kinds
from dealpos_reconciler.dealpos.doctor.evidence import Evidence, Purpose, Question, Reply
from dealpos_reconciler.dealpos.doctor.finding import CheckResult, ok, skip, warning
from dealpos_reconciler.dealpos.rows import Row

PAGE_SIZE = "page size"
RETIRED = "discontinued objects listed"
DOUBLES = "objects with one code or email"

_READ_TO_THE_END = "no action needed: lists are read to their end, with more requests"
_LOOKED_UP = (
    "no action needed: objects missing from the list are looked up one by one (1 request each)"
)


def check_page_size(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Report the largest page that is served (dealpos-api.md §13: mostly undocumented)."""
    lists = [q for q in evidence.questions_for(Purpose.LISTING) if q.is_answered and q.size]
    if not lists:
        yield skip(PAGE_SIZE, "skipped: no list with pages has answered")
        return
    caps = [text for question in lists for text in _caps(evidence, question)]
    longest = max(lists, key=lambda question: len(question.rows))
    rows = len(longest.rows)
    if caps:
        yield warning(PAGE_SIZE, "; ".join(dict.fromkeys(caps)), _READ_TO_THE_END)
    elif rows >= longest.size:
        yield ok(PAGE_SIZE, f"{longest.operation} returns pages of {rows:,}")
    elif not rows or _has_ended(evidence, longest):
        fits = f"every list fits on one page (the longest has {rows:,} rows)"
        found = f"requested {longest.size:,}; {fits}, so a smaller limit cannot be seen"
        yield ok(PAGE_SIZE, found)
    else:
        found = f"{longest.operation}: requested {longest.size:,}, got {rows:,}"
        yield warning(PAGE_SIZE, f"{found}; it is unknown whether there are more", _READ_TO_THE_END)


def check_retired_objects(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Check whether lists include retired objects (dealpos-api.md §14 #21: undocumented)."""
    listed, hidden, unseen = [], [], []
    for kind in kinds.values():
        listing = evidence.question(kind.name, Purpose.LISTING)
        if not (kind.retire and kind.reads.hides and listing and listing.rows):
            continue
        if any(kind.is_retired(row) for row in listing.rows):
            listed.append(listing.operation)
        elif name := _find_unlisted_child(evidence, kind, listing):
            hidden.append(f"{listing.operation} leaves out the discontinued {kind.name} {name}")
        else:
            unseen.append(listing.operation)
    if hidden:
        yield warning(RETIRED, "; ".join(hidden), _LOOKED_UP)
    elif unseen:
        also = f"; listed by {' and '.join(listed)}" if listed else ""
        found = f"none in {' and '.join(unseen)}: the shop has none, or the list hides them{also}"
        yield warning(RETIRED, found, _LOOKED_UP)
    elif listed:
        yield ok(RETIRED, f"listed by {' and '.join(listed)}")
    else:
        step = "run the doctor again when the shop has an object"
        yield warning(RETIRED, "skipped: every list is empty", step)


def check_nested_children(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Check whether reads of a parent include its retired children.

    Undocumented, as dealpos-api.md §14 #21 is. Plans rest on it, because an update of a product
    may delete the variants that it does not list (dealpos-api.md §6.2).
    """
    for kind in kinds.values():
        if kind.parent and kind.retire:
            check = f"{kind.retire} {kind.collection} in {kinds[kind.parent.kind].collection}"
            yield _check_children(check, evidence, kind, kind.parent.kind)


def check_default_filter(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Check whether a listing hides objects that its filter shows (dealpos-api.md §10: coupons)."""
    for kind in kinds.values():
        listing = kind.reads.listing
        if listing is None or not listing.wider:
            continue
        check = f"expired {kind.collection} listed"
        first = evidence.question(kind.name, Purpose.LISTING)
        wider = evidence.question(kind.name, Purpose.WIDER)
        if first is None or wider is None:
            yield skip(check, f"skipped: {listing.operation} does not answer")
        elif wider.reply is Reply.UNASKED:
            yield skip(check, wider.failure, wider.hint) if wider.hint else skip(check)
        else:
            name, value = next(iter(listing.wider.constants.items()))
            yield _compare_filter(check, kind, (first, wider), f"{name}={value}")


def check_doubles(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Report names that two objects have, and values that should be unique and are not."""
    step = "delete or correct one of each pair in DealPOS; 'reconciler plan' names them"
    for kind in kinds.values():
        listing = evidence.question(kind.name, Purpose.LISTING)
        for field in (f for f in kind.fields.values() if f.identity or f.unique):
            values = [kind.peek(field.name, row) for row in (listing.rows if listing else ())]
            count = sum(n > 1 for n in Counter(v for v in values if v).values())
            if count:
                what = kind.collection or kind.name
                yield warning(DOUBLES, f"{count:,} shared `{field.name}` among the {what}", step)


def _caps(evidence: Evidence, question: Question) -> Iterator[str]:
    """Yield what a list shows of a page limit: a refusal, or fewer rows than there are."""
    if question.refused_sizes:
        sizes = ", ".join(f"{size:,}" for size in question.refused_sizes)
        yield f"pages of {sizes} are refused, {question.size:,} is accepted"
    if question.larger_page_rows:
        yield (
            f"a page of more than {question.size:,} returns only {question.larger_page_rows:,} rows"
        )
    second = evidence.question(question.kind, Purpose.SECOND_PAGE)
    rows, has_more = len(question.rows), second is not None and second.shows_more_than(question)
    if rows >= question.size:
        return
    found = f"{question.operation}: requested {question.size:,}, got {rows:,}"
    if question.total is None:
        if has_more:
            yield f"{found}, and a second page has more"
    elif 0 < rows < question.total:
        repeats = second is not None and second.is_answered and not has_more
        suffix = ": a second page shows nothing new" if repeats else ""
        yield f"{found} of {question.total:,}{suffix}"


def _find_unlisted_child(evidence: Evidence, kind: Kind, listing: Question) -> str | None:
    """Return a retired child that its parent shows and its own complete list does not."""
    if listing.total is None or len(listing.rows) < listing.total:
        return None
    return _find_retired(kind, evidence.children(kind), listing.rows)


def _find_retired(kind: Kind, rows: Iterable[Row], others: Iterable[Row]) -> str | None:
    known = {kind.identity_of(row) for row in others}
    names = (kind.identity_of(row) for row in rows if kind.is_retired(row))
    return next((name for name in names if name not in known), None)


def _check_children(check: str, evidence: Evidence, kind: Kind, parent: str) -> CheckResult:
    rows = list(evidence.children(kind))
    if seen := _find_retired(kind, rows, ()):
        return ok(check, f"returned with their {parent}, such as {seen}")
    if not rows:
        found = f"skipped: the shop has no {parent} with {kind.collection}"
        return warning(check, found, "run the doctor again when it has one")
    listing = evidence.question(parent, Purpose.LISTING)
    missing = _find_retired(kind, evidence.rows(kind.name), rows)
    if missing and listing and _has_ended(evidence, listing):
        found = (
            f"no {parent} in {listing.operation} has the {kind.retire} {kind.name} {missing}"
            f": either the {parent} leaves it out, or the list its {parent}"
        )
    else:
        found = f"none in any {parent}: the shop has none, or reads leave them out"
    step = (
        f"declare {kind.retire} {kind.collection}, so that an update of their {parent} names "
        "them too"
    )
    return warning(check, found, step)


def _has_ended(evidence: Evidence, listing: Question) -> bool:
    """Return whether the first page is known to be the whole list."""
    if listing.total is not None:
        return len(listing.rows) >= listing.total
    second = evidence.question(listing.kind, Purpose.SECOND_PAGE)
    return second is not None and second.is_answered and not second.shows_more_than(listing)


def _compare_filter(
    check: str, kind: Kind, pages: tuple[Question, Question], wider_filter: str
) -> CheckResult:
    first, wider = pages
    if not wider.is_answered:
        return warning(check, f"unknown: {wider_filter} is refused ({wider.detail})", _LOOKED_UP)
    listed = {kind.identity_of(row) for row in first.rows}
    more = [name for row in wider.rows if (name := kind.identity_of(row)) and name not in listed]
    if len(wider.rows) > len(first.rows) and more:
        # A page of the same size has more rows, so the plain list was not cut: it has ended.
        count = f"{len(more):,} {kind.name if len(more) == 1 else kind.collection}"
        found = f"{first.operation} hides {count} that {wider_filter} returns, such as {more[0]}"
        return warning(check, found, _LOOKED_UP)
    if more or len(wider.rows) < len(first.rows):
        found = f"unknown: {wider_filter} returns fewer or other {kind.collection}"
        return warning(check, found, _LOOKED_UP)
    return ok(check, f"{wider_filter} returns no {kind.name} that {first.operation} hides")
