"""What an adopt takes from the shop, as lines and as the difference of the files.

Personal data appears as its mark, and no line of a file that holds any is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import unified_diff
from typing import Any

from reconciler.catalogue.parser import parse
from reconciler.catalogue.writing.results import AdoptResult, FieldDrift
from reconciler.core.diff.diff import compare_fields
from reconciler.core.model.kind import Kind, Kinds
from reconciler.render.words import counted, plain, shown, written


def take_lines(take: FieldDrift, kinds: Kinds) -> Iterator[str]:
    """The parts of a field that differ: what the file says, and what the shop has."""
    kind = kinds[take.address.kind]
    field = kind.fields[take.field]
    for part in compare_fields(kind, {take.field: take.declared}, {take.field: take.live}):
        before = written(take.address, field, part.after)
        after = written(take.address, field, part.before)
        yield f"{take.address} {part.name}: {before} → {after}"


def adopted_text(done: AdoptResult, kinds: Kinds, dry_run: bool) -> str:
    """What was taken, what was not and why, and the edits."""
    lines = []
    for take in done.drift:
        place = f"{take.source.file}:{take.source.line}: "
        lines += [place + line for line in take_lines(take, kinds)]
    lines += [f"new: {address}" for address in done.new]
    for address, field, reason in done.skipped:
        named = f"{address} `{field}`" if field else str(address)
        lines.append(f"not adopted: {named}: {reason}")
    told = [plain(line) for line in lines]
    for name, (old, new) in done.files.items():
        told += ["", *map(plain, _difference(name, old, new, _private(done, kinds)))]
    count = len(done.files)
    if count:
        told += ["", f"{'would write' if dry_run else 'wrote'} {counted(count, 'file')}"]
    elif not done.skipped:
        told.append("nothing to adopt: the files say what the shop has")
    return "\n".join(told) + "\n"


def adopted_document(done: AdoptResult, kinds: Kinds, dry_run: bool) -> dict[str, Any]:
    """The same for programs."""
    return {
        "adopted": [_entry(take, kinds) for take in done.drift],
        "new": [str(address) for address in done.new],
        "refused": [
            {"address": str(address), "field": field or None, "reason": reason}
            for address, field, reason in done.skipped
        ],
        "files": list(done.files),
        "written": not dry_run,
    }


def _entry(take: FieldDrift, kinds: Kinds) -> dict[str, Any]:
    field = kinds[take.address.kind].fields[take.field]
    return {
        "address": str(take.address),
        "field": take.field,
        "declared": shown(take.address, field, take.declared),
        "live": shown(take.address, field, take.live),
        "source": {"file": take.source.file, "line": take.source.line},
    }


def _private(done: AdoptResult, kinds: Kinds) -> set[str]:
    """The collections whose entries are people."""
    touched = {take.address.kind for take in done.drift} | {a.kind for a in done.new}
    return {kinds[n].collection for n in touched if _personal(kinds[n])}


def _personal(kind: Kind) -> bool:
    return any(field.private for field in kind.fields.values())


def _difference(name: str, old: bytes, new: bytes, private: Iterable[str]) -> Iterator[str]:
    before = old.decode("utf-8-sig").splitlines()
    after = new.decode("utf-8-sig").splitlines()
    found = unified_diff(before, after, f"a/{name}", f"b/{name}", n=0, lineterm="")
    # As YAML, not as text: a key may stand in quotes or braces.
    hidden = any(key in parse("\n".join(after), name)[0] for key in private)
    for line in found:
        if hidden and not line.startswith(("---", "+++", "@@")):
            line = f"{line[0]} (personal data)"
        yield line
