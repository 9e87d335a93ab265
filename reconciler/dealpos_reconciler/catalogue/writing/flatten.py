"""All declared objects as the text of one catalogue file, in the ordinary format."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dealpos_reconciler.catalogue.problems import WAS
from dealpos_reconciler.catalogue.sections import ALLOW, REMOVED
from dealpos_reconciler.catalogue.writing import layout
from dealpos_reconciler.catalogue.writing.yaml_text import (
    YamlEntry,
    escape_placeholders,
    flow,
    pair,
    quote,
)
from dealpos_reconciler.core.dated import FROM, UNTIL, VALUE, show
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Allowance, Declared, Desired, Removal
from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.core.model.masked import (
    SecretNumber,
    SecretText,
    is_masked,
    reveal,
    reveal_all,
)
from dealpos_reconciler.core.model.secret import SECRET
from dealpos_reconciler.kinds import MANAGED

_NAME = re.compile(r"\(from ([A-Za-z_][A-Za-z0-9_]*)\)")
_STANDS_FOR = "maskedvalue"
"""Text in the place of a value from the environment, until the names are put in."""


class Flattened:
    """One catalogue as text; values from the environment stay names."""

    def __init__(self, desired: Desired, *, whole: bool) -> None:
        """Take the objects; `whole` writes secret codes and personal data too."""
        self.desired = desired
        self.whole = whole
        self.left_out: list[Address] = []
        """Objects whose code is secret, or that are personal data."""
        self._names: list[str] = []

    def text(self) -> str:
        """Return the text of the file."""
        tops: list[YamlEntry] = []
        by_owner: dict[Address, list[YamlEntry]] = {}
        for address, declared in self.desired:
            kind = MANAGED[address.kind]
            if not self.whole and (kind.is_private or _is_secret(kind, address)):
                self.left_out.append(address)
                continue
            entry = YamlEntry(address, self._value(kind, address, declared))
            owner = kind.parent_address(declared.value)
            (tops if owner is None else by_owner.setdefault(owner, [])).append(entry)
        for entry in tops:
            if children := by_owner.get(entry.address):
                entry.children = children
                entry.collection = MANAGED[children[0].address.kind].collection
        tops.sort(key=lambda entry: (MANAGED[entry.address.kind].collection, entry.address.name))
        lines = [layout.text(tops, "")] if tops else []
        lines += [*self._list_removals(), *self._list_exceptions()]
        return self._fill_in("\n".join(lines))

    def _value(self, kind: Kind, address: Address, declared: Declared) -> dict[str, Any]:
        schedule = self.desired.schedule
        held: Mapping[str, Any] = declared.value
        if schedule and address in schedule.values:
            held = schedule.values[address]
        is_secret = _is_secret(kind, address)
        names = [kind.identity, *(n for n in kind.fields if n != kind.identity)]
        parent = kind.parent.kind if kind.parent else None
        value = {n: self._plain(held[n], is_secret) for n in names if n in held and n != parent}
        value = layout.typed_values(kind, value)
        if declared.was is not None:
            value[WAS] = self._plain(declared.was, is_secret)
        if is_secret:
            value[SECRET] = True
        return value

    def _plain(self, value: Any, is_secret: bool = False) -> Any:
        """Return a value as a file holds it: steps as a list, names for hidden values."""
        if isinstance(value, dict):
            return {name: self._plain(inner, is_secret) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._plain(item, is_secret) for item in value]
        if isinstance(value, tuple):
            bounds, values = value
            return [
                self._step(start, end, self._plain(inner, is_secret))
                for (start, end), inner in zip(bounds, values, strict=True)
            ]
        if isinstance(value, (SecretText, SecretNumber)):
            if is_secret and not _NAME.search(value.mask):
                return reveal_all(value)
            self._names.append(_NAME.sub(r"${\1}", escape_placeholders(value.mask)))
            return f"{_STANDS_FOR}{len(self._names) - 1}x"
        return value

    @staticmethod
    def _step(start: str, end: str, value: Any) -> Any:
        bounds = {key: show(written) for key, written in ((FROM, start), (UNTIL, end)) if written}
        return {**bounds, VALUE: value} if bounds else value

    def _fill_in(self, text: str) -> str:
        return re.sub(
            f"{_STANDS_FOR}([0-9]+)x", lambda found: quote(self._names[int(found[1])]), text
        )

    def _list_removals(self) -> Iterator[str]:
        found = sorted(self.desired.removals.items())
        entries = [line for address, removal in found for line in self._removal(address, removal)]
        if entries:
            yield "\n".join([f"{REMOVED}:", *entries, ""])

    def _removal(self, address: Address, removal: Removal) -> Iterator[str]:
        is_secret = _is_secret(MANAGED[address.kind], address)
        if is_secret and not self.whole:
            self.left_out.append(address)
            return
        name = self._plain(address.name, is_secret)
        value: dict[str, Any] = {"address": f"{address.kind}/{name}"}
        value |= {"delete": True} if removal.delete else {}
        value |= {SECRET: True} if is_secret else {}
        yield f"  - {flow(value)}"

    def _list_exceptions(self) -> Iterator[str]:
        entries = [line for given in self.desired.allowances for line in self._allowance(given)]
        if entries:
            yield "\n".join([f"{ALLOW}:", *entries, ""])

    def _allowance(self, given: Allowance) -> Iterator[str]:
        value = {"rule": given.rule}
        if given.address:
            address = given.address
            if is_masked(address.name) and not _NAME.search(str(address.name)) and not self.whole:
                return
            value["address"] = f"{address.kind}/{self._plain(address.name, True)}"
        value |= {"reason": given.reason, "until": given.until}
        lines = [line for name, inner in value.items() for line in pair(name, inner, 4)]
        yield "\n".join([f"  - {lines[0].lstrip()}", *lines[1:]])


def _is_secret(kind: Kind, address: Address) -> bool:
    """Return whether a code stands in the file with `secret: true`, not as a name."""
    name = address.name
    return (
        bool(kind.secret)
        and isinstance(name, SecretText)
        and reveal(name) != name.mask
        and (_NAME.search(name.mask) is None)
    )
