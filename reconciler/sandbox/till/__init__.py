"""Sales, voids and edits come in as a cashier or the back office makes them.

Questions to a coupon provider, reports of invoices and webhooks go out (dealpos-api.md §12).
Nothing here answers a request: that is the API of the shop.
"""

from reconciler.sandbox.till.backoffice import delete, edit
from reconciler.sandbox.till.cart import Order, parse_item
from reconciler.sandbox.till.choices import TillChoices
from reconciler.sandbox.till.delivery import Courier, Delivery, Target
from reconciler.sandbox.till.outbox import Outbox
from reconciler.sandbox.till.sale import CouponRefused, Switches, Till, TillSale

__all__ = [
    "CouponRefused",
    "Courier",
    "Delivery",
    "Order",
    "Outbox",
    "Switches",
    "Target",
    "Till",
    "TillChoices",
    "TillSale",
    "delete",
    "edit",
    "parse_item",
]
