"""The difference between what is declared and what is live, field by field.

`==` finds what differs; DeepDiff explains a difference inside a nested value. It is imported here
alone, and only when something nested differs: at 10,000 objects equality costs milliseconds where
DeepDiff costs seconds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from reconciler.core.diff.change import Action, Change, FieldChange
from reconciler.core.diff.equivalence import Path, differs_in_whitespace_only, is_equivalent_rewrite
from reconciler.core.model.field import Field
from reconciler.core.model.kind import Kind, Value


def is_unchanged(kind: Kind, declared: Value, live: Value) -> bool:
    """Return whether an object needs no change and no note, like nearly all of a shop."""
    return declared.items() <= live.items() and declared.keys().isdisjoint(kind.uncompared_fields)


def compare_fields(
    kind: Kind, declared: Value, live: Value, moved: Collection[str] = ()
) -> tuple[FieldChange, ...]:
    """Return the changes that make `live` as declared, without invisible white space.

    Compares only fields that are declared, that can be compared, and that the shop showed; and
    `moved` ones, which a difference in what was written last lets compare.
    """
    found = find_differences(kind, declared, live, moved)
    if not found:
        return found
    return tuple(
        c for c in found if not differs_in_whitespace_only(kind, c.path, c.after, c.before)
    )


def find_differences(
    kind: Kind, declared: Value, live: Value, moved: Collection[str] = ()
) -> tuple[FieldChange, ...]:
    """Return the differences to the letter, white space included."""
    if declared.items() <= live.items():
        return ()  # nearly every object of a shop
    changes: list[FieldChange] = []
    for name, after in declared.items():
        if name not in live:
            continue
        before = live[name]
        if before == after:
            continue
        field = kind.fields[name]
        if field.comparable or name in moved:
            changes.extend(_explain(kind, field, before, after))
    return tuple(changes)


def equivalent_rewrites(kind: Kind, change: Change, live: Value) -> dict[Path, tuple[Any, Any]]:
    """Return the values that the shop keeps in an equivalent form: as written, as kept."""
    before = change.before or {}
    return {
        found.path: (found.after, found.before)
        for found in find_differences(kind, change.provable, live)
        if is_equivalent_rewrite(
            kind, found.path, found.after, found.before, _at(before, found.path)
        )
    }


def new_fields(kind: Kind, declared: Value) -> tuple[FieldChange, ...]:
    """Return every declared value of a new object, as changes from nothing."""
    return tuple(
        FieldChange(path, None, value, Action.CREATE, kind.fields[name].uncompared_reason)
        for name, declared_value in declared.items()
        if name != kind.identity
        for path, value in _leaves((name,), declared_value)
    )


def _explain(kind: Kind, field: Field, before: Any, after: Any) -> Iterator[FieldChange]:
    action, reason = Action.UPDATE, None
    if kind.update is None:
        action, reason = Action.REPLACE, f"DealPOS cannot update a {kind.name}"
    elif field.immutable_reason:
        action, reason = Action.REPLACE, field.immutable_reason
    elif field.name == kind.retire and after:
        action = Action.RETIRE
    if not isinstance(after, Mapping):
        yield FieldChange((field.name,), before, after, action, reason)
        return
    for path, old, new in _compare_nested(keep_declared_members(before, after), after):
        yield FieldChange((field.name, *path), old, new, action, reason)


def keep_declared_members(live: Any, declared: Any) -> Any:
    """Return a keyed map cut to the declared part: all keys, and the declared members of each."""
    if not isinstance(live, Mapping):
        return {}
    return {
        key: {m: v for m, v in entry.items() if m in declared[key]}
        if key in declared and isinstance(entry, Mapping)
        else entry
        for key, entry in live.items()
    }


def _compare_nested(before: Any, after: Any) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if before == after:
        return
    from deepdiff import DeepDiff

    tree = DeepDiff(before, after, view="tree", ignore_numeric_type_changes=True)
    found: dict[tuple[str, ...], tuple[Any, Any]] = {}
    for levels in tree.values():
        for level in levels:
            path = level.path(output_format="list")
            # A list is one value: say what it was and what it becomes, not which index moved.
            depth = next((i for i, step in enumerate(path) if isinstance(step, int)), len(path))
            path = tuple(str(step) for step in path[:depth])
            found[path] = (_at(before, path), _at(after, path))
    for path in sorted(found):
        old, new = dict(_leaves(path, found[path][0])), dict(_leaves(path, found[path][1]))
        if path == () and found[path][1] == {}:
            new = {}  # a map that is emptied: its entries go, nothing comes
        for leaf in sorted({*old, *new}):
            if old.get(leaf) != new.get(leaf):
                yield leaf, old.get(leaf), new.get(leaf)


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _leaves(path: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every value below `path` that is not a mapping; an empty mapping is a value too."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves((*path, key), inner)
    elif value is not None:
        yield path, value
