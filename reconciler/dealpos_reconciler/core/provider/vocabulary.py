"""The words and limits of provider coupons that their files, settings and answers share.

Every command that reads files needs them, so this module needs nothing of the rest.
"""

from __future__ import annotations

from typing import Literal

Reentry = Literal["refuse", "same-customer", "same-outlet"]
"""The answers to a second entry of a code whose last use is held."""

Reason = Literal[
    "unknown", "disabled", "not_yet", "over", "outlet", "customer_required", "not_theirs",
    "minimum", "nothing_in_cart", "customer_limit", "used_up", "in_use",
]  # fmt: skip
"""The reasons for a no, in the order in which they are checked; the first one wins."""

MIN_LENGTH = 8
"""The fewest characters of a batch's code after the prefix: 35 bits beside the check character."""
MAX_LENGTH = 20
