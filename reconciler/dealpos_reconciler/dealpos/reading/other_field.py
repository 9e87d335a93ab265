"""Single reads by another field than the identity.

dealpos-api.md §9: two API generations print no read of a customer by code, but one by email.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Kind, Single
from dealpos_reconciler.dealpos.operations import may_mean_not_found
from dealpos_reconciler.dealpos.rows import parse_name, parse_single
from dealpos_reconciler.errors import OutcomeUnknown, Rejected

if TYPE_CHECKING:
    from dealpos_reconciler.dealpos.reading.reader import Reader


def read_by_other_field(reader: Reader, kind: Kind, name: str) -> bool:
    """Read one object by a field whose value is known; return False where it is not found."""
    other, state = kind.reads.other, reader.get_observed(kind, name)
    assert other is not None
    declared = reader.declared.get(kind.name, {}).get(name)
    known = state.value if state else declared.value if declared else {}
    if not (key := known.get(other.field)):
        return False
    try:
        answer = _ask(reader, other, key, exists=state is not None)
    except OutcomeUnknown as error:
        reader.mark_unread(kind, [name], error)
        return False
    if row := parse_single(answer, kind, name):
        used = {key: value for key, value in row.items() if key not in other.unlike}
        reader.builder.add_rows(kind, [used], frozenset(used))
    elif (owner := parse_name(answer, kind, name)) is not None:
        reason = f"the shop has a {kind.name} with this {other.field} and the {kind.identity}"
        reader.live.read_errors[Address(kind.name, name)] = f"{reason} `{owner}`"
    elif not answer:
        reader.denied.setdefault(kind.name, set()).add(name)
    return row is not None


def _ask(reader: Reader, other: Single, key: str, exists: bool) -> Any:
    """Return the object, which may be alone in a list; nothing where there is none."""
    try:
        answer = reader.client.call(other.operation, {other.key: key}, exists=exists)
    except Rejected as error:
        if not may_mean_not_found(error):
            raise
        return None
    return answer[0] if isinstance(answer, list) and len(answer) == 1 else answer
