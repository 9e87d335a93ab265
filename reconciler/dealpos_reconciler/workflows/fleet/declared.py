"""The values that the shops of a fleet declare, to compare them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dealpos_reconciler.catalogue.settings import load
from dealpos_reconciler.core.diff.change import iterate_leaves
from dealpos_reconciler.core.fleet.fleet import Member
from dealpos_reconciler.core.fleet.parity import Values
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Kind, Value
from dealpos_reconciler.core.model.live import Live
from dealpos_reconciler.core.plan.labels import Labels
from dealpos_reconciler.errors import ReconcilerError
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.ledger import read_key
from dealpos_reconciler.render.words import mask_value
from dealpos_reconciler.workflows.open_shop import read_files

ByAddress = dict[str, Values]


def read_declarations(
    members: Iterable[Member],
) -> tuple[dict[str, ByAddress | None], dict[str, str]]:
    """Return the declared values by shop, as reports show them, and the labels of the objects.

    None stands for a shop whose files cannot be read: its own command has the reason.
    """
    key = read_key()
    # One key for all shops: the same secret code has the same mask in each of them.
    mask = key.secret if key else os.urandom(32)
    found: dict[str, ByAddress | None] = {}
    labels: dict[str, str] = {}
    for member in members:
        try:
            desired = read_files(load(Path(member.folder)), mask_key=lambda: mask)
        except ReconcilerError:
            found[member.name] = None
            continue
        found[member.name] = _values(desired)
        for address, label in Labels(desired, Live(), KINDS).items():
            labels.setdefault(str(address), label)
    return found, labels


def _values(desired: Desired) -> ByAddress:
    return {
        str(address): _flatten(address, KINDS[address.kind], declared.value)
        for address, declared in desired
        if not declared.removed
    }


def _flatten(address: Address, kind: Kind, value: Value) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for name, own in value.items():
        spec = kind.fields[name]
        if name != kind.identity and not spec.internal:
            for path, leaf in iterate_leaves((name,), own):
                found[".".join(map(str, path))] = mask_value(address, spec, leaf)
    return found
