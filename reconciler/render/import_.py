"""What an import costs and what it did, for people and for programs.

Of customers only codes are named: what a file holds of them is in the file alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reconciler.core.model.kind import Kinds
from reconciler.render.words import amount, counted, duration, plain

if TYPE_CHECKING:
    from reconciler.catalogue.writing.results import ImportResult
    from reconciler.dealpos.reading.full_read import FullRead

SHOWN = 20
"""So many lines of one sort are for people; programs get all of them."""


def price_document(everything: FullRead) -> dict[str, Any]:
    """What the listings have cost and shown, and what the rest will cost."""
    requests = everything.remaining_requests()
    return {
        "store": everything.client.store.url,
        "spent": everything.client.requests,
        "requests": requests,
        "seconds": round(everything.estimate_seconds(requests)),
        "objects": everything.new_counts(),
    }


def price_text(everything: FullRead, kinds: Kinds) -> str:
    """The same in one or two lines."""
    told = price_document(everything)
    listed = _counted(told["objects"], kinds) or "nothing"
    rest = counted(told["requests"], "request")
    return (
        f"Store: {told['store']}\n"
        f"{counted(told['spent'], 'request')} listed what no file declares: {listed}\n"
        f"to read it takes about {rest} more, {duration(told['seconds'])}\n"
    )


def import_document(done: ImportResult) -> dict[str, Any]:
    """What an import did, for programs."""
    return {
        "store": done.store,
        "files": [{"file": f, "objects": dict(sorted(n.items()))} for f, n in done.files.items()],
        "left_out": [
            {"address": str(address), "field": field or None, "reason": reason}
            for address, field, reason in done.skipped
        ],
        "unknown": [{"address": name, "reason": why} for name, why in done.unread],
        "notes": done.notes,
        "requests": done.requests,
        "complete": done.cut is None and not done.unread,
    }


def import_text(done: ImportResult, kinds: Kinds, folder: str) -> str:
    """What an import did, for people."""
    lines = [_file(name, objects, kinds) for name, objects in done.files.items()]
    if not any(done.files.values()):
        lines.append("nothing in the shop that the files do not declare")
    lines += _some("left out", (_left(*entry) for entry in done.skipped))
    lines += _some("could not be read", (f"{name}: {why}" for name, why in done.unread))
    lines += [f"note: {note}" for note in done.notes]
    if any(done.files.values()):
        lines.append(f"next: reconciler plan {folder}, which is empty, then git add")
    return "\n".join(map(plain, lines)) + "\n"


def _file(name: str, objects: Mapping[str, int], kinds: Kinds) -> str:
    held = _counted(objects, kinds)
    return f"wrote {name}: {held}" if held else f"wrote {name}"


def _counted(objects: Mapping[str, int], kinds: Kinds) -> str:
    return ", ".join(
        f"{amount(count)} {name if count == 1 else kinds[name].collection}"
        for name, count in sorted(objects.items())
        if count
    )


def _left(address: object, field: str, reason: str) -> str:
    return f"{address} `{field}`: {reason}" if field else f"{address}: {reason}"


def _some(what: str, found: Iterator[str]) -> Iterator[str]:
    lines = list(found)
    yield from (f"{what}: {line}" for line in lines[:SHOWN])
    if len(lines) > SHOWN:
        yield f"{what}: {amount(len(lines) - SHOWN)} more; --format json names them all"
