"""Keys that look alike: keys that people, spreadsheets and scanners take for one another.

A spreadsheet drops leading zeros and writes `8998866100012` as `8.99887E+12`; an invisible
character, another Unicode form, a Cyrillic letter or a blank at the end cannot be seen at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain
from unicodedata import category, normalize

from dealpos_reconciler.core.confusables import ascii_shapes

BARCODE_LENGTHS = (8, 12, 13, 14)
_UNSEEN = frozenset(
    map(
        chr, (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164)
    )
).union(map(chr, (0xFFA0, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
"""Characters without a shape of their own that Unicode does not count among the formats."""
_DASHES = re.compile(
    "[\u058a\u05be\u1400\u1806\u2010-\u2015\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u301c\u3030\u30a0]"
)
_BLANKS = re.compile(r"\s+")
_DOT_ABOVE = re.compile("(?<=[IiJj])\u0307")  # the capital of a Turkish i has the dot too
_AROUND_SLASH = re.compile(r" ?/ ?")
_NUMBER = re.compile(r"([0-9]+)(?:[.,]([0-9]+))?(?:[eE]([+-]?[0-9]{1,2}))?")
_SHORTENED = re.compile(r"([0-9])[.,]([0-9]+)[eE]\+([0-9]{1,2})")


def fold_key(key: str) -> str:
    """Return the text that all keys share which look like this one in capitals."""
    if key.isdigit() and key.isascii():
        return key.lstrip("0") or "0"
    if key.isascii() and key.isprintable():
        key = key.lower()
    else:
        # The capital of a letter may look like another one than the letter itself.
        key = _to_ascii(_compose(key).upper()).casefold()
    if " " in key:
        key = _trim(key)
    return _read_number(key.lstrip("0") or "0") if key[:1].isdigit() else key


def index_spellings(names: Iterable[str]) -> dict[str, str]:
    """Return the first of the names that look alike, by what they share."""
    return {fold_key(name): name for name in sorted(names, reverse=True)}


def find_look_alikes(keys: Collection[str]) -> list[list[str]]:
    """Return the groups of keys that look alike, each in order; secret ones among themselves.

    Two keys may look alike as they are written and not in capitals: such a pair is a group too.
    """
    plain = [key for key in keys if type(key) is str]
    secret = [key for key in keys if type(key) is not str]
    return _group(plain) + (_group(secret) if len(secret) > 1 else [])


def _group(keys: Sequence[str]) -> list[list[str]]:
    folds = list(map(fold_key, keys))
    seen = {} if "".join(keys).isascii() else {k: s for k in keys if (s := _to_ascii(k)) != k}
    if len(set(folds)) == len(folds) and not seen:
        return []  # nearly every kind of nearly every shop
    groups: dict[str, set[str]] = {}
    as_written = ((key, fold_key(shape)) for key, shape in seen.items())
    for key, fold in chain(zip(keys, folds, strict=True), as_written):
        groups.setdefault(fold, set()).add(key)
    return sorted(map(list, {tuple(sorted(group)) for group in groups.values() if len(group) > 1}))


def match_spellings(asked: Collection[str], present: Collection[str]) -> dict[str, str]:
    """Return the keys in `present` that only look like one that was asked for, with that one."""
    missing = {fold_key(key): key for key in asked if key not in present}
    found = ((key, missing.get(fold_key(key))) for key in (present if missing else ()))
    return {key: other for key, other in found if other is not None and key not in asked}


def spell_key(key: str, other: str | None = None) -> str:
    """Return a key in back quotes, or with escapes in double quotes where it hides something.

    Beside an `other` key that looks alike, its letters of another alphabet are escaped too.
    """
    key = str(key)  # the mark of a secret one
    if "\\" not in (escaped := escape_key(key, other)) and _trim(key) == key:
        return f"`{key}`"
    return f'"{escaped}"'


def escape_key(key: str, other: str | None = None) -> str:
    """Return a key with escapes for its dashes, and the characters that cannot be seen."""
    if key.isascii() and key.isprintable():
        return key
    return "".join(
        escape_character(c) if (category(c) == "Pd" and c != "-") or _poses(c, other) else c
        for c in escape_unseen(key)
    )


def escape_unseen(text: str) -> str:
    """Return a text with escapes for the characters that cannot be seen; YAML reads them too.

    Of letters and accents in another Unicode form than usual, nobody sees that they are.
    """
    if text.isascii() and text.isprintable():
        return text
    usual = normalize("NFC", text)
    unusual = usual != text
    return "".join(
        escape_character(c)
        if _hides(c) or (unusual and not c.isascii() and (c not in usual or category(c) == "Mn"))
        else c
        for c in text
    )


def escape_character(character: str) -> str:
    """Return the escape of a character, as Python and YAML write it."""
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def describe_difference(key: str, other: str) -> str:
    """Return in which respects two keys that look alike differ: `leading zeros`."""
    found = []
    for name, change in _RESPECTS.items():
        one, two = change(key), change(other)
        same = one == two or (one.lower() == two.lower() and key.lower() != other.lower())
        if key != other and (same or (one == key) != (two == other)):
            found.append(name)
        key, other = one, two
    return " and ".join(found)


def list_spellings(key: str) -> set[str]:
    """Return other spellings of a key that a shop is likely to have: case, blanks, zeros."""
    plain = _trim(_compose(key))
    found = {plain, plain.upper(), plain.lower(), _read_number(plain)}
    for digits in (text for text in tuple(found) if text.isdigit()):
        found |= {digits.lstrip("0"), *(digits.zfill(length) for length in BARCODE_LENGTHS)}
    return found - {key, ""}


def is_shortened(key: str) -> bool:
    """Return whether a key is a number as a spreadsheet shortens it, such as `8.99887E+12`."""
    return _SHORTENED.fullmatch(key) is not None


def find_shortened(key: str, others: Collection[str]) -> Iterator[str]:
    """Yield the keys that a spreadsheet shows as `key`, a shortened number."""
    if found := _SHORTENED.fullmatch(key):
        first, rest, exponent = found[1], found[2], int(found[3])
        for other in others:
            digits = other.lstrip("0")
            if digits.isascii() and digits.isdigit() and len(digits) == exponent + 1:
                mantissa = Decimal(digits).scaleb(-exponent)
                shown = mantissa.quantize(Decimal(f"1e-{len(rest)}"), ROUND_HALF_UP)
                if str(shown) == f"{first}.{rest}":
                    yield other


def _hides(character: str) -> bool:
    if character.isascii():
        return not character.isprintable()
    return category(character)[0] in "CZ" or character in _UNSEEN


def _poses(character: str, other: str | None) -> bool:
    """Return whether a character looks like another one, which the `other` key has."""
    if other is None or character.isascii() or character in other:
        return False
    cased = character.swapcase()
    is_posing = category(character) == "Mn" or _to_ascii(_compose(character)) != character
    return is_posing and (cased.isascii() or cased not in other)


def _drop_unseen(key: str) -> str:
    if key.isprintable() and _UNSEEN.isdisjoint(key):
        return key
    return "".join(c for c in key if c.isspace() or (category(c)[0] != "C" and c not in _UNSEEN))


def _compose(key: str) -> str:
    return _DASHES.sub("-", _BLANKS.sub(" ", normalize("NFKC", _drop_unseen(key))))


def _to_ascii(key: str) -> str:
    """Return a key with the ASCII letters that those of other alphabets look like."""
    if key.isascii():
        return key
    shapes = normalize("NFD", key).translate(ascii_shapes())
    return normalize("NFC", _DOT_ABOVE.sub("", shapes))


def _trim(key: str) -> str:
    key = " ".join(key.split())
    return _AROUND_SLASH.sub("/", key) if "/" in key else key


def _read_number(key: str) -> str:
    """Return the digits of a whole number with an exponent or an empty fraction."""
    if key.isdigit() or not key[-1:].isdigit() or not (found := _NUMBER.fullmatch(key)):
        return key
    whole, fraction, exponent = found[1], found[2] or "0", int(found[3] or 0)
    number = Decimal(f"{whole}.{fraction}").scaleb(exponent)
    is_code = found[3] is None and fraction.strip("0")  # 1.10 is a code of its own
    return key if is_code or number != int(number) else str(int(number))


_RESPECTS: dict[str, Callable[[str], str]] = {
    "invisible characters": _drop_unseen,
    "white space": _trim,
    "Unicode form": lambda key: _trim(_compose(key)),
    "letters of another alphabet": _to_ascii,
    "leading zeros": lambda key: key.lstrip("0") if key[:1].isdigit() else key,
    "the form of the number": lambda key: _read_number(key) if key[:1].isdigit() else key,
    "letter case": lambda key: key.upper().casefold(),
}
