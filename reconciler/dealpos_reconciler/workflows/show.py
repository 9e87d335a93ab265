"""Read a saved plan to show it: as a plan again, from its document, without the shop or the files.

What the document hides stays hidden: a fingerprint or a mark is shown as it is, and nothing is
calculated from it. Values that only an apply needs are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dealpos_reconciler.core.diff.change import Action, Change, FieldChange
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.masked import DERIVED, SecretNumber, SecretText
from dealpos_reconciler.core.money import Peak, PriceImpact
from dealpos_reconciler.core.plan.plan import (
    Interruptions,
    Plan,
    PlanWarning,
    SkippedChange,
    UnsafeStop,
)
from dealpos_reconciler.core.rehearsal import Behaviour, Consequence, Rehearsal
from dealpos_reconciler.core.steps.usage import ApiUsage
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.dates.coming import read_coming
from dealpos_reconciler.render.view import PlanView
from dealpos_reconciler.workflows.plan_file import (
    read_document,
    read_publication,
    read_violation,
    refuse_unknown_values,
)

if TYPE_CHECKING:
    from dealpos_reconciler.render.documents import (
        ActionsDocument,
        FieldDocument,
        PlanDocument,
        ResourceChange,
    )
    from dealpos_reconciler.render.money import PeakDocument, PriceImpactDocument
    from dealpos_reconciler.render.rehearsal.document import ConsequenceDocument, RehearsalDocument


def read_shown(path: Path, signing: bytes | None = None) -> tuple[Plan, PlanView]:
    """Return a saved plan and the view that shows it.

    Raises UsageError for a file that is not valid, modified or not signed.
    """
    document = read_document(path, signing)
    with refuse_unknown_values(path):
        return _read_plan(document), _read_view(document)


def _read_plan(document: PlanDocument) -> Plan:
    summary = document["summary"]
    labels = dict(_labels(document))
    return Plan(
        document["store"],
        tuple(map(_read_change, document["resource_changes"])),
        unmanaged=tuple(Address.parse(found["address"]) for found in document["unmanaged"]),
        orphaned=tuple(Address.parse(found["address"]) for found in document["orphaned"]),
        unknown=_read_reasons(document["unknown"]),
        blocked=_read_reasons(document["blocked"]),
        stale=tuple(
            SkippedChange(address, Action.UPDATE, reason)
            for address, reason in _read_reasons(document["stale"])
        ),
        warnings=tuple(
            PlanWarning(tuple(map(Address.parse, found["addresses"])), found["message"])
            for found in document["warnings"]
        ),
        notes=tuple(document["notes"]),
        violations=tuple(map(read_violation, document["violations"])),
        interruptions=_read_interruptions(document["interruptions"]),
        unchanged=summary["unchanged"],
        labels=labels,
        publication=read_publication(document["publication"])
        if "publication" in document
        else None,
        at=document.get("at", ""),
        holds_until={
            Address.parse(found["address"]): found["holds_until"]
            for found in document["resource_changes"]
            if "holds_until" in found
        },
        coming=tuple(map(read_coming, document.get("coming", ()))),
        as_of=document.get("as_of", ""),
    )


def _read_view(document: PlanDocument) -> PlanView:
    usage = document["api_usage"]
    repeated = usage["requests"] - usage["writes"] - usage["verification"]
    return PlanView(
        usage=ApiUsage(
            usage["reads"],
            usage["writes"],
            usage["verification"],
            usage["windows"],
            usage["seconds"],
            max(repeated, 0),
        ),
        made_at=document["created_at"],
        shop=Path(document["folder"]).resolve().name,
        folder=document["folder"],
        commit=document["commit"],
        rehearsal=_read_rehearsal(document["rehearsal"]) if "rehearsal" in document else None,
        impact=_read_impact(document["money"]),
    )


def _read_impact(found: PriceImpactDocument) -> PriceImpact:
    increase, decrease = map(_read_peak, (found["largest_increase"], found["largest_decrease"]))
    return PriceImpact(
        price_increases=found["price_increases"],
        price_decreases=found["price_decreases"],
        below_cost=found["below_cost"],
        margins_up=found["margins_up"],
        margins_down=found["margins_down"],
        largest_increase=increase,
        largest_decrease=decrease,
    )


def _read_peak(found: PeakDocument | None) -> Peak | None:
    if found is None:
        return None
    shown = found["percent"]
    percent = SecretNumber(0, DERIVED) if shown is None else Decimal(shown)
    return Peak(Address.parse(found["address"]), found["outlet"] or "", percent)


def _labels(document: PlanDocument) -> Iterator[tuple[Address, str]]:
    """Yield the names for people, wherever the document gives one."""
    lists: Iterable[Iterable[Any]] = (
        document["resource_changes"],
        document["unmanaged"],
        document["orphaned"],
        document["unknown"],
        document["blocked"],
        document["stale"],
        document["violations"],
        document["interruptions"]["unsafe"],
    )
    for found in chain.from_iterable(lists):
        if found["address"] and found["label"]:
            yield Address.parse(found["address"]), found["label"]
    for address, label in document.get("labels", {}).items():
        yield Address.parse(address), label


def _read_change(entry: ResourceChange) -> Change:
    address = Address(entry["type"], entry["name"])
    kind = KINDS[address.kind]
    hidden = [tuple(path) for path in entry.get("from_environment", ())]
    private = {name for name, field in kind.fields.items() if field.private}
    masked = private | {path[0] for path in hidden}
    change = entry["change"]
    return Change(
        address,
        Action(entry["action"]),
        entry["action_reason"],
        tuple(_read_field(field, change, masked) for field in entry["fields"]),
        _without(change["before"], hidden),
        _without(change["after"], hidden),
        Source(**entry["source"]) if entry["source"] else None,
        entry["basis"],
        renamed_from=entry.get("previous_address", "").partition("/")[2],
        implied=tuple(map(Address.parse, entry.get("implied", ()))),
        remarks=tuple(entry.get("remarks", ())),
        hidden_falls=tuple(
            sale["outlet"] or ""
            for sale in entry["money"]
            if sale["falls_below_cost"]
            # What an open price shows is calculated again.
            and None in (sale["price"]["after"], sale["cost"]["after"])
        ),
    )


def _read_field(
    entry: FieldDocument, change: ActionsDocument, masked: Iterable[str]
) -> FieldChange:
    before, after = entry["before"], entry["after"]
    path = _read_path(entry["path"], change)
    if path[0] in masked:
        before, after = _mask(before), _mask(after)
    action = Action.CREATE if entry["before"] is None else Action.UPDATE
    return FieldChange(path, before, after, action, entry["reason"], entry.get("origin"))


def _read_path(written: str, change: ActionsDocument) -> tuple[str, ...]:
    """Return a path whose parts are joined by dots; a key, such as an outlet, may contain dots."""
    first, _, rest = written.partition(".")
    key, _, last = rest.rpartition(".")
    sides = ((side or {}).get(first) for side in (change["before"], change["after"]))
    keys = set().union(*(side for side in sides if isinstance(side, dict)))
    return (first, key, last) if key in keys else (first, rest) if rest else (first,)


def _mask(shown: Any) -> Any:
    """Return what the document shows in the place of a value, so that it is shown as it is."""
    if shown is None:
        return None
    text = ", ".join(map(str, shown)) if isinstance(shown, list) else str(shown)
    return SecretText(text, text)


def _without(value: dict[str, Any] | None, hidden: Iterable[tuple[str, ...]]) -> Any:
    """Return an object without its marks: nothing can be calculated from them."""
    if value is None:
        return None
    left = dict(value)
    for path in hidden:
        inner = left
        for name in path[:-1]:
            inner[name] = dict(inner.get(name) or {})
            inner = inner[name]
        inner.pop(path[-1], None)
    return left


def _read_reasons(entries: Iterable[Any]) -> tuple[tuple[Address, str], ...]:
    return tuple((Address.parse(entry["address"]), entry["reason"]) for entry in entries)


def _read_interruptions(entry: Any) -> Interruptions:
    unsafe = (
        UnsafeStop(stop["after"], stop["until"], Address.parse(stop["address"]), stop["why"])
        for stop in entry["unsafe"]
    )
    return Interruptions(entry["points"], tuple(unsafe))


def _read_rehearsal(entry: RehearsalDocument) -> Rehearsal:
    return Rehearsal(
        requests=entry["requests"],
        quoted=entry["quoted"],
        windows=entry["windows"],
        seconds=entry["seconds"],
        errors=_read_consequences(entry["errors"]),
        left=_read_consequences(entry["left"]),
        stops=_read_interruptions(entry["interruptions"]),
        behaviours=tuple(
            Behaviour(found["name"], found["sentence"], _read_consequences(found["consequences"]))
            for found in entry["behaviours"]
        ),
        sample=(entry["tried_writes"], entry["writes"]),
        impossible=entry["reason"],
    )


def _read_consequences(entries: Iterable[ConsequenceDocument]) -> tuple[Consequence, ...]:
    return tuple(
        Consequence(Address.parse(found["address"]) if found["address"] else None, found["what"])
        for found in entries
    )
