"""Outlets, by name: created and updated as documented; no call renames or removes one.

The listing is not paged and shows only the code of the fields that a file may set. The default of
`SuspendedStatus` is not documented, so `All` is asked for (dealpos-api.md §8).
"""

from collections.abc import Sequence
from typing import Annotated, Any, Required

from typing_extensions import TypedDict

from dealpos_reconciler.core.model.codec import YES_NO
from dealpos_reconciler.core.model.field import Identity, WriteOnly, one_key, sent_key
from dealpos_reconciler.core.model.kind import Call, Kind, Listing, Reads, Value
from dealpos_reconciler.core.model.types import Code, Flag, Text


class Outlet(TypedDict, total=False):
    """A shop of the chain; whether it is suspended is decided in DealPOS alone."""

    name: Required[Annotated[Code, Identity(), one_key("Name")]]
    """The name, which identifies the outlet. Example: `Bandung`."""
    code: Annotated[Text, one_key("Code")]
    """A code of your own. Example: `"002"`."""
    receipt: Annotated[
        Text, sent_key("Receipt"), WriteOnly("the list of outlets does not show the receipt number")
    ]
    """The number or text on receipts, as in DealPOS. Example: `BDG`."""
    negative_inventory: Annotated[
        Flag,
        sent_key("NegativeInventory", YES_NO),
        WriteOnly("the list of outlets does not show whether stock may fall below zero"),
    ]
    """True if stock may fall below zero. Example: `true`."""


def _update(values: Sequence[Value]) -> dict[str, Any]:
    # dealpos-api.md §8: the key is `Name` on create and `Outlet` on update.
    (value,) = values
    return {"Outlet": value["Name"]} | {key: sent for key, sent in value.items() if key != "Name"}


_FIELDS = tuple(Outlet.__annotations__)

KIND = Kind(
    "outlet",
    Outlet,
    Reads(
        listing=Listing("outlet.list", paged=False, constants={"SuspendedStatus": "All"}),
        hides=False,
    ),
    collection="outlets",
    create=Call("outlet.create", _FIELDS),
    update=Call("outlet.update", _FIELDS, body=_update),
)
