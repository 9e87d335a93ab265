"""Everything that the documentation leaves open about the calls of a till, in one place."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Literal, get_args, get_type_hints

from dealpos_reconciler.sandbox.errors import SandboxError


@dataclass(frozen=True, slots=True)
class TillChoices:
    """One field per undocumented behaviour (API §12); each default is the plainest reading."""

    walk_in: Literal["null", "empty", "omitted"] = "null"
    """``Customer`` of a sale without one: null, an object without values, or left out."""
    cart_items: Literal["rows", "empty"] = "rows"
    """``Items`` of the question: the lines of the cart, or empty as in the sample."""
    codes: Literal["text", "number"] = "text"
    """Coupon codes of digits alone are sent as text, or as numbers."""
    empty_apply_to: Literal["invoice", "nothing"] = "invoice"
    """An empty list in ``ApplyTo``: the discount is of the whole invoice, or of nothing."""
    zero_discount: Literal["refused", "applied"] = "refused"
    """An answer 200 with ``Amount`` 0: a no, or a coupon that is applied and worth nothing."""
    timeout_retried: Literal["no", "yes"] = "no"
    """A call that was closed after 30 s is logged as 408; another attempt follows, or none."""
    change_sends: Literal["both", "redeem", "webhook", "nothing"] = "both"
    """Calls after a void, a restore or an erasure: Redeem Coupon again, a webhook, or both."""

    @classmethod
    def from_texts(cls, texts: Iterable[str]) -> "TillChoices":
        """Return the choices that `NAME=VALUE` texts name. Raises SandboxError."""
        hints = get_type_hints(cls)
        known = {field.name: get_args(hints[field.name]) for field in fields(cls)}
        given: dict[str, str] = {}
        for text in texts:
            name, _, value = text.partition("=")
            if name not in known:
                raise SandboxError(f"{name!r} is not a choice of the till: {', '.join(known)}.")
            if value not in known[name]:
                raise SandboxError(f"{name} is one of {', '.join(known[name])}, not {value!r}.")
            given[name] = value
        return cls(**given)  # type: ignore[arg-type]  # each value was looked up above
