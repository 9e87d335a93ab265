"""Categories: a tree of slash paths; the path is both identity and name (dealpos-api.md §5)."""

from collections.abc import Sequence
from typing import Annotated, Any, Required

from typing_extensions import TypedDict

from dealpos_reconciler.core.model.codec import FLAG
from dealpos_reconciler.core.model.field import Identity, WriteOnly, one_key, sent_key
from dealpos_reconciler.core.model.kind import Call, Kind, Listing, Reads, Value
from dealpos_reconciler.core.model.types import CategoryPath, DatedFlag, Text


class Category(TypedDict, total=False):
    """A category of the catalogue."""

    name: Required[Annotated[CategoryPath, Identity(), one_key("Name")]]
    """The path, which identifies the category. Example: `Drinks/Coffee`."""
    code: Annotated[Text, sent_key("Code"), WriteOnly()]
    """A code of your own, sent when the category is created. Example: `DC`."""
    discontinued: Annotated[DatedFlag, one_key("Discontinued", FLAG)]
    """True takes the category out of use. Example: `true`."""


def _update(values: Sequence[Value]) -> dict[str, Any]:
    # dealpos-api.md §5: `Rename` is required even when only `Discontinued` changes.
    (value,) = values
    return {"Rename": value["Name"], **value}


KIND = Kind(
    "category",
    Category,
    # dealpos-api.md §5: an empty request returns all categories, in one answer.
    Reads(listing=Listing("category.list", paged=False), hides=False),
    collection="categories",
    create=Call("category.create", ("name", "code")),
    update=Call("category.update", ("name", "discontinued"), {"Discontinued": False}, body=_update),
    delete=Call("category.delete", ("name",)),
    retire="discontinued",
    rename="Rename",
    tree=True,
)
