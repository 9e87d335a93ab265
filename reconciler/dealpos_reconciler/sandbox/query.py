"""The conditions of a query, and the comparison of keys in it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class KeyRules:
    """The meaning of natural keys, as the choices of the running shop say."""

    ignore_case: bool = False
    ignore_blanks: bool = False
    hidden: Collection[str] = ()
    """Keys of objects that are not found."""
    delete_oldest: bool = False
    """Of two objects with one key, only the older one is deleted."""

    @property
    def loose(self) -> bool:
        """Return whether keys that are spelt differently may be one."""
        return self.ignore_case or self.ignore_blanks

    def plain(self, key: str) -> str:
        """Return what counts of a key where keys are compared."""
        key = key.strip() if self.ignore_blanks else key
        return key.casefold() if self.ignore_case else key


class Filter:
    """SQL conditions joined by AND, with their parameters; column names come from our own code."""

    def __init__(self) -> None:
        self._clauses: list[str] = []
        self.parameters: list[object] = []

    def also(self, clause: str, *parameters: object) -> "Filter":
        """Add one condition."""
        self._clauses.append(clause)
        self.parameters.extend(parameters)
        return self

    def text(self, column: str, value: str, how: Literal["exact", "contains", "key"]) -> "Filter":
        """Add a comparison with a text; an empty text asks for nothing."""
        if not value:
            return self
        if how == "exact":
            return self.also(f"{column} = ?", value)
        if how == "key":
            return self.also(f"plain({column}) = plain(?)", value)
        return self.also(f"instr(lower({column}), lower(?)) > 0", value)

    def within(self, column: str, path: str, *, children: bool = True) -> "Filter":
        """Add "is this slash path", with or without the paths below it."""
        if not children:
            return self.also(f"{column} = ?", path)
        # "0" is the character after "/": the range holds every path that starts with "path/".
        below = f"({column} = ? OR ({column} >= ? AND {column} < ?))"
        return self.also(below, path, f"{path}/", f"{path}0")

    def between(self, column: str, first: str | None, last: str | None) -> "Filter":
        """Add a range of days, both ends included; a missing end is open."""
        if first:
            self.also(f"substr({column}, 1, 10) >= ?", first[:10])
        if last:
            self.also(f"substr({column}, 1, 10) <= ?", last[:10])
        return self

    @property
    def sql(self) -> str:
        """Return the WHERE clause, or nothing."""
        return f" WHERE {' AND '.join(self._clauses)}" if self._clauses else ""
