"""Values that no output shows: equal to what they are, and rendered as their mask.

JSON, `join` and arithmetic see the value itself: documents go through `mask_all`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any


class _Masked:
    mask: str

    def __str__(self) -> str:
        return self.mask

    def __repr__(self) -> str:
        return repr(self.mask)

    def __format__(self, form: str) -> str:
        return self.mask


class SecretText(_Masked, str):
    """Text that equals what it is, and is shown as its mask."""

    def __new__(cls, text: str, mask: str) -> SecretText:
        """Return `text` under a mask."""
        made = str.__new__(cls, reveal(text))
        made.mask = mask
        return made

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        return reveal(self), self.mask


class SecretInteger(_Masked, int):
    """A whole number that is shown as its mask."""

    def __new__(cls, number: int, mask: str) -> SecretInteger:
        """Return `number` under a mask."""
        made = int.__new__(cls, number)
        made.mask = mask
        return made

    def __getnewargs__(self) -> tuple[int, str]:  # type: ignore[override]
        return int(self), self.mask


class SecretDecimal(_Masked, Decimal):  # type: ignore[misc]
    """A fraction that is shown as its mask."""

    def __new__(cls, number: Decimal, mask: str) -> SecretDecimal:
        """Return `number` under a mask."""
        made = Decimal.__new__(cls, number)
        made.mask = mask
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return SecretDecimal, (reveal_all(self), self.mask)

    def __copy__(self) -> SecretDecimal:
        return self

    def __deepcopy__(self, memo: object) -> SecretDecimal:
        return self


def mask_number(number: int | Decimal, mask: str) -> int | Decimal:
    """Return a number under a mask."""
    masked = SecretInteger if isinstance(number, int) else SecretDecimal
    return masked(number, mask)  # type: ignore[arg-type]


def add(one: Any, other: Any) -> Any:
    """Return a sum, under a mask where the first number is."""
    total = reveal_all(one) + reveal_all(other)
    return mask_number(total, one.mask) if isinstance(one, _Masked) else total


def reveal(text: str) -> str:
    """Return a text as the API needs it, without its mask."""
    return str.__str__(text)


def reveal_all(value: Any) -> Any:
    """Return a value without masks, at every depth."""
    match value:
        case SecretText():
            return reveal(value)
        case SecretInteger():
            return int(value)
        case SecretDecimal():
            return value + 0
    return _map(value, reveal_all)


def mask_all(value: Any) -> Any:
    """Return a value with the masks in the place of what they hide, at every depth."""
    return value.mask if isinstance(value, _Masked) else _map(value, mask_all)


def _map(value: Any, change: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: change(inner) for name, inner in value.items()}
    return [change(item) for item in value] if isinstance(value, list) else value


def is_masked(value: Any) -> bool:
    """Return whether a value, or something in it, is shown as a mask."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return isinstance(value, _Masked)
    return any(type(inner) is not str and is_masked(inner) for inner in value)


def masked_paths(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the way to each value that is shown as a mask; a list is one value."""
    if isinstance(value, _Masked) or (isinstance(value, list) and any(map(is_masked, value))):
        yield path
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from masked_paths(inner, (*path, name))


def copy_masks(written: Any, valid: Any) -> Any:
    """Return a validated value with the masks of the texts that it was made from."""
    if isinstance(written, SecretText):
        if isinstance(valid, str):
            return SecretText(valid, written.mask)
        is_number = isinstance(valid, (int, Decimal)) and not isinstance(valid, bool)
        return mask_number(valid, written.mask) if is_number else valid
    if isinstance(written, Mapping) and isinstance(valid, Mapping):
        return {name: copy_masks(written.get(name), inner) for name, inner in valid.items()}
    if isinstance(written, list) and isinstance(valid, list):
        # Validation may sort a list of texts.
        masks = {reveal(text): text for text in written if isinstance(text, SecretText)}
        return [masks.get(item, item) for item in valid]
    return valid
