"""Entries of catalogue files before they are validated: their former names and secret codes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from dealpos_reconciler.catalogue.cache import KnownObjects
from dealpos_reconciler.catalogue.files import Problems
from dealpos_reconciler.catalogue.problems import MAX_NAMED, WAS, Explained, kind_adapter
from dealpos_reconciler.catalogue.reading.node import Node, empty_node
from dealpos_reconciler.core.model.address import Source, join_some
from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.core.model.masked import copy_masks
from dealpos_reconciler.core.model.secret import SECRET, conceal_entry, mask_address
from dealpos_reconciler.kinds import MANAGED

MaskKey = Callable[[], bytes]
"""Gives the key of the masks that stand for secret codes, where it is needed."""
new_mask_key: MaskKey = partial(os.urandom, 32)

KNOWN = empty_node()
"""The node of every object that is known from the cache."""
READ = empty_node()
"""The node of every object that was validated: its own is not needed any more."""
_KEEP_OUT = "To keep it out of git too, write `code: ${CATALOGUE_…}`"


@dataclass(slots=True)
class FileObject:
    """One object of a file, before validation."""

    node: Node
    source: Source
    owner: Mapping[str, Any]
    """The mapping that it stands in."""
    was: str | None = None
    valid: dict[str, Any] | None = None
    """The validated value; the cache has it from an earlier run, and then `node` is empty."""
    dated: bool = False
    """True if a field of it has steps."""
    is_broken: bool = False
    """True if a field was left out because its value is wrong."""
    gaps: Sequence[Explained] = ()
    """Members that entries of its maps lack, where another layer may give them."""


class HiddenCodes:
    """Codes in the text of files that output hides, or that it should."""

    def __init__(self, mask_key: MaskKey, problems: Problems) -> None:
        self.mask_key = cache(mask_key)
        self.problems = problems
        self.has_masks = False
        self._places: dict[bool, list[Source]] = {True: [], False: []}
        """The places of secret codes, by whether output hides them."""

    def conceal(self, kind: Kind, entries: list[FileObject]) -> None:
        """Take `secret:` off the nodes, and put masks on the codes and texts that it hides.

        A code that one entry hides is hidden in all: layers may declare it several times.
        """
        found = entries if kind.secret else []
        flags = []
        for entry in found:
            flag, entry.node = self._take_key(kind.name, entry.node, entry.source)
            flags.append(flag)
        codes = [entry.node.get(kind.identity) for entry in found]
        hidden = {str(code) for code, flag in zip(codes, flags, strict=True) if flag}
        for entry, flag, code in zip(found, flags, codes, strict=True):
            is_secret = flag or str(code) in hidden
            if is_secret:
                conceal_entry(kind, entry.node, self.mask_key())
                self.has_masks = True
            is_personal = entry.node.get(kind.use_counts[0]) == "1" and "customer" in entry.node
            if (is_secret or is_personal) and type(code) is str:
                self._places[is_secret].append(entry.source)

    def conceal_removed(self, node: Node, source: Source) -> Node:
        """Return an entry of `removed:`, with a mask on the code that it hides."""
        is_secret, node = self._take_key("removed", node, source)
        if is_secret and isinstance(address := node.get("address"), str):
            node["address"] = mask_address(address, MANAGED, self.mask_key())
        return node

    def notes(self) -> Iterator[str]:
        """Yield notes on secret codes in the text of files."""
        for is_hidden, found in self._places.items():
            places = join_some([f"{s.file}:{s.line}:{s.column}" for s in found], MAX_NAMED)
            if found and is_hidden:
                yield f"{places}: `secret: true` hides the code in output, not in git. {_KEEP_OUT}"
            elif found:
                yield (
                    f"{places}: whoever sees a code for one use by one customer can use it. "
                    f"{_KEEP_OUT}. `secret: true` hides it in output"
                )

    def _take_key(self, owner: str, node: Node, source: Source) -> tuple[bool, Node]:
        """Return whether an entry hides its code, and the entry without the key that says so."""
        if SECRET not in node:
            return False, node
        node = node.copy_node()
        written = str(node.pop(SECRET)).lower()
        if written not in ("true", "false"):
            self.problems.add(source, (SECRET,), f"{owner}: `{SECRET}` must be true or false")
        return written != "false", node


def read_renames(kind: Kind, entries: list[FileObject], problems: Problems) -> None:
    """Take `was:` off the nodes, and report a former name that is not possible."""
    for entry in entries if kind.rename else ():
        if WAS not in entry.node:
            continue
        entry.node = entry.node.copy_node()
        was, now = entry.node.pop(WAS), entry.node.get(kind.identity)
        try:
            former = kind_adapter(kind).validate_python([{kind.identity: was}])
        except ValueError:
            message = f"{kind.name}/{now or ''}: `{WAS}` must be the former `{kind.identity}`"
            problems.add(entry.source, (WAS,), message)
            continue
        entry.was = was = copy_masks(was, former[0][kind.identity])
        if was == now:
            complaint = "is its present name"
        elif kind.tree and isinstance(now, str) and now.startswith(f"{was}/"):
            complaint = "contains the new one: an object cannot move below itself"
        elif len({str(o.node.get(kind.identity)) for o in entries if o.was == was}) > 1:
            complaint = "is used by another entry too"
        else:
            continue
        message = f"{kind.name}/{now}: the former name `{was}` {complaint}"
        problems.add(entry.source, (WAS,), message)


def objects_to_keep(
    gathered: Mapping[str, list[FileObject]], without: set[str]
) -> dict[str, KnownObjects]:
    """Return the validated objects of each new file that the cache can hold, `without` some."""
    found: dict[str, KnownObjects] = {}
    left_out = {*without}
    for name, entries in gathered.items():
        kind = MANAGED[name]
        identity = MANAGED[kind.parent.kind].identity if kind.parent else ""
        for entry in (entry for entry in entries if entry.node is not KNOWN):
            source, value, owner = entry.source, entry.valid, entry.owner.get(identity, "")
            if kind.is_private or kind.secret or entry.was or entry.gaps or value is None:
                left_out.add(source.file)
                continue
            line = (name, source.line, source.column, owner, value)
            found.setdefault(source.file, []).append(line)
    return {file: found[file] for file in found.keys() - left_out}
