"""Customers, by code. Personal fields are private: shown as a fingerprint everywhere.

A row of the list has seven fields, and the others need one read per customer (API §9). The field
table and the samples disagree on the names of two fields, so both spellings are sent.
"""

from typing import Annotated, Any, Required

from typing_extensions import TypedDict

from dealpos_reconciler.core.model.codec import DAY, NUMBER, Codec, text
from dealpos_reconciler.core.model.field import Identity, Private, Runtime, Unique, Wire, one_key
from dealpos_reconciler.core.model.kind import Call, Kind, Listing, Reads, Single
from dealpos_reconciler.core.model.types import Code, Count, Day, Text


def _gender(value: str) -> Any:
    # dealpos-api.md §9: the table says string, the samples send a boolean.
    return {"true": True, "false": False}.get(value.lower(), value)


class Customer(TypedDict, total=False):
    """A customer that a coupon can name."""

    code: Required[Annotated[Code, Identity(), one_key("Code")]]
    """The code, which identifies the customer. Example: `DP-001`."""
    name: Annotated[Text, Private(), one_key("Name")]
    """The full name. Example: `Example Customer`."""
    email: Annotated[Text, Private(), Unique(), one_key("Email")]
    """The email address, which no other customer may have. Example: `customer@example.com`."""
    mobile: Annotated[Text, Private(), Wire(("MobilePhone", "Mobile"), ("Mobile", "MobilePhone"))]
    """The number of the mobile phone. Example: `"+620000000000"`."""
    birthday: Annotated[
        Day, Private(), Wire(("Birthday", "Birthdate"), ("BirthDate", "Birthday", "Birthdate"), DAY)
    ]
    """The day of birth. Example: `1990-01-31`."""
    join_date: Annotated[Day, one_key("JoinDate", DAY)]
    """The day on which the customer joined. Example: `2026-01-31`."""
    status: Annotated[Text, one_key("Status")]
    """The status. Example: `Active`."""
    group: Annotated[Text, one_key("Group")]
    """The customer group. Example: `Gold`."""
    expired_group: Annotated[Day, one_key("ExpiredGroup", DAY)]
    """The last day in the group. Example: `2027-12-31`."""
    sign_up_outlet: Annotated[Text, one_key("SignUpOutlet")]
    """The outlet at which the customer signed up. Example: `Bandung`."""
    title: Annotated[Text, Private(), one_key("Title")]
    """The form of address. Example: `Ms`."""
    first_name: Annotated[Text, Private(), one_key("FirstName")]
    """The first name. Example: `Example`."""
    last_name: Annotated[Text, Private(), one_key("LastName")]
    """The last name. Example: `Customer`."""
    gender: Annotated[Text, Private(), one_key("Gender", Codec(text, _gender, ""))]
    """The gender. Example: `Female`."""
    phone: Annotated[Text, Private(), one_key("Phone")]
    """The number of another phone. Example: `"+620000000001"`."""
    fax: Annotated[Text, Private(), one_key("Fax")]
    """The number of the fax. Example: `"+620000000002"`."""
    address: Annotated[Text, Private(), one_key("Address")]
    """Street and number. Example: `Example Street 1`."""
    city: Annotated[Text, Private(), one_key("City")]
    """The town. Example: `Bandung`."""
    nationality: Annotated[Text, Private(), one_key("Nationality")]
    """The nationality. Example: `Indonesian`."""
    identification: Annotated[Text, Private(), one_key("Identification")]
    """The number of an identity document. Example: `"0000"`."""
    referred_by: Annotated[Text, Private(), one_key("ReferredBy")]
    """The customer who brought this one. Example: `DP-000`."""
    image_url: Annotated[Text, Private(), one_key("ImageURL")]
    """The address of a picture. Example: `https://example.com/dp-001.jpg`."""
    loyalty_point: Annotated[Count, one_key("LoyaltyPoint", NUMBER), Runtime("sales change it")]
    """The loyalty points. Example: `120`."""
    app_last_sign_in: Annotated[Text, one_key("AppLastSignIn"), Runtime("the app sets it")]
    """The last use of the app. Example: `2026-11-01`."""


_FIELDS = tuple(Customer.__annotations__)
_LISTED = ("code", "name", "email", "mobile", "birthday", "join_date")
# dealpos-api.md §9: status is demanded on every write, and `Active` is its only documented value.
_DEMANDED = {"Email": "", "MobilePhone": "", "Mobile": "", "Status": "Active"}

KIND = Kind(
    "customer",
    Customer,
    Reads(
        # dealpos-api.md §9: the columns of a row; every other field needs a read of one customer.
        listing=Listing("customer.list", fields=frozenset(_LISTED)),
        single=Single("customer.by_code"),
        # dealpos-api.md §9: the only read of one customer in generations A and B, deprecated. It
        # prints the gender as a boolean.
        other=Single("customer.by_email", "Email", "email", frozenset({"Gender"})),
        prefer_listing=False,
    ),
    collection="customers",
    create=Call("customer.create", _FIELDS, _DEMANDED),
    update=Call("customer.update", ("id", *_FIELDS), _DEMANDED),
    # dealpos-api.md §9: by code exists too, and its path is cut.
    delete=Call(
        "customer.delete",
        ("email",),
        warning="deleting a customer by email is documented only in part by DealPOS. Check the "
        "customers in DealPOS after the apply.",
    ),
    required=("name",),
    internal_fields={"id": one_key("ID")},
)
