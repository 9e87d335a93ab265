"""Codes as a spreadsheet leaves them: without leading zeros, shortened, or turned into a date."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial

from dealpos_reconciler.core.model.look_alike import describe_difference, find_shortened, fold_key
from dealpos_reconciler.core.prices.numbers import is_formula, shorten
from dealpos_reconciler.core.prices.table import trim, unguard
from dealpos_reconciler.errors import suggestion

MAX_SUGGESTIONS = 20
"""Unknown codes for which the closest declared one is looked for, which takes a while."""
EXACT_DIGITS = 15
"""Digits of a number that a spreadsheet keeps; Excel cuts the others, LibreOffice rounds."""

_SHORTENED = re.compile(r"([0-9])(?:[.,]([0-9]+))?[eE]\+?([0-9]{1,2})")
_DATE = re.compile(
    r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{2,4}|[0-9]{1,2}[- ][A-Za-z]{3,9}(?:[- ][0-9]{2,4})?"
    r"|[A-Za-z]{3,9}[- ][0-9]{2,4}"
)


_FRACTION = re.compile(r"[0-9]+[.,][0-9]+")
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)?(?:[eE]\+?[0-9]+)?")


class UnknownCode(ValueError):
    """A cell with a code that the files do not declare; the message says what it looks like."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(slots=True)
class Codes:
    """The declared codes, to find the one that a cell means."""

    declared: Collection[str]
    products: Mapping[str, Collection[str]] = field(default_factory=dict)
    """The codes of the declared products, each with those of its variants."""
    alike: dict[str, list[str]] = field(default_factory=dict)
    """The declared codes, grouped by the form that codes share if they look alike."""
    unknown: int = 0

    def __post_init__(self) -> None:
        for code in self.declared:
            self.alike.setdefault(fold_key(code), []).append(code)

    def find(self, raw: str) -> str:
        """Return the declared code that a cell has. Raises UnknownCode."""
        for written in (raw, unguard(raw), trim(unguard(raw)), trim(raw)):
            if written in self.declared:
                return written
        raise self._explain(trim(unguard(raw)))

    def others_like(self, code: str) -> list[str]:
        """Return the other declared codes that a spreadsheet may turn into this one."""
        alike = self.alike.get(fold_key(code), ()) if _NUMBER.fullmatch(code) else ()
        return [other for other in alike if other != code]

    def _explain(self, written: str) -> UnknownCode:
        shown = f"`{shorten(written)}`"
        if is_formula(written):
            return UnknownCode(f"{shown} is a formula, not a code", "save the values instead")
        is_shortened = _SHORTENED.fullmatch(written) is not None
        found = self._candidates(written)
        message = f"unknown code {shown}"
        if is_shortened:
            message = f"{shown} is a code that a spreadsheet has shortened"
        elif _DATE.fullmatch(written):
            message = f"unknown code {shown}: a spreadsheet may have turned it into a date"
        if len(found) == 1:
            changed = "" if is_shortened else describe_difference(written, found[0])
            why = f" (it differs by {changed})" if changed else ""
            return UnknownCode(message, f"did you mean `{found[0]}`?{why}")
        if found:
            return UnknownCode(f"{message}; {len(found)} declared codes fit")
        return UnknownCode(message, self._suggest(written, is_shortened))

    def _candidates(self, written: str) -> list[str]:
        """Return the declared codes that a spreadsheet may have turned into this text."""
        found = dict.fromkeys(self.alike.get(fold_key(written), ()))
        if shape := _SHORTENED.fullmatch(written):
            spelled = f"{shape[1]}.{shape[2] or '0'}E+{shape[3]}"
            found |= dict.fromkeys(find_shortened(spelled, self.declared))
        if len(written) > EXACT_DIGITS and written.isdigit() and written.isascii():
            found |= dict.fromkeys(filter(partial(_is_rounded, written), self.declared))
        if _FRACTION.fullmatch(written):  # 1.10 has lost its zero
            meant = written.replace(",", ".").rstrip("0")
            pointed = (code for code in self.declared if _FRACTION.fullmatch(code))
            found |= dict.fromkeys(code for code in pointed if code.rstrip("0") == meant)
        return sorted(found)

    def _suggest(self, written: str, is_shortened: bool) -> str | None:
        if variants := self.products.get(written):
            some = ", ".join(sorted(variants)[:3])
            return f"it is the code of a product; its variants: {some}"
        self.unknown += 1
        if is_shortened:
            return "format the column as text before you type or paste codes"
        close = suggestion(written, self.declared) if self.unknown <= MAX_SUGGESTIONS else None
        return close or "declare the variant first, or remove the row"


def _is_rounded(written: str, code: str) -> bool:
    """Return whether a number of too many digits may be what is left of a code."""
    digits = code.lstrip("0")
    if len(digits) != len(written) or not (digits.isdigit() and digits.isascii()):
        return False
    step: int = 10 ** (len(written) - EXACT_DIGITS)
    return int(written) % step == 0 and abs(int(written) - int(digits)) < step
