"""One change as text: a block with every value, or one line."""

from __future__ import annotations

from collections.abc import Iterator

from dealpos_reconciler.core.audit import AuditFinding
from dealpos_reconciler.core.diff.change import DRIFTED, Action, Change
from dealpos_reconciler.core.model.kind import Kind, Kinds
from dealpos_reconciler.core.money import moved_sales
from dealpos_reconciler.render.money import money_line
from dealpos_reconciler.render.view import Paint, field_place, no_paint, place, place_of
from dealpos_reconciler.render.words import (
    ObjectLabels,
    Row,
    format_value,
    plain,
    plural,
    with_label,
    with_labels,
)

STYLES = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.REPLACE: "magenta",
    Action.RETIRE: "cyan",
    Action.DELETE: "red",
}
MEANINGS = {
    Action.REPLACE: "delete, then create",
    Action.RETIRE: "taken out of sale, kept in the shop",
}
"""The effect of the actions whose name does not say it."""
MAX_FIELDS = 3


def field_rows(found: Change | AuditFinding, kind: Kind) -> list[Row]:
    """Return every field that changes or differs, in words."""
    return [
        Row(
            plain(field.name),
            format_value(found.address, kind.fields[field.path[0]], field.before, field.is_masked),
            format_value(found.address, kind.fields[field.path[0]], field.after, field.is_masked),
            place(field_place(found, field)),
        )
        for field in found.fields
    ]


def count_hidden(change: Change, kind: Kind) -> int:
    """Return the number of fields that stay as they are and are not shown."""
    if change.action is Action.CREATE:
        return 0
    told = {kind.identity, *(field.path[0] for field in change.fields)}
    return sum(n not in told and not kind.fields[n].internal for n in change.after or {})


def block(
    change: Change, kinds: Kinds, labels: ObjectLabels, paint: Paint = no_paint
) -> Iterator[str]:
    """Yield the lines of a change in full: object, place, every value, and the price impact."""
    kind = kinds[change.address.kind]
    where = place(place_of(change))
    yield _title(change, labels, paint) + (paint("dim", f"  {where}") if where else "")
    if change.action is Action.CREATE and change.origin == DRIFTED:
        yield "    (applied before, deleted in the shop since)"
    if change.needs_reason:
        yield f"    ({with_labels(plain(change.reason), labels)})"
    found = field_rows(change, kind)
    name_width = max((len(row.name) for row in found), default=0)
    # Numbers stand below each other; a text may be long, and would push them away.
    widths = [len(row.before) for row in found if not row.before.startswith('"')]
    before_width = max(widths, default=0)
    for (name, before, after, other), field in zip(found, change.fields, strict=True):
        origin = f"  ({field.origin})" if field.origin else ""
        where = paint("dim", f"  {other}") if other else ""
        if change.action is Action.CREATE:
            yield f"    {name:<{name_width}}  {after}{where}"
        elif before.startswith('"'):
            yield f"    {name:<{name_width}}  {before} → {after}{origin}{where}"
        else:
            yield f"    {name:<{name_width}}  {before:>{before_width}} → {after}{origin}{where}"
    yield from (f"    {plain(remark)}" for remark in change.remarks)
    if money := money_line(moved_sales(change, kinds)):
        yield f"    price impact: {money}"
    if count := count_hidden(change, kind):
        yield paint("dim", f"    ({plural(count, 'unchanged field')} hidden)")


def line(change: Change, kinds: Kinds, labels: ObjectLabels, paint: Paint = no_paint) -> str:
    """Return a change in one line: its first fields, how many more there are, and its place."""
    found = field_rows(change, kinds[change.address.kind])
    if change.action is Action.CREATE:
        parts = [plural(len(found), "field")] if found else []
    else:
        parts = [f"{row.name} {row.before} → {row.after}" for row in found[:MAX_FIELDS]]
        parts += [f"and {len(found) - MAX_FIELDS} more"] if len(found) > MAX_FIELDS else []
    if any(sale.falls_below_cost for sale in moved_sales(change, kinds)):
        parts.append(paint("red", "below cost"))
    parts += map(plain, change.remarks)
    parts += [plain(change.reason)] if change.interrupted else []
    parts += [change.origin] if change.origin and change.action is not Action.CREATE else []
    where = paint("dim", place(place_of(change)))
    return "  ".join(filter(None, [_title(change, labels, paint), ", ".join(parts), where]))


def _title(change: Change, labels: ObjectLabels, paint: Paint) -> str:
    sign = paint(STYLES[change.action], change.action.symbol)
    return f"{sign} {paint('bold', with_label(change.address, labels))}"
