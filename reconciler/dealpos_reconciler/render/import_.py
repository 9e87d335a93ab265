"""Results of import and adopt, as text and as JSON.

Personal data appears as fingerprints, and no line of a file that holds any, or a secret code, is
shown.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from dealpos_reconciler.catalogue.parser import parse
from dealpos_reconciler.catalogue.sections import REMOVED
from dealpos_reconciler.catalogue.writing.results import (
    AdoptResult,
    EditedFile,
    FieldDrift,
    ImportResult,
    Skipped,
)
from dealpos_reconciler.core.diff.diff import compare_fields
from dealpos_reconciler.core.model.secret import HIDDEN, SECRET
from dealpos_reconciler.dealpos.reading.full_read import FullRead
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.json import object_document
from dealpos_reconciler.render.view import place
from dealpos_reconciler.render.words import (
    ObjectLabels,
    amount,
    duration,
    format_value,
    mask_value,
    plain,
    plural,
    with_label,
    with_labels,
)

MAX_LINES_OF_A_SORT = 20
"""The text counts further lines of one sort; JSON has all of them."""


def estimate_document(reading: FullRead) -> dict[str, Any]:
    """Return the objects that an import found, and the requests that it still needs."""
    requests = reading.remaining_requests()
    return {
        "store": reading.client.store.url,
        "requests_used": reading.client.requests,
        "requests": requests,
        "seconds": round(reading.estimate_seconds(requests)),
        "objects": reading.new_counts(),
    }


def estimate_text(reading: FullRead) -> str:
    """Return the same for people."""
    estimate = estimate_document(reading)
    store = f"Store: {plain(estimate['store'])}\n"
    used = plural(estimate["requests_used"], "request")
    if not (found := _objects(estimate["objects"])):
        return f"{store}Found no undeclared objects ({used}).\n"
    needs = f"{plural(estimate['requests'], 'more request')} ({duration(estimate['seconds'])})"
    return f"{store}Found {found} that no file declares ({used}).\nImporting them needs {needs}.\n"


def import_document(result: ImportResult) -> dict[str, Any]:
    """Return the files that an import wrote, and the objects that it skipped."""
    files = result.files.items()
    return {
        "store": result.store,
        "files": [{"file": f, "objects": dict(sorted(n.items()))} for f, n in files],
        "skipped": _skipped_documents(result.skipped, result.labels),
        "authorising": result.authorising,
        "without_personal_data": result.discreet,
        "unknown": [{"address": name, "reason": reason} for name, reason in result.unread],
        "notes": result.notes,
        "requests": result.requests,
        "complete": result.cut is None and not result.unread,
    }


def import_text(result: ImportResult, folder: str) -> str:
    """Return the same for people, with the next step."""
    labels = result.labels
    lines = [
        f"wrote {name}{f': {held}' if (held := _objects(objects)) else ''}"
        for name, objects in result.files.items()
    ]
    if not any(result.files.values()):
        lines.append("Nothing to import: the files declare every object of the shop.")
    lines += _some("skipped", _skipped_lines(result.skipped, labels))
    unread = (with_labels(f"{name}: {reason}", labels) for name, reason in result.unread)
    lines += _some("could not be read", unread)
    if result.authorising:
        coupons = plural(result.authorising, "authorising coupon")
        lines.append(f"not written: {coupons}; a code that opens functions of the till is a secret")
    lines += _personal_data(result.discreet)
    lines += [f"note: {with_labels(note, labels)}" for note in result.notes]
    if any(result.files.values()):
        command = f"reconciler plan {shlex.quote(folder)}"
        lines.append(f"Next: run '{command}' (expect no changes), then commit the files.")
    return "\n".join(map(plain, lines)) + "\n"


def _personal_data(count: int) -> list[str]:
    personal = f"not written: the personal data of {plural(count, 'customer')}"
    return [f"{personal}; --personal-data writes it to the files"] if count else []


def _objects(objects: Mapping[str, int]) -> str:
    return ", ".join(
        f"{amount(count)} {name if count == 1 else KINDS[name].collection}"
        for name, count in sorted(objects.items())
        if count
    )


def _skipped_documents(skipped: Iterable[Skipped], labels: ObjectLabels) -> list[dict[str, Any]]:
    return [
        {**object_document(address, labels), "field": field, "reason": reason}
        for address, reason, field in skipped
    ]


def _skipped_lines(skipped: Iterable[Skipped], labels: ObjectLabels) -> Iterator[str]:
    for address, reason, field in skipped:
        about = with_label(address, labels) + (f" `{field}`" if field else "")
        yield f"{about}: {with_labels(reason, labels)}"


def _some(title: str, found: Iterable[str]) -> Iterator[str]:
    lines = list(found)
    yield from (f"{title}: {line}" for line in lines[:MAX_LINES_OF_A_SORT])
    if len(lines) > MAX_LINES_OF_A_SORT:
        yield f"{title}: {amount(len(lines) - MAX_LINES_OF_A_SORT)} more (--format json lists all)"


def drift_lines(drift: FieldDrift, labels: ObjectLabels) -> Iterator[str]:
    """Yield the parts of a field that differ: the declared value, then the live one."""
    kind = KINDS[drift.address.kind]
    field = kind.fields[drift.field]
    about = with_label(drift.address, labels)
    for part in compare_fields(kind, {drift.field: drift.declared}, {drift.field: drift.live}):
        declared = format_value(drift.address, field, part.after)
        live = format_value(drift.address, field, part.before)
        yield f"{about} {plain(part.name)}: declared {declared}, live {live}"


def adopt_text(result: AdoptResult, dry_run: bool) -> str:
    """Return the live values that were written to the files, the skipped ones, and the edits."""
    labels = result.labels
    lines = []
    for drift in result.drift:
        lines += [f"{place(drift.source)}: {line}" for line in drift_lines(drift, labels)]
    lines += [f"new: {with_label(address, labels)}" for address in result.new]
    lines += [plain(f"not adopted: {line}") for line in _skipped_lines(result.skipped, labels)]
    lines += [plain(f"note: {note}") for note in result.notes]
    lines += _personal_data(result.discreet)
    for name, edited in result.files.items():
        lines += ["", *difference_lines(name, edited, _private(result))]
    if count := len(result.files):
        lines += ["", f"{'would write' if dry_run else 'wrote'} {plural(count, 'file')}"]
    elif not result.skipped:
        lines.append("Nothing to adopt: the files match the shop.")
    return "\n".join(lines) + "\n"


def adopt_document(result: AdoptResult, dry_run: bool) -> dict[str, Any]:
    """Return the same for programs."""
    labels = result.labels
    return {
        "adopted": [_drift(drift, labels) for drift in result.drift],
        "new": [object_document(address, labels) for address in result.new],
        "skipped": _skipped_documents(result.skipped, labels),
        "without_personal_data": result.discreet,
        "notes": list(result.notes),
        "files": list(result.files),
        "written": not dry_run,
    }


def _drift(drift: FieldDrift, labels: ObjectLabels) -> dict[str, Any]:
    field = KINDS[drift.address.kind].fields[drift.field]
    return {
        **object_document(drift.address, labels),
        "field": drift.field,
        "declared": mask_value(drift.address, field, drift.declared),
        "live": mask_value(drift.address, field, drift.live),
        "source": {"file": drift.source.file, "line": drift.source.line},
    }


def _private(result: AdoptResult) -> set[str]:
    """Return the collections whose entries are people."""
    kinds = {KINDS[address.kind] for address in (*(d.address for d in result.drift), *result.new)}
    return {kind.collection for kind in kinds if kind.is_private}


def difference_lines(name: str, edited: EditedFile, private: Collection[str]) -> Iterator[str]:
    """Yield a unified diff that `patch` takes, with the mask of a file that has secrets."""
    mask = _mask(name, edited.new.decode("utf-8-sig"), private)
    yield f"--- a/{plain(name)}" if edited.old else "--- /dev/null"
    yield f"+++ b/{plain(name)}"
    grown = 0
    for above, old, new in edited.hunks:
        yield f"@@ -{_range(above, old)} +{_range(above + grown, new)} @@"
        grown += len(new) - len(old)
        for sign, line in chain((("-", line) for line in old), (("+", line) for line in new)):
            yield sign + (mask or _plain_line(line.removesuffix("\n")))
            if not line.endswith("\n"):
                yield "\\ No newline at end of file"


def _mask(name: str, text: str, private: Collection[str]) -> str:
    """Return the text instead of each line of a file that holds personal data or secret codes."""
    # Without an escape sequence, a key is written as it is read.
    if "\\" not in text and not any(key in text for key in (*private, SECRET)):
        return ""
    # As YAML, not as text: a key may stand in quotes or braces.
    root = parse(text, name)[0]
    if any(key in root for key in private):
        return " (personal data)"
    lists = (root.get(kind.collection, ()) for kind in KINDS.values() if kind.secret)
    entries = chain(*lists, root.get(REMOVED, ()))
    return f" {HIDDEN}" if any(SECRET in entry for entry in entries) else ""


def _range(above: int, lines: Sequence[str]) -> str:
    if len(lines) == 1:
        return str(above + 1)
    return f"{above + 1 if lines else above},{len(lines)}"


def _plain_line(line: str) -> str:
    """Return a line as `plain` does; tabs and the end of a CRLF stay, which `patch` compares."""
    body = line.removesuffix("\r")
    return "\t".join(map(plain, body.split("\t"))) + line[len(body) :]
