"""Edit one YAML text in place; comments and layout stay."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from operator import itemgetter
from typing import Any

from dealpos_reconciler.catalogue.environment import names_in
from dealpos_reconciler.catalogue.syntax import YamlNode, YamlPair
from dealpos_reconciler.catalogue.writing.hunks import Edit
from dealpos_reconciler.catalogue.writing.yaml_text import (
    KEEP,
    YamlEntry,
    escape_placeholders,
    flow,
    is_seen,
    pair,
    plain,
    quote,
    scalar,
    texts,
)
from dealpos_reconciler.core.dated import VALUE

_COMMENT = re.compile(r"(?:^|\s)#")


class Unwritable(Exception):
    """A value cannot be written at its place; the message is the reason."""


class Edits:
    """Changes to `text`, collected and made at once."""

    def __init__(self, text: str, root: YamlNode | None) -> None:
        self.text = text
        self.aliases = root.aliases() if root and "*" in text else set()
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.changes: list[tuple[int, int, int, str]] = []
        self.gone: list[tuple[int, int]] = []
        """Whole lines to remove; an addition below them moves above them."""

    def list_edits(self) -> list[Edit]:
        """Return every change in the order of the text; raise Unwritable where two overlap."""
        gone = sorted(self.gone)
        found = sorted(self._above(change, gone) for change in self.changes)
        if any(later[0] < earlier[1] for earlier, later in pairwise(found)):
            raise Unwritable("two changes would edit the same place")
        return [(start, end, new) for start, end, _, new in found]

    def result(self) -> str:
        """Return the text with every change; raise Unwritable where two edit the same place."""
        found, done = [], 0
        for start, end, new in self.list_edits():
            found += [self.text[done:start], new]
            done = end
        return "".join([*found, self.text[done:]])

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Forget the edits in here where one of them is not possible."""
        changes, gone = len(self.changes), len(self.gone)
        try:
            yield
        except Unwritable:
            del self.changes[changes:], self.gone[gone:]
            raise

    def _above(
        self, change: tuple[int, int, int, str], gone: Sequence[tuple[int, int]]
    ) -> tuple[int, int, int, str]:
        """Return an addition below deleted lines, moved above them."""
        start, end, number, new = change
        place = bisect_right(gone, start, key=itemgetter(0))
        while start == end and place:
            place -= 1
            first, last = gone[place]
            if not first <= start < max(last, first + 1):
                break
            start = end = self._eol(first - 1)
        return start, end, number, new

    def set_key(self, place: YamlNode, key: str, value: Any, order: Sequence[str] = ()) -> None:
        """Set `key` of a mapping to `value`; `order` gives the place of a new key."""
        own = place.pair(key)
        if own is None:
            self._insert(place, key, value, order)
        else:
            self._amend(own, value, self._column(place.pairs[0].key.start))

    def set_step(self, place: YamlNode, path: Sequence[str], index: int, value: Any) -> None:
        """Set the value of one step of a dated field; `path` leads to the field."""
        node = place
        for key in path:
            if (own := node.pair(key)) is None or own.value.sort == "alias":
                raise Unwritable(f"the steps of `{key}` are written elsewhere, behind an anchor")
            node = own.value
        step = node.items[index].pair(VALUE) or YamlPair(node, node.items[index])
        self._amend(step, value, self._column(place.pairs[0].key.start))

    def remove_key(self, place: YamlNode, key: str) -> None:
        """Remove a key from a mapping."""
        own = place.pair(key)
        assert own is not None
        self._guard(own.value)
        if len(place.pairs) == 1:
            raise Unwritable("it is the only key of its mapping")
        start, end = own.key.start, own.value.end
        if not place.flow and self._is_alone(start):
            self._remove_lines(start, end)
        elif own is place.pairs[-1]:
            self._change(place.pairs[-2].value.end, end, "")
        else:
            self._change(start, place.pairs[place.pairs.index(own) + 1].key.start, "")

    def append(self, place: YamlNode, key: str, entries: Sequence[YamlEntry]) -> None:
        """Add entries to the list under `key` of a mapping."""
        own = place.pair(key)
        if own is None:
            self._first(place, key, entries)
        elif own.value.sort != "list":
            raise Unwritable(f"`{key}` is written elsewhere, behind an anchor")
        elif own.value.flow:
            self._flowing(own, entries, self._column(place.pairs[0].key.start))
        else:
            dash = self.text.rindex("-", 0, own.value.items[0].start)
            self._lines(own.value.end, _entry_lines(entries, self._column(dash)))

    def _first(self, place: YamlNode, key: str, entries: Sequence[YamlEntry]) -> None:
        last = place.pairs[-1].value.end
        if place.flow:
            listed = flow([entry.whole() for entry in entries], inside=True)
            self._change(last, last, f", {key}: {listed}")
            return
        column = self._column(place.pairs[0].key.start)
        gap = [""] if column == 0 else []
        self._lines(last, [*gap, f"{' ' * column}{key}:", *_entry_lines(entries, column + 2)])

    def _flowing(self, own: YamlPair, entries: Sequence[YamlEntry], column: int) -> None:
        place = own.value
        listed = ", ".join(flow(entry.whole(), inside=True) for entry in entries)
        if place.items:
            self._change(place.items[-1].end, place.items[-1].end, f", {listed}")
        elif self.text[place.start : place.end] == "[]" and self._is_alone(own.key.start):
            lines = _entry_lines(entries, column + 2)
            self._change(own.key.end, place.end, self.newline.join([":", *lines]))
        else:
            self._change(place.start, place.end, f"[{listed}]")

    def _insert(self, place: YamlNode, key: str, value: Any, order: Sequence[str]) -> None:
        if not place.pairs:
            self._change(place.start, place.end, flow({key: value}))
            return
        earlier = order[: order.index(key)] if key in order else ()
        before = [p for p in place.pairs if p.key.text in earlier] or place.pairs
        last = max(before, key=lambda p: p.key.start).value.end
        if place.flow:
            self._change(last, last, f", {scalar(key, flow=True)}: {flow(value, inside=True)}")
        else:
            self._lines(last, list(pair(key, value, self._column(place.pairs[0].key.start))))

    def _amend(self, own: YamlPair, value: Any, column: int) -> None:
        place = own.value
        if place.sort == "alias":
            self._change(place.start, place.end, flow(value, inside=place.flow))
            return
        self._guard(place)
        if place.sort == "map" and isinstance(value, dict) and value and not place.pair("<<"):
            self._members(own, value)
        elif place.sort == "list" and isinstance(value, list) and value and not place.flow:
            self._items(place, value)
        elif place.sort == "scalar":
            self._scalar(place, value, column)
        else:
            self._rewrite(own, value)

    def _members(self, own: YamlPair, value: Mapping[str, Any]) -> None:
        place = own.value
        gone = [p.key.text for p in place.pairs if p.key.text not in value]
        if not place.pairs or (gone and (place.flow or len(gone) == len(place.pairs))):
            self._rewrite(own, value)
            return
        for key in gone:
            self.remove_key(place, key)
        for key, inner in value.items():
            known = place.pair(key)
            if inner is KEEP:
                continue
            if known is None or self._parsed_value(known.value) != texts(inner, _literal):
                self.set_key(place, key, inner)

    def _items(self, place: YamlNode, value: Sequence[Any]) -> None:
        wanted = [texts(item, _literal) for item in value]
        if not set(wanted) & {item.text for item in place.items}:
            raise Unwritable("its list would be empty: write the list on one line, in brackets")
        for item in place.items:
            self._guard(item)
            if item.text not in wanted:
                self._remove_lines(self.text.rindex("-", 0, item.start), item.end)
        dash = self._column(self.text.rindex("-", 0, place.items[0].start))
        new = [item for item in value if texts(item, _literal) not in {i.text for i in place.items}]
        if new:
            self._lines(place.end, [f"{' ' * dash}- {flow(item)}" for item in new])

    def _scalar(self, place: YamlNode, value: Any, column: int) -> None:
        if isinstance(value, (dict, list)):
            new = flow(value, inside=place.flow)
        elif self._can_be_block(place, value):
            new = self.newline.join(pair("k", value, column))[column + 3 :]
        elif place.style == '"':
            new = quote(_literal(value))
        elif place.style == "'" and is_seen(plain(value)):
            new = "'" + _literal(value).replace("'", "''") + "'"
        else:
            new = scalar(_literal(value) if isinstance(value, str) else value, flow=place.flow)
        self._change(place.start, place.end, new)

    def _can_be_block(self, place: YamlNode, value: Any) -> bool:
        """Return whether text of several lines can be written below its key."""
        if place.style in ("|", ">"):
            return True
        rest = self.text[place.end : self._eol(place.end)]
        return not (place.flow or rest.strip()) and "\n" in plain(value)

    def _rewrite(self, own: YamlPair, value: Any) -> None:
        """Write a whole collection again, on the line of its key."""
        place = own.value
        if isinstance(value, dict) and KEEP in value.values():
            raise Unwritable("it contains steps that would be lost: edit it by hand")
        if _COMMENT.search(self.text[place.start : place.end]):
            raise Unwritable("it contains comments that would be lost")
        if place.flow or place.sort == "scalar":
            self._change(place.start, place.end, flow(value, inside=place.flow))
            return
        colon = self.text.index(":", own.key.end) + 1
        self._change(colon, colon, f" {flow(value)}")
        self._remove_lines(self._below(colon), place.end)

    def _guard(self, place: YamlNode) -> None:
        """Refuse to change what stands for more than this value."""
        if place.anchors() & self.aliases:
            raise Unwritable("its value has an anchor that others use")
        if place.sort == "scalar" and names_in(place.text):
            raise Unwritable("its value comes from the environment")

    def _parsed_value(self, place: YamlNode) -> Any:
        if place.sort == "scalar":
            return place.text
        if place.sort == "list":
            return [self._parsed_value(item) for item in place.items]
        if place.sort == "map" and not place.pair("<<"):
            return {p.key.text: self._parsed_value(p.value) for p in place.pairs}
        return None

    def _lines(self, after: int, lines: Iterable[str]) -> None:
        """Add lines below the line of offset `after`."""
        end = self._eol(after)
        self._change(end, end, "".join(self.newline + line for line in lines))

    def _remove_lines(self, start: int, end: int) -> None:
        lines = self._line(start), self._below(end)
        self.gone.append(lines)
        self._change(*lines, "")

    def _change(self, start: int, end: int, new: str) -> None:
        self.changes.append((start, end, len(self.changes), new))

    def _line(self, index: int) -> int:
        return self.text.rfind("\n", 0, index) + 1

    def _eol(self, index: int) -> int:
        end = self.text.find("\n", index)
        if end < 0:
            return len(self.text)
        return end - 1 if self.text[end - 1] == "\r" else end

    def _below(self, index: int) -> int:
        """Return the offset at which the line after that of `index` begins."""
        end = self.text.find("\n", index)
        return len(self.text) if end < 0 else end + 1

    def _column(self, index: int) -> int:
        return index - self._line(index)

    def _is_alone(self, index: int) -> bool:
        """Return whether only spaces precede the position on its line."""
        return not self.text[self._line(index) : index].strip()


def _literal(value: Any) -> str:
    return escape_placeholders(value) if isinstance(value, str) else plain(value)


def _entry_lines(entries: Sequence[YamlEntry], column: int) -> list[str]:
    return [line for entry in entries for line in entry.lines(column)]
