"""The service that the server asks: what it promises to the HTTP side.

The server hands over the bytes of a body and sends the answer as it stands. Nothing in an answer
but its body holds a customer, and no part of it holds a code that no file declares in plain text.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from dealpos_reconciler.provider.store import PublishedRelease

Call = Literal["validate", "redeem", "either"]
"""The call that an address stands for; `either` lets the body decide: a redemption has an `ID`, a
question has a `Code` (dealpos-api.md §12)."""

Claim = Literal["sale", "void", "restore"]
"""The event that an address stands for: a `sale` may be void by its body, the others say it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to DealPOS, with what log and metrics say of it."""

    call: Literal["validate", "redeem", "unknown"]
    """The call that it answers; `unknown` where the body of the bare address does not tell."""
    status: int
    """The HTTP status."""
    body: bytes
    """The JSON text that is sent."""
    result: str
    """Of validate: `yes`, `no`, `bad`, `limited` or `unavailable`; of redeem: `counted`, `again`,
    `voided`, `restored`, `moved`, `doubtful`, `beyond`, `unknown_code`, `no_coupon`, `dead_letter`,
    `spooled` or `unavailable`."""
    reason: str = ""
    """The reason for a no, or for a body that could not be understood: one word."""
    code: str = ""
    """The declared code, `secret-1` of a secret one; a mask such as `#a91f` of a batch code, and of
    a code that no release knows: it may be one that authorises (dealpos-api.md §10)."""
    outlet: str = ""
    """The name of the outlet, shortened."""
    number: str = ""
    """The number of the invoice, shortened."""
    why: str = ""
    """Of `unavailable`: what the store says is wrong."""


class CouponService(Protocol):
    """Answers of the coupon provider. No method raises for a body, a till or a store."""

    async def validate(self, body: bytes, closed: Container[str] = ()) -> Answer:
        """Answer Validate Coupon.

        A question from an outlet in `closed` (names as `code_key` gives them) is not judged: its
        answer is `limited`, HTTP 429 with the body that is worth nothing.
        """

    async def redeem(self, body: bytes, claim: Claim = "sale") -> Answer:
        """Answer Redeem Coupon, or a webhook with the same body, once it is on disk."""

    async def answer(self, body: bytes, closed: Container[str] = ()) -> Answer:
        """Answer a body that came to the bare address: one with `ID` is a redemption."""

    async def reject(
        self, call: Call, reason: str, head: bytes, digest: str, length: int
    ) -> Answer:
        """Answer a body that is too long to be read: of a redemption, a dead letter is kept.

        `head` is its beginning, `digest` and `length` are those of what was received.
        """

    def turn_away(self, call: Call, status: int, reason: str) -> Answer:
        """Return the answer to a call that is not looked at: too many in flight, store gone."""

    def load(self, release: PublishedRelease) -> object:
        """Return a release in the form that `use` takes; may take a second.

        Raises ProviderError where the release cannot be served.
        """

    def use(self, loaded: object) -> None:
        """Answer by another release from now on; what is in flight keeps the one it began with."""

    def limits(self) -> Mapping[str, int]:
        """Return the limit of each coupon that has one, by `code_key` of its code.

        The limit of a batch is that of all its codes together.
        """

    def names(self) -> Mapping[str, str]:
        """Return the name of each coupon for people, by `code_key` of its code.

        A secret one is `secret-1`, as in `provider status` and on the board.
        """
