"""The sections of the files that hold no objects, validated.

`defaults:`, `guardrails:`, `prune:`, `environment:` and `store.concurrency` of the settings;
`allow:` and `removed:` of catalogue files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Annotated, Any, Required

from typing_extensions import TypedDict

from dealpos_reconciler.catalogue.entries import HiddenCodes
from dealpos_reconciler.catalogue.environment import SETTING as ENVIRONMENT
from dealpos_reconciler.catalogue.environment import is_name, is_reserved
from dealpos_reconciler.catalogue.files import SETTINGS_FILE, Problems
from dealpos_reconciler.catalogue.problems import (
    explain_all,
    kind_adapter,
    known_keys,
    private_fields,
    validate_entry,
)
from dealpos_reconciler.catalogue.reading.node import Node
from dealpos_reconciler.core.marks import Bounds, StringConstraints, WithJsonSchema
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Allowance, Declared, PruneScope, Removal
from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.core.model.masked import SecretText
from dealpos_reconciler.core.model.secret import SECRET
from dealpos_reconciler.core.model.store import MAX_CONCURRENCY
from dealpos_reconciler.core.model.types import Code, Day, Flag
from dealpos_reconciler.errors import suggestion
from dealpos_reconciler.guardrails.guardrail import Guardrail, Guardrails
from dealpos_reconciler.guardrails.rules import RULES
from dealpos_reconciler.kinds import MANAGED

CONCURRENCY = "concurrency"

OFF = ("off", "false")
"""Values that turn a guardrail off."""
PRUNE = "prune"
ALLOW = "allow"
"""The key of a catalogue file that holds exceptions from guardrails."""
REMOVED = "removed"
"""The key of a catalogue file that holds the addresses of objects to remove."""

Entries = Iterable[tuple[Any, Source]]
"""The entries under one key of every file, each with its place."""
_MASK = re.compile("#[0-9a-f]{8}")
# A live name may be longer than a code, and contain what a file cannot declare.
_Address = Annotated[str, WithJsonSchema({"type": ["string", "number"], "minLength": 1})]
_Globs = Annotated[list[Code], Bounds(min_length=1)]


class PruneEntry(TypedDict, total=False):
    """Kinds, and globs that narrow them: an object must match one of each list that is there."""

    kinds: Required[_Globs]
    """The kinds of the objects."""
    categories: _Globs
    """`*` stays on a level of the path, `**` not. Example: `["Drinks/**"]`."""
    codes: _Globs
    """Globs on the code, or name, of the object. Example: `["10*"]`."""
    delete: Flag
    """Delete; otherwise objects are retired."""


class AllowEntry(TypedDict, total=False):
    """A reviewed exception from a guardrail; without an address, for the whole plan."""

    rule: Required[Code]
    address: _Address
    reason: Required[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]]
    until: Required[Day]


class RemovedEntry(TypedDict, total=False):
    """An object to remove."""

    address: Required[_Address]
    """`kind/name`. Example: `variant/1003S`."""
    delete: Flag
    """Delete it; otherwise it is retired."""


def read_guardrails(node: Node, problems: Problems) -> Guardrails:
    """Return the guardrails that are on, with their limits; problems go to `problems`."""
    rules = {name: rule() for name, rule in RULES.items()}
    for name, given in node.items():
        if name not in RULES:
            problems.add_setting(node, (name,), *_unknown_name("guardrail", name, RULES), key=True)
        elif isinstance(given, str) and given.lower() in OFF:
            del rules[name]
        elif isinstance(given, Node):
            place = given.source(SETTINGS_FILE)
            rules[name] = validate_entry(RULES[name], given, place, problems) or rules[name]
        else:
            hint = "write `off`, or `{option: value}`"
            message = f"`guardrails.{name}` must be a mapping or off"
            problems.add_setting(node, (name,), message, hint)
    return MappingProxyType(rules)


def guardrail_options(rule: type[Guardrail]) -> Mapping[str, Any]:
    """Return the options of a guardrail with their defaults."""
    plain = rule()
    return {field.name: getattr(plain, field.name) for field in fields(plain)}  # type: ignore[arg-type]


def read_defaults(
    node: Node, problems: Problems, file: str = SETTINGS_FILE
) -> Mapping[str, Mapping[str, Any]]:
    """Return the default values of each kind in a section of a file; problems go to `problems`."""
    filled = {}
    for name, given in node.items():
        kind = MANAGED.get(name)
        if kind is None:
            hint = suggestion(name, MANAGED) or f"accepted: {', '.join(MANAGED)}"
            message = f"unknown kind `{name}` in `defaults`"
            problems.add(node.source(file), (name,), message, hint, key=True)
        elif not isinstance(given, Node):
            problems.add(node.source(file), (name,), f"`defaults.{name}` must be a mapping")
        elif kind.identity in given:
            message = f"`{kind.identity}` names one object and cannot have a default"
            problems.add(given.source(file), (kind.identity,), message)
        else:
            filled[name] = _kind_defaults(kind, given, problems, file)
    return filled


def _kind_defaults(kind: Kind, given: Node, problems: Problems, file: str) -> Mapping[str, Any]:
    """Return the validated values for one kind; none where one of them is wrong."""
    try:
        (value,) = kind_adapter(kind).validate_python([{**given, kind.identity: "x"}])
    except ValueError as error:
        known = known_keys(kind, [n for n in kind.model.__annotations__ if n != kind.identity])
        for wrong in explain_all(error, known, private_fields(kind)):
            source = given.source(file)
            problems.add(source, wrong.path, wrong.message, wrong.hint, key=wrong.is_key)
        return {}
    return {name: value[name] for name in given}


def read_prune(root: Node, problems: Problems) -> tuple[PruneScope, ...]:
    """Return every scope of `prune:`; problems go to `problems`."""
    items = root.get(PRUNE, [])
    if not isinstance(items, list) or not all(isinstance(item, Node) for item in items):
        message = f"`{PRUNE}` must be a list of mappings"
        problems.add_setting(root, (PRUNE,), message, "write `- kinds: […]`")
        return ()
    found = (_prune_scope(node, problems) for node in items)
    return tuple(scope for scope in found if scope)


def _prune_scope(node: Node, problems: Problems) -> PruneScope | None:
    place = node.source(SETTINGS_FILE)
    scope = validate_entry(PruneEntry, node, place, problems, f"{PRUNE}: ")
    if scope is None:
        return None
    for name in scope["kinds"]:
        if name not in MANAGED:
            problems.add(place, ("kinds",), *_unknown_name("kind", name, MANAGED))
    kinds = tuple(name for name in scope["kinds"] if name in MANAGED)
    narrowed = tuple(scope.get("categories", ())), tuple(scope.get("codes", ()))
    return PruneScope(kinds, place, *narrowed, scope.get("delete", False))


def read_environment(root: Node, problems: Problems) -> tuple[str, ...]:
    """Return the further variables that catalogue files may read; problems go to `problems`."""
    listed = root.get(ENVIRONMENT, [])
    if not isinstance(listed, list):
        message = f"`{ENVIRONMENT}` must be a list of names"
        problems.add_setting(root, (ENVIRONMENT,), message, "write `[NAME]`")
        return ()
    for index, name in enumerate(listed):
        if not isinstance(name, str) or not is_name(name):
            message, hint = "must be the name of a variable", "write it without $ and braces"
        elif is_reserved(name):
            message, hint = f"{name} may be a secret, and plans would show it", "remove it here"
        else:
            continue
        problems.add_setting(root, (ENVIRONMENT, index), f"`{ENVIRONMENT}`: {message}", hint)
    return tuple(listed)


def read_allowances(entries: Entries, problems: Problems) -> tuple[Allowance, ...]:
    """Return every exception from a guardrail, in file order."""
    found = (_allowance(node, source, problems) for node, source in entries)
    return tuple(allowance for allowance in found if allowance)


def _allowance(node: Any, source: Source, problems: Problems) -> Allowance | None:
    if not isinstance(node, Node):
        message = f"an entry of `{ALLOW}` must be a mapping"
        problems.add(source, (), message, "write `- {rule: …, until: …}`")
        return None
    rule, address = node.get("rule"), node.get("address")
    if isinstance(rule, str) and rule not in RULES:
        message, hint = _unknown_name("guardrail", rule, RULES)
        problems.add(source, ("rule",), f"{ALLOW}: {message}", hint)
    meant = parse_address(ALLOW, address, source, problems) if isinstance(address, str) else None
    entry = validate_entry(AllowEntry, node, source, problems, f"{ALLOW}: ")
    if entry is None:
        return None
    written = node.get("reason")
    reason = str(written) if isinstance(written, SecretText) else entry["reason"]
    return Allowance(entry["rule"], reason, entry["until"], source, meant)


def read_removals(
    entries: Entries,
    objects: Mapping[str, Mapping[str, Declared]],
    codes: HiddenCodes,
    problems: Problems,
) -> dict[Address, Removal]:
    """Return every removal by address.

    An object that is also declared, or removed twice, is a problem.
    """
    found: dict[Address, Removal] = {}
    for given, source in entries:
        if isinstance(given, Node):
            given = codes.conceal_removed(given, source)
        entry = _removed_entry(given, source, problems)
        written = entry["address"] if entry else ""
        shown = given.get("address") if isinstance(given, Node) else given
        if isinstance(shown, SecretText):
            written = shown
        address = parse_address(REMOVED, written, source, problems) if entry else None
        if address is None or entry is None:
            continue
        declared = objects.get(address.kind, {}).get(address.name)
        if declared:
            place = f"{declared.source.file}:{declared.source.line}"
            message = f"{REMOVED}: {address} is removed here and declared at {place}"
            problems.add(source, (), message, "remove one of the two")
        elif address in found:
            first = found[address].source
            message = f"{REMOVED}: {address} is removed twice, first at {first.file}:{first.line}"
            problems.add(source, (), message, "keep one of the two")
        else:
            found[address] = Removal(source, entry.get("delete", False))
    return found


def _removed_entry(given: Any, source: Source, problems: Problems) -> RemovedEntry | None:
    if isinstance(given, str):
        given = {"address": given}
    elif not isinstance(given, Node):
        message = f"{REMOVED}: must be an address or a mapping"
        problems.add(source, (), message, "write `- kind/name`")
        return None
    return validate_entry(RemovedEntry, given, source, problems, f"{REMOVED}: ")


def parse_address(key: str, written: str, source: Source, problems: Problems) -> Address | None:
    """Return the address that an entry under `key` names, or None where it is not a valid one."""
    kind, _, name = written.partition("/")
    if not name:
        hint = "write kind/name, such as variant/1003L"
        problems.add(source, ("address",), f"{key}: `{written}` is not a valid address", hint)
    elif kind not in MANAGED:
        message, hint = _unknown_name("kind", kind, MANAGED)
        problems.add(source, ("address",), f"{key}: {message}", hint)
    elif key == REMOVED and MANAGED[kind].secret and _MASK.fullmatch(name):
        hint = f"write the code itself, with `{SECRET}: true` beside it"
        problems.add(source, ("address",), f"{key}: `{written}` is a mask, not a code", hint)
    else:
        if isinstance(written, SecretText):
            name = SecretText(name, str(written).partition("/")[2] or str(written))
        return Address(kind, name)
    return None


def _unknown_name(noun: str, name: str, known: Mapping[str, Any]) -> tuple[str, str]:
    """Return message and hint for a name that nothing has."""
    return f"unknown {noun} `{name}`", suggestion(name, known) or f"{noun}s: {', '.join(known)}"


def read_concurrency(store: Node, problems: Problems) -> int | None:
    """Return how many requests may wait for a response at the same time; None where not set."""
    if CONCURRENCY not in store:
        return None
    text = str(store[CONCURRENCY])
    if re.fullmatch("[0-9]{1,2}", text) and 1 <= int(text) <= MAX_CONCURRENCY:
        return int(text)
    message = f"`{CONCURRENCY}` must be a whole number from 1 to {MAX_CONCURRENCY}"
    problems.add_setting(store, (CONCURRENCY,), message, "1 sends one request at a time")
    return None
