"""The journal of one store as JSON: what was begun and not settled, and the uses last seen.

    {"coupon/TEN": {"before": …, "after": …, "carried": …, "gone": false},   replacements
     "births": ["variant/1003L"],   created out of use, to be completed and put in use
     "uses": {"coupon/TEN": {"used": 37, "limit": 100}},
     "attempts": {"coupon/TEN": {"written": […], "live": […], "reason": "…",
                                   "together": […]}},   not made again
     "sold_at_once": true,   the shop puts new objects in use whatever their creation says
     "run": "4f1c…"}   the last run that wrote to the shop

What another version wrote and this one does not know stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, NotRequired

from typing_extensions import TypedDict

from dealpos_reconciler.core.diff.attempts import Attempt
from dealpos_reconciler.core.marks import AfterValidator, Bounds, with_config
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.core.model.masked import SecretText, reveal_all
from dealpos_reconciler.core.model.shape import adapter_of, check_values
from dealpos_reconciler.core.plan.past_runs import UsesSeen
from dealpos_reconciler.core.plan.replacement import Interrupted
from dealpos_reconciler.errors import UsageError
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.ledger import now
from dealpos_reconciler.ledger.state_dir import load_json

if TYPE_CHECKING:
    from pydantic import TypeAdapter

REMOVE = "delete it"
LATE_DELETION = timedelta(days=1)
"""Time after which a deletion without an answer is not expected any more."""


@dataclass(frozen=True, slots=True)
class JournalContent:
    """Everything that the journal says of one store."""

    replacements: Mapping[Address, Interrupted] = field(default_factory=dict)
    births: frozenset[Address] = frozenset()
    uses: Mapping[Address, UsesSeen] = field(default_factory=dict)
    attempts: Mapping[Address, Attempt] = field(default_factory=dict)
    run: str = ""
    sold_at_once: bool = False
    """True if a new object was in use though it was created out of use."""
    strange: Mapping[str, Any] = field(default_factory=dict)
    """The entries of another version, which are kept as they are."""


def _check_address(name: str) -> str:
    if not all(name.partition("/")) or name.partition("/")[0] not in KINDS:
        raise ValueError("an address is kind/name")
    return name


def _check_retires(name: str) -> str:
    kind = KINDS.get(name.partition("/")[0])
    if kind is None or not kind.retire:
        raise ValueError("no object of this kind is created out of use")
    return name


_Number = Annotated[int, Bounds(ge=0)]
_Name = Annotated[str, AfterValidator(_check_address)]


class _Uses(TypedDict):
    used: _Number
    limit: _Number
    deleted: NotRequired[bool]


class _Attempt(TypedDict):
    written: list[str]
    live: list[str]
    reason: str
    together: NotRequired[list[_Name]]


class _Replacement(TypedDict):
    before: dict[str, Any]
    after: dict[str, Any]
    carried: dict[str, Any]
    gone: NotRequired[bool]
    lost: NotRequired[str]


@with_config(extra="allow")
class _Section(TypedDict, total=False):
    births: list[Annotated[_Name, AfterValidator(_check_retires)]]
    uses: dict[_Name, _Uses]
    attempts: dict[_Name, _Attempt]
    run: str
    sold_at_once: bool


@cache
def _shape(document: Any) -> TypeAdapter[Any]:
    return adapter_of(document)


def parse(section: object, masked: Mapping[Address, Address]) -> JournalContent:
    """Return the content of a section, with the codes that its masks stand for.

    Raises ValueError for one that is damaged.
    """
    if section == {}:
        return JournalContent()
    known = _shape(_Section).validate_python(section, strict=True)
    replacements, strange = {}, {}
    others = (pair for pair in known.items() if pair[0] not in _Section.__annotations__)
    for name, entry in others:
        kind = KINDS.get(name.partition("/")[0]) if all(name.partition("/")) else None
        if kind:
            replacements[Address.parse(name)] = _parse_entry(
                kind, _shape(_Replacement).validate_python(entry, strict=True)
            )
        else:
            strange[name] = entry
    uses = {
        Address.parse(name): UsesSeen(u["used"], u["limit"], u.get("deleted", False))
        for name, u in known.get("uses", {}).items()
    }
    births = _parse_all(known.get("births", ()))
    attempts = {
        Address.parse(name): Attempt(
            frozenset(a["written"]),
            frozenset(a["live"]),
            a["reason"],
            _parse_all(a.get("together", ())),
        )
        for name, a in known.get("attempts", {}).items()
    }
    run, sold_at_once = known.get("run", ""), known.get("sold_at_once", False)
    content = JournalContent(replacements, births, uses, attempts, run, sold_at_once, strange)
    return _resolve(content, masked)


def _parse_all(names: Iterable[str]) -> frozenset[Address]:
    return frozenset(map(Address.parse, names))


def dump(content: JournalContent) -> dict[str, Any]:
    """Return the section of a content; empty where nothing is known."""
    return {
        **content.strange,
        **{str(a): _entry_document(a, entry) for a, entry in content.replacements.items()},
        **({"births": sorted(map(str, content.births))} if content.births else {}),
        **(
            {"uses": {str(a): u._asdict() for a, u in content.uses.items()}} if content.uses else {}
        ),
        **({"attempts": _dump_attempts(content.attempts)} if content.attempts else {}),
        **({"sold_at_once": True} if content.sold_at_once else {}),
        **({"run": content.run} if content.run else {}),
    }


def _entry_document(address: Address, entry: Interrupted) -> dict[str, Any]:
    found: dict[str, Any] = reveal_all(asdict(_name(address, entry, str(address.name))))
    return found


def _name(address: Address, entry: Interrupted, name: str) -> Interrupted:
    """Return an entry whose values have `name` in the place of a code from the environment."""
    if not isinstance(address.name, SecretText):
        return entry
    code = {KINDS[address.kind].identity: name}
    before, after = (values and {**values, **code} for values in (entry.before, entry.after))
    return replace(entry, before=before, after=after)


def _resolve(content: JournalContent, masked: Mapping[Address, Address]) -> JournalContent:
    if not masked:
        return content
    replacements = {masked.get(a, a): entry for a, entry in content.replacements.items()}
    return replace(
        content,
        replacements={a: _name(a, entry, a.name) for a, entry in replacements.items()},
        births=frozenset(masked.get(a, a) for a in content.births),
        uses={masked.get(a, a): seen for a, seen in content.uses.items()},
        attempts={
            masked.get(a, a): replace(t, together=frozenset(masked.get(o, o) for o in t.together))
            for a, t in content.attempts.items()
        },
    )


def _dump_attempts(attempts: Mapping[Address, Attempt]) -> dict[str, Any]:
    return {
        str(address): {
            "written": sorted(a.written),
            "live": sorted(a.live),
            "reason": a.reason,
            **({"together": sorted(map(str, a.together))} if a.together else {}),
        }
        for address, a in attempts.items()
    }


def is_doubtful(entry: Interrupted) -> bool:
    """Return whether a deletion that got no answer may still be carried out."""
    return entry.lost > now(LATE_DELETION)


def to_text(content: JournalContent) -> str:
    """Return the section as text."""
    return json.dumps(dump(content), indent=1, default=float, ensure_ascii=False) + "\n"


def parse_text(
    text: str | bytes,
    name: str,
    way_out: str,
    masked: Mapping[Address, Address],
    store: str | None = None,
) -> JournalContent:
    """Return the content of a journal, or of the part of `store` in it.

    Raises UsageError for a text that is damaged, with the last way out.
    """
    try:
        found = load_json(text)
        sections = {"": found} if store is None else found
        if not (isinstance(sections, dict) and all(isinstance(s, dict) for s in sections.values())):
            raise ValueError("a journal has a section for each store")
        return parse(sections.get(store or "", {}), masked)
    except (ValueError, RecursionError) as error:
        raise report_damage(name, way_out) from error


def report_damage(name: str, way_out: str) -> UsageError:
    """Return the error for a journal that cannot be read."""
    return UsageError(
        f"{name} cannot be read, or it is incomplete",
        hint="it says which coupons a run has deleted and not created again, and how many uses "
        "they had left. Restore it from a backup. If every coupon is in the shop as it should be, "
        f"{way_out}",
    )


def _parse_entry(kind: Kind, entry: _Replacement) -> Interrupted:
    before, after = (
        {name: value for name, value in values.items() if name in kind.fields}
        for values in (entry["before"], entry["after"])
    )
    pairs = {
        name: (pair[0], pair[1])
        for name, pair in entry["carried"].items()
        if name in kind.fields and isinstance(pair, list) and len(pair) == 2
    }
    declared, written = ({n: pair[i] for n, pair in pairs.items()} for i in (0, 1))
    for values in (before, after, declared, written):
        check_values(kind, values)
    return Interrupted(before, after, pairs, entry.get("gone", False), entry.get("lost", ""))
