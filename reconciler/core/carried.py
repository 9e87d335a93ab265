"""What a replacement carried over: the file says one value, the shop holds what was left of it.

A coupon of 100 uses that is replaced when 37 are spent is created with 63. Remembering both makes
the next plan see no difference, and the next replacement start from what was used in all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.core.state import Address, Desired, Live, Observed

Carried = Mapping[Address, Mapping[str, tuple[Any, Any]]]
"""Per object and field: what was declared, and what was written instead."""


def recognised(live: Live, desired: Desired, carried: Carried) -> Live:
    """Live with the declared values where both sides still are as a replacement left them."""
    found: dict[Address, Observed] = {}
    for address, fields in carried.items():
        state, declared = live.get(address), desired.get(address)
        if declared is None or not isinstance(state, Observed):
            continue
        same = {
            name: asked
            for name, (asked, written) in fields.items()
            if state.value.get(name) == written and declared.value.get(name) == asked
        }
        if same:
            found[address] = Observed({**state.value, **same}, state.children)
    if not found:
        return live
    objects = {kind: dict(states) for kind, states in live.objects.items()}
    for address, state in found.items():
        objects[address.kind][address.name] = state
    return replace(live, objects=objects)
