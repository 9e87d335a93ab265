"""Products: the article that a customer asks for by name; its variants are sold (API §6)."""

from typing import Annotated, Required

from typing_extensions import TypedDict

from dealpos_reconciler.core.model.codec import FLAG, TEXTS
from dealpos_reconciler.core.model.field import Derived, Identity, Reference, Wire, one_key
from dealpos_reconciler.core.model.kind import Call, Kind, Listing, Reads, Single
from dealpos_reconciler.core.model.types import CategoryPath, Code, DatedFlag, Text

# dealpos-api.md §6.5: any source URL goes in, a re-hosted CDN address comes back.
_IMAGE = "the API returns images under its own address"


class Product(TypedDict, total=False):
    """A product, with the variants that are sold."""

    code: Required[Annotated[Code, Identity(), one_key("Code")]]
    """The code, which identifies the product in the shop. Example: `"1003"`."""
    name: Annotated[Text, one_key("Name")]
    """The name on the till and on receipts. Example: `Kopi Susu`."""
    category: Annotated[CategoryPath, one_key("Category"), Reference("category")]
    """The path of its category. Example: `Drinks/Coffee`."""
    brand: Annotated[Text, Wire(("Brand",), ("Brand", "BrandName"))]
    """The brand. Example: `Kopi Nusantara`."""
    description: Annotated[Text, one_key("Description")]
    """A text about the product. Example: `With palm sugar`."""
    discontinued: Annotated[DatedFlag, one_key("Discontinued", FLAG)]
    """True takes the product off sale. Example: `true`."""
    image_url: Annotated[Text, Wire(("ImageURL",), ("ImageURL", "ImageUrl")), Derived(_IMAGE)]
    """The address of its picture. Example: `https://example.com/1003.jpg`."""
    extra_images_url: Annotated[
        list[Text],
        Wire(("ExtraImagesURL",), ("ExtraImagesURL", "ExtraImageURL"), TEXTS),
        Derived(_IMAGE),
    ]
    """The addresses of further pictures. Example: `["https://example.com/1003-b.jpg"]`."""


_FIELDS = tuple(Product.__annotations__)

KIND = Kind(
    "product",
    Product,
    Reads(listing=Listing("product.list"), single=Single("product.by_code")),
    collection="products",
    # dealpos-api.md §6.1: brand, image and the discontinued flag are demanded on create.
    create=Call("product.create", _FIELDS, {"Brand": "", "ImageURL": "", "Discontinued": False}),
    update=Call("product.update", _FIELDS),
    delete=Call(
        "product.delete",
        ("code",),
        # dealpos-api.md §6.3: the page is cut.
        warning="deleting a product is not documented by DealPOS (endpoint inferred from similar "
        "ones); the effect on past sales is unknown. Omit `delete: true` to retire it instead.",
    ),
    required=("name", "category"),
    retire="discontinued",
    label=lambda value, _: value.get("name", ""),
)
