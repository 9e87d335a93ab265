"""The difference between what is declared and what is live, and which differences are harmless.

`==` finds what differs, also in maps of scalars. DeepDiff explains a difference between maps of
lists, and is imported here alone, for those alone: it takes seconds for 10,000 objects.

A harmless rewrite by the server leaves the meaning: white space trimmed or collapsed, letter case,
the Unicode form of a text, a sum of money rounded to a whole unit or a coin, an image under another
host.
A value that is lower by a percentage, a text that is cut, or anything about who may use a coupon is
none of these.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from typing import Any
from unicodedata import normalize
from urllib.parse import urlsplit

from dealpos_reconciler.core.diff.change import Action, Change, FieldChange, iterate_leaves
from dealpos_reconciler.core.model.codec import TEXT
from dealpos_reconciler.core.model.field import Field
from dealpos_reconciler.core.model.kind import Kind, Value
from dealpos_reconciler.core.model.live import Observed, overlay
from dealpos_reconciler.core.model.masked import Path, reveal_all, value_at

COINS = (10, 50, 100, 500)
"""Units to which a shop may round a price; no fact of the API."""

MAX_ROUNDING_PERCENT = 5
"""The largest share of a sum by which a rounding changes it."""

_IN_THE_PLACE = "?.\ufffd"
"""Characters that stand for others: those that cannot be stored, and the end of a text."""

_BLANKS = re.compile(r"[^\S\n]+")
_SPACE = re.compile(r"\s+")


def is_unchanged(kind: Kind, declared: Value, live: Observed) -> bool:
    """Return whether an object needs no change and no note, like nearly all of a shop."""
    return live.contains(declared) and declared.keys().isdisjoint(kind.uncompared_fields)


def compare_fields(
    kind: Kind, declared: Value, live: Value, moved: Collection[str] = ()
) -> tuple[FieldChange, ...]:
    """Return the changes that make `live` as declared, without invisible white space.

    Compares only fields that are declared, that can be compared, and that the shop showed; and
    `moved` ones, which a difference in what was written last lets compare.
    """
    return tuple(_find_visible(kind, declared, live, moved))


def differs(kind: Kind, declared: Value, live: Value, moved: Collection[str] = ()) -> bool:
    """Return whether `compare_fields` finds a change; it stops at the first one."""
    # Nearly every object of a shop is equal as a whole.
    if declared.items() <= live.items():
        return False
    return next(_find_visible(kind, declared, live, moved), None) is not None


def _find_visible(*sides: Any) -> Iterator[FieldChange]:
    for found in find_differences(*sides):
        if not differs_in_whitespace_only(sides[0], found.path, found.after, found.before):
            yield found


def find_differences(
    kind: Kind, declared: Value, live: Value, moved: Collection[str] = ()
) -> Iterator[FieldChange]:
    """Yield the differences to the letter, white space included."""
    # Nearly every object of a shop is equal as a whole.
    for name, after in () if declared.items() <= live.items() else declared.items():
        field = kind.fields[name]
        if name in live and live[name] != after and (field.comparable or name in moved):
            yield from _explain(kind, field, live[name], after)


def equivalent_rewrites(
    kind: Kind, change: Change, live: Value, *, settled: bool = False
) -> dict[Path, tuple[Any, Any]]:
    """Return the values that the shop keeps in an equivalent form: as written, as kept.

    With `settled`, reads are believed to have caught up: a value that equals the former one is
    stored, not old, and so is what is left of a text. Of a text that equals the former one nobody
    knows whether it was cut or the write was ignored.
    """
    before = {} if settled else change.before or {}
    equivalent, others = dict[Path, tuple[Any, Any]](), dict[Path, tuple[Any, Any]]()
    for found in find_differences(kind, change.provable(live), live):
        pair, former = (found.after, found.before), value_at(before, found.path)
        is_same = is_equivalent_rewrite(kind, found.path, *pair, former)
        if is_same or (settled and _is_cut(kind, found, change.before or {})):
            equivalent[found.path] = pair
        elif found.before != former and _is_sum(kind, found.path, pair):
            others[found.path] = pair
    rounded = [pair for path, pair in equivalent.items() if _is_sum(kind, path, pair)]
    # 33 that becomes 50 proves nothing by itself, but a price beside it tells what the coins are.
    small = {path: pair for path, pair in others.items() if rounded and _coins([*rounded, pair])}
    return {**equivalent, **small}


def _is_cut(kind: Kind, found: FieldChange, before: Value) -> bool:
    """Return whether a shop keeps a part of a text: cut, or without what it does not store.

    A field that follows its parent's is none: what is read may be the parent's.
    """
    written, kept, former = found.after, found.before, value_at(before, found.path)
    if not (isinstance(written, str) and isinstance(kept, str) and kept not in ("", former)):
        return False
    own = kind.parent is None or found.path[0] not in kind.parent.follows
    return own and kind.update is not None and _prose(kind, found.path) and _is_left(written, kept)


def _is_left(written: str, kept: str) -> bool:
    """Return whether the characters of one text come in the other, in this order."""
    from html import unescape

    rest = iter(normalize("NFKD", _fold(reveal_all(written))))
    left = normalize("NFKD", _fold(unescape(kept)))
    return all(character in rest for character in left if character not in _IN_THE_PLACE)


def _is_sum(kind: Kind, path: Path, pair: tuple[Any, Any]) -> bool:
    """Return whether a sum of money, which is no term of a coupon, is kept as another one."""
    is_money = kind.fields[path[0]].money and path[0] not in kind.must_match_on_readback
    return is_money and all(type(value) in (int, Decimal) for value in pair) and pair[1] > 0


def _coins(pairs: Iterable[tuple[Any, Any]]) -> list[int]:
    """Return the coins that explain each of the sums, as written and as kept."""
    pairs = list(pairs)
    return [c for c in COINS if all(not kept % c and abs(sent - kept) < c for sent, kept in pairs)]


def _explain(kind: Kind, field: Field, before: Any, after: Any) -> Iterator[FieldChange]:
    action, reason = Action.UPDATE, None
    if kind.update is None:
        action, reason = Action.REPLACE, f"DealPOS cannot update a {kind.name}"
    elif field.immutable_reason:
        action, reason = Action.REPLACE, field.immutable_reason
    elif field.name == kind.retire and after:
        action = Action.RETIRE
    parts: Iterable[tuple[Path, Any, Any]] = [((), before, after)]
    if isinstance(after, dict):
        parts = _compare_nested(keep_declared_members(before, after), after)
    for path, old, new in parts:
        name = (field.name, *path)
        forced = kind.explain_replacement and kind.explain_replacement(".".join(name), old, new)
        yield FieldChange(
            name, old, new, *((Action.REPLACE, forced) if forced else (action, reason))
        )


def keep_declared_members(live: Any, declared: Any) -> Any:
    """Return a keyed map cut to the declared part: all keys, and the declared members of each."""
    return {
        key: {m: v for m, v in entry.items() if m in declared[key]}
        if key in declared and isinstance(entry, dict)
        else entry
        for key, entry in (live.items() if isinstance(live, dict) else ())
    }


def _compare_nested(before: Any, after: Any) -> Iterator[tuple[Path, Any, Any]]:
    """Yield each leaf that differs in two maps."""
    if not any(isinstance(inner, list) for side in (before, after) for inner in side.values()):
        yield from _compareiterate_leaves((), before, after)
        return
    from deepdiff import DeepDiff

    plain = reveal_all(after)  # a value under a mask has a type of its own
    tree = DeepDiff(before, plain, view="tree", ignore_numeric_type_changes=True)
    found = set[Path]()
    for level in (level for levels in tree.values() for level in levels):
        path = level.path(output_format="list")
        # A list is one value: say what it was and what it becomes, not which index moved.
        depth = next((i for i, step in enumerate(path) if isinstance(step, int)), len(path))
        found.add(tuple(str(step) for step in path[:depth]))
    for path in sorted(found):
        yield from _compareiterate_leaves(path, value_at(before, path), value_at(after, path))


def _compareiterate_leaves(path: Path, before: Any, after: Any) -> Iterator[tuple[Path, Any, Any]]:
    """Yield the leaves that differ; a map that is filled or emptied is named by its entries."""
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            yield from _compareiterate_leaves((*path, key), before.get(key), after.get(key))
    else:
        old, new = dict(iterate_leaves(path, before)), dict(iterate_leaves(path, after))
        yield from ((leaf, old.get(leaf), new.get(leaf)) for leaf in sorted({*old, *new}))


def merge_declared(kind: Kind, live: Value, declared: Value) -> Value:
    """Return `live` with the declared values: a map owns its keys, an entry keeps others."""
    after = dict(live)
    for name, value in declared.items():
        before = live.get(name)
        if kind.fields[name].runtime:
            continue
        if isinstance(value, dict) and isinstance(before, dict):
            after[name] = {k: overlay(before.get(k), entry) for k, entry in value.items()}
        else:
            after[name] = value
    return after


def differs_in_whitespace_only(kind: Kind, path: Path, declared: Any, live: Any) -> bool:
    """Return whether a live text is the declared one but for white space that nobody sees.

    Only that way round: where the shop holds the untidy text, writing the tidy one mends it.
    """
    if not (isinstance(declared, str) and isinstance(live, str) and _prose(kind, path)):
        return False
    plain = normalize("NFC", declared).replace("\r\n", "\n")
    single = _BLANKS.sub(" ", plain)
    return normalize("NFC", live) in (plain, plain.strip(), single, single.strip())


def is_equivalent_rewrite(kind: Kind, path: Path, written: Any, kept: Any, before: Any) -> bool:
    """Return whether what a server keeps of what was written a moment ago means the same.

    `before` is the former value. A coupon's terms are never rewritten without harm.
    """
    if path[0] in kind.must_match_on_readback:
        return False
    if isinstance(written, str) and isinstance(kept, str):
        if not _prose(kind, path):
            return False
        return _fold(written) == _fold(kept) or (kept != before and _rehosted(written, kept))
    if isinstance(written, bool) or isinstance(kept, bool):
        return False
    try:
        rounded = written != int(written) and kept == int(kept)
        if rounded and abs(written - kept) < 1:
            return True
        return kept != before and kind.fields[path[0]].money and _rounds_to_coins(written, kept)
    except (TypeError, ValueError, ArithmeticError):
        return False


def _rounds_to_coins(written: Any, kept: Any) -> bool:
    """Return whether a shop without small coins may keep one sum for the other."""
    moved = abs(written - kept)
    is_small = moved * 100 <= written * MAX_ROUNDING_PERCENT
    return is_small and bool(_coins([(written, kept)]))


def _prose(kind: Kind, path: Path) -> bool:
    """Return whether the field is free text: no key, no reference, no word of a fixed list."""
    field = kind.fields[path[0]]
    plain = field.wire.codec is TEXT and not field.identity and not field.references
    return plain and len(path) == 1 and path[0] not in kind.must_match_on_readback


def _fold(text: str) -> str:
    collapsed = _SPACE.sub(" ", normalize("NFKC", text)).strip()
    # Upper case first: it maps together what lower case alone keeps apart, such as ß and SS.
    return normalize("NFKC", collapsed.upper().casefold())


def _rehosted(written: str, kept: str) -> bool:
    """Return whether both are web addresses, at different hosts."""
    one, other = _host(written), _host(kept)
    return bool(one and other) and one != other


def _host(text: str) -> str | None:
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return parts.hostname if parts.scheme in ("http", "https", "") else None
