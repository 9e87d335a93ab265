"""Outlets: read so that a price can be checked against the shops that exist; never written.

API §8: key is the name, the list is not paged, and a default for `SuspendedStatus` is not
documented, so `All` is asked for.
"""

from typing import Annotated, Required

from typing_extensions import TypedDict

from reconciler.core.model.field import Identity, Wire
from reconciler.core.model.kind import Kind, Listing, Reads
from reconciler.core.model.types import Code


class Outlet(TypedDict, total=False):
    """A shop of the chain."""

    name: Required[Annotated[Code, Identity(), Wire(read=("Name",))]]


KIND = Kind(
    "outlet",
    Outlet,
    Reads(
        listing=Listing("outlet.list", paged=False, constants={"SuspendedStatus": "All"}),
        hides=False,
    ),
)
