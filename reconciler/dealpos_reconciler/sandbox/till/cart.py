"""The cart of a sale: its lines, its customer, and the discount that an offer is worth."""

from dataclasses import dataclass
from math import floor
from typing import Any

from dealpos_reconciler.sandbox.errors import SandboxError
from dealpos_reconciler.sandbox.shop import Shop
from dealpos_reconciler.sandbox.store import Payload, Record
from dealpos_reconciler.sandbox.till.choices import TillChoices


@dataclass(frozen=True, slots=True)
class Order:
    """The entries of a cashier: codes of variants with quantities, a coupon, a customer."""

    outlet: str
    items: tuple[tuple[str, int], ...]
    coupon: str | None = None
    customer: str | None = None
    """Code, email, mobile or phone; None for a walk-in."""


@dataclass(frozen=True, slots=True)
class Cart:
    """An order with the prices and the customer of the shop."""

    outlet: str
    lines: tuple[Payload, ...]
    customer: Record | None

    @property
    def gross(self) -> int:
        """Return the sum before discounts."""
        return sum(worth(line) for line in self.lines)


@dataclass(frozen=True, slots=True)
class DiscountOffer:
    """A yes of the provider."""

    type: str
    amount: float
    text: str
    codes: frozenset[str] | None
    """Variants that the discount is for; None for the whole invoice."""


def parse_item(text: str) -> tuple[str, int]:
    """Return the code and the quantity of `CODE` or `CODE:QUANTITY`."""
    code, colon, quantity = text.rpartition(":")
    if colon and quantity.isdecimal() and quantity.isascii() and 0 < int(quantity[:7]) < 10**6:
        return code, int(quantity[:7])
    return text, 1


def worth(line: Payload) -> int:
    """Return the sum of a line."""
    total: float = line["Quantity"] * line["Price"]
    return floor(total + 0.5)


def fill_cart(shop: Shop, order: Order) -> Cart:
    """Return the cart of an order. Raises SandboxError for what the shop does not have."""
    store = shop.store
    if store.get("outlet", order.outlet) is None:
        names = ", ".join(row.payload["Name"] for row in store.page("outlet", limit=20))
        raise SandboxError(f"No outlet is named {order.outlet!r}: {names or 'there is none'}.")
    lines = tuple(_line(shop, order.outlet, code, quantity) for code, quantity in order.items)
    return Cart(order.outlet, lines, _customer(shop, order.customer))


def _line(shop: Shop, outlet: str, code: str, quantity: int) -> Payload:
    row = shop.store.get("variant", code)
    if row is None:
        raise SandboxError(f"No variant has the code {code!r}.")
    if row.payload["Discontinued"]:
        raise SandboxError(f"Variant {code} is discontinued.")
    prices = {price["Outlet"]: price["Price"] for price in row.payload["OutletPrice"]}
    price = prices.get(outlet, row.payload["UnitPrice"])
    return {"Code": code, "Quantity": quantity, "Price": price, "Discount": 0, "Note": ""}


def _customer(shop: Shop, key: str | None) -> Record | None:
    if key is None:
        return None
    for column in ("key", "email", "mobile", "phone"):
        row = shop.store.find("customer", column, key)
        if row:
            return row
    raise SandboxError("No customer has this code, email, mobile or phone.")


def question_body(cart: Cart, coupon: str, choices: TillChoices) -> Payload:
    """Return the body of Validate Coupon (dealpos-api.md §12)."""
    body: Payload = {"Code": print_code(coupon, choices), "Outlet": cart.outlet}
    if cart.customer:
        person = cart.customer.payload
        body["Customer"] = {"Email": person["Email"], "Phone": person["Phone"] or person["Mobile"]}
    else:
        _add_walk_in(body, ("Email", "Phone"), choices)
    items = list(cart.lines) if choices.cart_items == "rows" else []
    body["ShoppingCart"] = {"Amount": cart.gross, "Items": items}
    return body


_KNOWN = ("ID", "Name", "Email", "Phone", "Mobile", "Code", "Address")


def customer_of(cart: Cart, choices: TillChoices) -> Payload:
    """Return the ``Customer`` of an invoice, inside an object that may lack it."""
    if cart.customer:
        known = {"ID": cart.customer.id, **cart.customer.payload}
        return {"Customer": {name: known[name] or "" for name in _KNOWN}}
    body: Payload = {}
    _add_walk_in(body, _KNOWN, choices)
    return body


def _add_walk_in(body: Payload, names: tuple[str, ...], choices: TillChoices) -> None:
    if choices.walk_in != "omitted":
        body["Customer"] = None if choices.walk_in == "null" else dict.fromkeys(names, "")


def print_code(coupon: str, choices: TillChoices) -> Any:
    """Return a coupon code as it is sent."""
    number = choices.codes == "number" and coupon.isascii() and coupon.isdecimal()
    return int(coupon) if number and coupon[0] != "0" else coupon


def discount(cart: Cart, offer: DiscountOffer, choices: TillChoices) -> int:
    """Return the sum that an offer takes off; never more than what it is for."""
    codes = offer.codes
    if codes is not None and not codes and choices.empty_apply_to == "invoice":
        codes = None
    base = sum(worth(line) for line in cart.lines if codes is None or line["Code"] in codes)
    off = base * offer.amount / 100 if offer.type == "Percentage" else offer.amount
    return min(floor(off + 0.5), base)
