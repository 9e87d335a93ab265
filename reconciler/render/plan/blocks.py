"""One change as text: a block with every value, or one line."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.diff.change import DRIFTED, Action, Change, FieldChange
from reconciler.core.model.kind import Kind, Kinds
from reconciler.core.money import moves
from reconciler.render.money import money_line
from reconciler.render.view import Paint, no_paint
from reconciler.render.words import Row, counted, plain, written

STYLES = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.REPLACE: "magenta",
    Action.RETIRE: "cyan",
    Action.DELETE: "red",
}
_FIELDS = 3


def rows(change: Change, kind: Kind) -> list[Row]:
    """Every field that changes."""
    return [_row(change, kind, field) for field in change.fields]


def _row(change: Change, kind: Kind, field: FieldChange) -> Row:
    spec = kind.fields[field.path[0]]
    before = written(change.address, spec, field.before)
    after = written(change.address, spec, field.after)
    return Row(plain(field.name), before, after)


def place(change: Change) -> str:
    """The line that asks for it: `catalogue/drinks.yaml:14`; empty when none does."""
    return plain(f"{change.source.file}:{change.source.line}") if change.source else ""


def hidden(change: Change, kind: Kind) -> int:
    """How many fields of the object stay as they are and are not shown."""
    if change.action is Action.CREATE:
        return 0
    told = {kind.identity, *(field.path[0] for field in change.fields)}
    return sum(n not in told and not kind.fields[n].internal for n in change.after or {})


def block(change: Change, kinds: Kinds, paint: Paint = no_paint) -> Iterator[str]:
    """The change in full: what and where, every value, the money, and what is left out."""
    kind = kinds[change.address.kind]
    where = place(change)
    yield _title(change, paint) + (paint("dim", f"  {where}") if where else "")
    if change.action is Action.CREATE and change.origin == DRIFTED:
        yield "    (it was applied before, and is gone from the shop)"
    if change.action in (Action.REPLACE, Action.DELETE):
        yield f"    ({change.reason})"
    found = rows(change, kind)
    name_width = max((len(row.name) for row in found), default=0)
    before_width = max((len(row.before) for row in found), default=0)
    for (name, before, after), field in zip(found, change.fields, strict=True):
        moved = f"  ({field.origin})" if field.origin else ""
        if change.action is Action.CREATE:
            yield f"    {name:<{name_width}}  {after}"
        else:
            yield f"    {name:<{name_width}}  {before:>{before_width}} → {after}{moved}"
    if money := money_line(moves(change, kinds)):
        yield f"    money: {money}"
    if count := hidden(change, kind):
        yield paint("dim", f"    ({counted(count, 'unchanged field')} hidden)")


def line(change: Change, kinds: Kinds, paint: Paint = no_paint) -> str:
    """The change in one line: its first fields, how many more there are, and where."""
    found = rows(change, kinds[change.address.kind])
    if change.action is Action.CREATE:
        told = [counted(len(found), "field")] if found else []
    else:
        told = [f"{name} {before} → {after}" for name, before, after in found[:_FIELDS]]
        told += [f"and {len(found) - _FIELDS} more"] if len(found) > _FIELDS else []
    if any(sale.falls_below_cost for sale in moves(change, kinds)):
        told.append(paint("red", "below cost"))
    told += [change.origin] if change.origin and change.action is not Action.CREATE else []
    where = paint("dim", place(change))
    return "  ".join(filter(None, [_title(change, paint), ", ".join(told), where]))


def _title(change: Change, paint: Paint) -> str:
    sign = paint(STYLES[change.action], change.action.symbol)
    return f"{sign} {paint('bold', plain(str(change.address)))}"
