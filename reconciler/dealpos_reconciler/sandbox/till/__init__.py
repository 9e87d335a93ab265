"""Sales, voids and edits come in as a cashier or the back office makes them.

Questions to a coupon provider, reports of invoices and webhooks go out (dealpos-api.md §12).
Nothing here answers a request: that is the API of the shop.
"""

from dealpos_reconciler.sandbox.till.backoffice import delete, edit
from dealpos_reconciler.sandbox.till.cart import Order, parse_item
from dealpos_reconciler.sandbox.till.choices import TillChoices
from dealpos_reconciler.sandbox.till.delivery import Courier, Delivery, Target
from dealpos_reconciler.sandbox.till.outbox import Outbox
from dealpos_reconciler.sandbox.till.sale import CouponRefused, Switches, Till, TillSale

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
