"""Values that no output shows: equal to what they are, and rendered as their mask.

JSON, `join` and arithmetic see the value itself: documents go through `mask_all`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

Path = tuple[str, ...]
"""The way to one value inside an object: a field, then keys of a map."""


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


class SecretNumber(_Masked, Decimal):  # type: ignore[misc]
    """A number that is shown as its mask; what is calculated from it is hidden too."""

    is_whole: bool

    def __new__(cls, number: int | Decimal, mask: str) -> SecretNumber:
        """Return `number` under a mask."""
        made = Decimal.__new__(cls, number)
        made.mask, made.is_whole = mask, isinstance(number, int)
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return SecretNumber, (reveal_all(self), self.mask)

    def __copy__(self) -> SecretNumber:
        return self

    def __deepcopy__(self, memo: object) -> SecretNumber:
        return self


DERIVED = "(hidden)"
"""The mask of what is calculated from a value under a mask."""


def _derive(name: str) -> Any:
    plain = getattr(Decimal, name)

    def calculate(self: Decimal, *others: Any) -> Any:
        values = reveal_all(self), *map(reveal_all, others)
        made = plain(Decimal(self), *values[1:])
        if not isinstance(made, (int, Decimal)):
            return made
        # A limit less its uses stays a whole number, as it is without a mask.
        is_whole = all(isinstance(value, int) for value in values) and made == int(made)
        return SecretNumber(int(made) if is_whole else made, DERIVED)

    return calculate


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod"):
    for _side in ("", "r"):
        setattr(SecretNumber, f"__{_side}{_name}__", _derive(f"__{_side}{_name}__"))
for _name in ("__neg__", "__abs__", "__ceil__", "__round__", "quantize", "normalize"):
    setattr(SecretNumber, _name, _derive(_name))


def mask(value: Any, text: str) -> Any:
    """Return a text or a number under the mask `text`; other values as they are."""
    if isinstance(value, str):
        return SecretText(value, text)
    is_number = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    return SecretNumber(value, text) if is_number else value


def reveal(text: str) -> str:
    """Return a text as the API needs it, without its mask."""
    return str.__str__(text)


def reveal_all(value: Any) -> Any:
    """Return a value without masks, at every depth."""
    match value:
        case SecretText():
            return reveal(value)
        case SecretNumber():
            return int(value) if value.is_whole else Decimal(value)
    return _map(value, reveal_all)


def mask_all(value: Any) -> Any:
    """Return a value with the masks in the place of what they hide, at every depth."""
    return value.mask if isinstance(value, _Masked) else _map(value, mask_all)


def _map(value: Any, change: Any) -> Any:
    if isinstance(value, dict):
        return {name: change(inner) for name, inner in value.items()}
    return [change(item) for item in value] if isinstance(value, list) else value


def path_below(above: str, rest: str) -> str:
    """Return a slash path with `rest` behind it, under the mask that it has."""
    return SecretText(above + rest, f"{above}{rest}") if is_masked(above) else above + rest


def path_above(path: str) -> str:
    """Return a slash path without its last part; a part that comes from a mask stays hidden."""
    head, _, tail = path.rpartition("/")
    if not isinstance(path, SecretText):
        return head
    shown, _, last = path.mask.rpartition("/")
    if shown == head:
        return head
    return SecretText(head, shown if last == tail else DERIVED)


def is_masked(value: Any) -> bool:
    """Return whether a value, or something in it, is shown as a mask."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return isinstance(value, _Masked)
    return any(type(inner) is not str and is_masked(inner) for inner in value)


def hidden_texts(value: Any) -> Iterator[str]:
    """Yield the texts and numbers that are under a mask, at every depth."""
    if isinstance(value, _Masked):
        yield str(reveal_all(value))
    elif isinstance(value, (Mapping, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from hidden_texts(inner)


def masked_paths(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the way to each value that is shown as a mask; a list is one value."""
    if isinstance(value, _Masked) or (isinstance(value, list) and any(map(is_masked, value))):
        yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from masked_paths(inner, (*path, name))


def copy_masks(written: Any, valid: Any) -> Any:
    """Return a validated value with the masks of the texts that it was made from."""
    if isinstance(written, SecretText):
        return mask(valid, written.mask)
    if isinstance(written, dict) and isinstance(valid, dict):
        return {name: copy_masks(written.get(name), inner) for name, inner in valid.items()}
    if isinstance(written, list) and type(valid) is tuple:  # the steps of a dated value
        bounds, values = valid
        texts = (step.get("value") if isinstance(step, dict) else step for step in written)
        return bounds, tuple(map(copy_masks, texts, values))
    if isinstance(written, list) and isinstance(valid, list):
        # Validation may sort a list of texts.
        masks = {reveal(text): text for text in written if isinstance(text, SecretText)}
        return [masks.get(item, item) for item in valid]
    return valid


def put_at(value: Any, path: Path, leaf: Any) -> Any:
    """Return a copy of `value` with `leaf` at `path`, which exists."""
    if not path:
        return leaf
    return {**value, path[0]: put_at(value[path[0]], path[1:], leaf)}


def value_at(value: Any, path: Path, missing: Any = None) -> Any:
    """Return the value at `path` inside an object, `missing` where there is none."""
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return missing
        value = value[key]
    return value
