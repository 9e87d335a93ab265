"""Keys that look alike: keys that people, spreadsheets and scanners take for one another.

A spreadsheet drops leading zeros and writes `8998866100012` as `8.99887E+12`; an invisible
character, another Unicode form or a blank at the end cannot be seen at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from decimal import ROUND_HALF_UP, Decimal
from unicodedata import category, normalize

BARCODE_LENGTHS = (8, 12, 13, 14)
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters without a shape of their own that Unicode does not count among the formats."""
_BLANKS = re.compile(r"\s+")
_AROUND_SLASH = re.compile(r" ?/ ?")
_NUMBER = re.compile(r"([0-9]+)(?:[.,]([0-9]+))?(?:[eE]([+-]?[0-9]{1,2}))?")
_SHORTENED = re.compile(r"([0-9])[.,]([0-9]+)[eE]\+([0-9]{1,2})")


def fold_key(key: str) -> str:
    """Return the text that all keys share which look like this one."""
    if not (key.isascii() and key.isprintable()):
        key = _compose(_drop_unseen(key))
    elif key.isdigit():
        return key.lstrip("0") or "0"
    if " " in key:
        key = _trim(key)
    key = key.upper().casefold()
    return _read_number(key.lstrip("0") or "0") if key[:1].isdigit() else key


def find_look_alikes(keys: Collection[str]) -> list[list[str]]:
    """Return the groups of keys that look alike, each in order; secret ones are left out."""
    keys = [key for key in keys if type(key) is str]
    folds = list(map(fold_key, keys))
    if len(set(folds)) == len(folds):
        return []  # nearly every kind of nearly every shop
    groups: dict[str, list[str]] = {}
    for key, fold in zip(keys, folds, strict=True):
        groups.setdefault(fold, []).append(key)
    return sorted(sorted(group) for group in groups.values() if len(group) > 1)


def match_spellings(asked: Collection[str], present: Collection[str]) -> dict[str, str]:
    """Return the keys in `present` that only look like one that was asked for, with that one."""
    missing = {fold_key(key): key for key in asked if key not in present}
    found = ((key, missing.get(fold_key(key))) for key in (present if missing else ()))
    return {key: other for key, other in found if other is not None and key not in asked}


def spell_key(key: str) -> str:
    """Return a key in back quotes, or with escapes in double quotes where it hides something."""
    key = str(key)  # the mark of a secret one
    if "\\" not in (escaped := escape_key(key)) and _trim(key) == key:
        return f"`{key}`"
    return f'"{escaped}"'


def escape_key(key: str) -> str:
    """Return a key with escapes for the characters that cannot be seen; YAML reads them too."""
    if key.isascii() and key.isprintable():
        return key
    composed = normalize("NFC", key) == key
    return "".join(escape_character(c) if _hides(c, composed) else c for c in key)


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
        if key != other and (one == two or (one == key) != (two == other)):
            found.append(name)
        key, other = one, two
    return " and ".join(found)


def list_spellings(key: str) -> set[str]:
    """Return other spellings of a key that a shop is likely to have: case, blanks, zeros."""
    plain = _trim(_compose(_drop_unseen(key)))
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


def _hides(character: str, composed: bool) -> bool:
    if character.isascii():
        return not character.isprintable()
    kind = category(character)
    return (
        kind[0] in "CZ" or kind == "Pd" or character in _UNSEEN or (kind == "Mn" and not composed)
    )


def _drop_unseen(key: str) -> str:
    return "".join(c for c in key if c.isspace() or (category(c)[0] != "C" and c not in _UNSEEN))


def _compose(key: str) -> str:
    composed = _BLANKS.sub(" ", normalize("NFKC", key))
    return "".join("-" if category(c) == "Pd" else c for c in composed)


def _trim(key: str) -> str:
    return _AROUND_SLASH.sub("/", _BLANKS.sub(" ", key).strip())


def _read_number(key: str) -> str:
    """Return the digits of a whole number with an exponent or an empty fraction."""
    if key.isdigit() or not (found := _NUMBER.fullmatch(key)):
        return key
    whole, fraction, exponent = found[1], found[2] or "0", int(found[3] or 0)
    number = Decimal(f"{whole}.{fraction}").scaleb(exponent)
    is_code = found[3] is None and fraction.strip("0")  # 1.10 is a code of its own
    return key if is_code or number != int(number) else str(int(number))


_RESPECTS: dict[str, Callable[[str], str]] = {
    "invisible characters": _drop_unseen,
    "white space": _trim,
    "Unicode form": lambda key: _trim(_compose(key)),
    "leading zeros": lambda key: key.lstrip("0") if key[:1].isdigit() else key,
    "the form of the number": lambda key: _read_number(key) if key[:1].isdigit() else key,
    "letter case": lambda key: key.upper().casefold(),
}
