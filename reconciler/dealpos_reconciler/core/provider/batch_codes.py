"""Codes of a batch, derived by a key, so that no file, release or store holds one.

A code is the prefix, then characters of Crockford's base 32 (no I, L, O, U), the last of which is a
check character: no code of a batch becomes another one by one wrong character.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator

from dealpos_reconciler.core.provider.fingerprint import keyed_hash
from dealpos_reconciler.core.provider.terms import CodeBatch, code_key

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

_BASE = len(ALPHABET)
_ALIKE = str.maketrans({"i": "1", "l": "1", "o": "0", "-": None, " ": None})
_BITS = 100
"""Of a digest of 512 bits, five codes take 100 each: the longest has 19 characters of 5 bits."""


def _double(value: int) -> int:
    return value * 2 // _BASE + value * 2 % _BASE


# Luhn's formula doubles every second character. Two at a time take half the steps.
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
_PAIR_SUMS = [first + _double(second) for first in range(_BASE) for second in range(_BASE)]
_CHECK_SINGLE = [ALPHABET[-total % _BASE] for total in range(_BASE)]
_CHECK_DOUBLE = [
    next(sign for value, sign in enumerate(ALPHABET) if (total + _double(value)) % _BASE == 0)
    for total in range(_BASE)
]


def derive_codes(key: bytes, name: str, batch: CodeBatch) -> Iterator[str]:
    """Yield the codes of a batch in the order of their indexes, which begin at 1.

    A larger count keeps the codes that were printed, and another key or name changes them all.
    """
    known: set[str] = set()
    seed = f"batch\0{code_key(name)}\0".encode()
    for index, number in enumerate(_numbers(key, seed, batch.count), 1):
        code, again = _encode(number, batch.length), 0
        while code in known:  # one in 2,500 of a batch of 100,000 codes of eight characters
            again += 1
            code = _encode(
                next(_numbers(key, b"%b%d+%d\0" % (seed, index, again), 1)), batch.length
            )
        known.add(code)
        yield batch.prefix + code


def batch_counter(name: str, index: int) -> str:
    """Return the name under which the uses of one code of a batch are counted: `visit/17`."""
    return f"{code_key(name)}/{index}"


def fold_code(code: str) -> str:
    """Return the form in which a code of a batch is looked up: O is 0, I and L are 1."""
    return code_key(code).translate(_ALIKE)


def key_check(key: bytes) -> str:
    """Return a text that tells one codes key from another and does not reveal it."""
    return keyed_hash(key, "check")[:16]


def _numbers(key: bytes, seed: bytes, count: int) -> Iterator[int]:
    """Yield `count` numbers, five of each digest, because a digest is most of the work."""
    mask = (1 << _BITS) - 1
    for index in range(count):
        if not (place := index % 5):
            digest = int.from_bytes(hmac.digest(key, b"%b%d" % (seed, index), "sha512"), "big")
        yield digest >> place * _BITS & mask


def _encode(number: int, length: int) -> str:
    """Return `length` characters, the last one by Luhn's formula for base 32."""
    pairs, single = divmod(length - 1, 2)
    text, total = [], 0
    for _ in range(pairs):
        pair = number & 1023
        number >>= 10
        text.append(_PAIRS[pair])
        total += _PAIR_SUMS[pair]
    if single:
        last = number & 31
        text.append(ALPHABET[last])
        total += last
    check = _CHECK_DOUBLE if single else _CHECK_SINGLE
    text.append(check[total % _BASE])
    return "".join(text)
