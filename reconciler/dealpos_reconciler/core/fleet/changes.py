"""The changes of several shops, each named once with the shops that it is made in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dealpos_reconciler.core.fleet.parity import Declarations, Values
from dealpos_reconciler.core.fleet.results import MemberResult

Names = tuple[str, ...]
_REMOVALS = ("delete", "retire")
_WHOLE = ("create", "delete")
"""Actions that are one change of the object, not of its fields."""
_CALM = ("unmanaged", "authorising")


@dataclass(frozen=True, slots=True)
class FleetChange:
    """One change, one difference or one outcome, without the shop that it is of."""

    address: str
    label: str | None
    action: str
    """Of a plan: the action. Of an apply: action and status. Of an audit: the state."""
    path: str = ""
    """The field; empty for the object as a whole."""
    before: Any = None
    after: Any = None


@dataclass(frozen=True, slots=True)
class Others:
    """Shops that do not have a change, and the reason."""

    standing: str
    """Such as `has it` or `declares`."""
    value: Any
    """The declared value, where it is another one; else None."""
    shops: Names


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """One change with the shops that have it."""

    change: FleetChange
    shops: Names
    others: tuple[Others, ...] = ()
    """The other shops, by what is known of them."""


@dataclass(frozen=True, slots=True)
class FleetNotice:
    """A sentence on one object or on a whole plan, with the shops that it holds for."""

    topic: str
    """`warning`, `violation`, `allowed`, `blocked`, `unknown` or `stale`."""
    about: tuple[str, ...]
    """The addresses; empty for a plan as a whole."""
    message: str
    shops: Names


def planned_changes(document: Mapping[str, Any]) -> Iterator[FleetChange]:
    """Yield the changes of a plan: each field that changes, or the object as a whole."""
    for found in document["resource_changes"]:
        address, label, action = found["address"], found["label"], found["action"]
        fields = () if action in _WHOLE else found["fields"]
        for field in fields:
            sides = field["before"], field["after"]
            yield FleetChange(address, label, action, field["path"], *sides)
        if previous := found.get("previous_address"):
            yield FleetChange(address, label, "rename", "", previous, address)
        elif not fields:
            yield FleetChange(address, label, action)


def audited_differences(document: Mapping[str, Any]) -> Iterator[FleetChange]:
    """Yield the differences that an audit found: live is `before`, declared is `after`."""
    for found in document["findings"]:
        address, label, state = found["address"], found["label"], found["state"]
        if state in _CALM:
            continue
        for field in found["fields"]:
            sides = field["live"], field["declared"]
            yield FleetChange(address, label, state, field["path"], *sides)
        if not found["fields"]:
            yield FleetChange(address, label, state)


def applied_changes(document: Mapping[str, Any]) -> Iterator[FleetChange]:
    """Yield the outcomes of an apply."""
    for found in document["outcomes"]:
        said = f"{found['action']} {found['status']}"
        yield FleetChange(found["address"], found["label"], said)


_READERS = {"plan": planned_changes, "apply": applied_changes, "audit": audited_differences}


def group_changes(
    command: str, results: Sequence[MemberResult], declared: Declarations | None = None
) -> tuple[ChangeGroup, ...]:
    """Return the changes of all shops, each once, in the order of objects and fields.

    `declared` tells of the shops that do not have a change of a plan.
    """
    found: dict[str, FleetChange] = {}
    shops: dict[str, list[str]] = {}
    documents = {r.member.name: d for r in results if (d := _document_of(command, r))}
    for name, document in documents.items():
        for change in _READERS[command](document):
            key = _key(change)
            found.setdefault(key, change)
            shops.setdefault(key, []).append(name)
    names = [result.member.name for result in results]
    settled = _Settled(documents, declared) if declared is not None else None
    groups = (
        ChangeGroup(
            change,
            tuple(shops[key]),
            _others(change, [n for n in names if n not in shops[key]], settled),
        )
        for key, change in found.items()
    )
    return tuple(sorted(groups, key=_order))


def _document_of(command: str, result: MemberResult) -> Mapping[str, Any] | None:
    if command == "apply":
        return result.document("apply")
    return result.document("plan" if command == "plan" else "audit")


def _key(change: FleetChange) -> str:
    parts = (change.address, change.action, change.path, change.before, change.after)
    return json.dumps(parts, sort_keys=True, default=str)


def _order(group: ChangeGroup) -> tuple[str, str, int, str]:
    change = group.change
    return change.address, change.path, -len(group.shops), _key(change)


class _Settled:
    """The facts about shops that a change is not planned in."""

    def __init__(self, documents: Mapping[str, Mapping[str, Any]], declared: Declarations) -> None:
        self.declared = declared
        self.open: dict[str, dict[str, str]] = {}
        """The reason why nothing is planned for an object, by shop and address."""
        for name, document in documents.items():
            reasons = self.open[name] = {}
            for topic in ("blocked", "unknown"):
                reasons.update((found["address"], topic) for found in document[topic])
        self.changed = {
            name: {found["address"] for found in document["resource_changes"]}
            for name, document in documents.items()
        }

    def standing(self, name: str, change: FleetChange) -> tuple[str, Any]:
        """Return what is known of a shop that a change is not planned in."""
        if name not in self.open:
            return "no plan", None
        if reason := self.open[name].get(change.address):
            return reason, None
        objects = self.declared.get(name)
        if objects is None:
            return "no change", None
        return self._declared_standing(name, change, objects.get(change.address))

    def _declared_standing(
        self, name: str, change: FleetChange, values: Values | None
    ) -> tuple[str, Any]:
        if change.action in _REMOVALS:
            return ("no change" if values is None else "declares it"), None
        if values is None:
            return "does not declare it", None
        if not change.path:
            return ("changes" if change.address in self.changed[name] else "has it"), None
        if change.path not in values:
            return f"does not declare {change.path}", None
        own = values[change.path]
        return ("has it", None) if own == change.after else ("declares", own)


def _others(
    change: FleetChange, names: Iterable[str], settled: _Settled | None
) -> tuple[Others, ...]:
    if settled is None:
        return ()
    found: dict[str, Others] = {}
    for name in names:
        standing, value = settled.standing(name, change)
        key = json.dumps((standing, value), default=str)
        known = found[key].shops if key in found else ()
        found[key] = Others(standing, value, (*known, name))
    ranked = sorted(found.values(), key=lambda o: (o.standing != "has it", -len(o.shops)))
    return tuple(ranked)


def group_notices(results: Sequence[MemberResult]) -> tuple[FleetNotice, ...]:
    """Return warnings, violations and reasons of all plans, each once with its shops."""
    found: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for result in results:
        for key in _notices(result.document("plan") or {}):
            names = found.setdefault(key, [])
            if result.member.name not in names:
                names.append(result.member.name)
    return tuple(FleetNotice(*key, tuple(names)) for key, names in found.items())


def _notices(plan: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    for warning in plan.get("warnings", ()):
        yield "warning", tuple(warning["addresses"]), warning["message"]
    for violation in plan.get("violations", ()):
        topic = "allowed" if violation["allowed"] else "violation"
        about = (violation["address"],) if violation["address"] else ()
        yield topic, about, f"{violation['rule']}: {violation['message']}"
    for topic in ("blocked", "unknown", "stale"):
        for reason in plan.get(topic, ()):
            yield topic, (reason["address"],), reason["reason"]
