"""Open the till and the back office of a folder's sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dealpos_reconciler.catalogue.settings import Settings
from dealpos_reconciler.errors import ReconcilerError, UsageError
from dealpos_reconciler.workflows.connect import open_sandbox

if TYPE_CHECKING:
    from dealpos_reconciler.sandbox.till import Courier, Delivery, Outbox, Switches, Target, Till


@dataclass(frozen=True, slots=True)
class Wiring:
    """The addresses of the receivers as they were given, and how calls are sent to them."""

    provider: str = ""
    webhooks: str = ""
    api_key: str = ""
    timeout: float = 30.0
    cooldown: float = 7.0
    choices: Sequence[str] = ()
    """Texts `NAME=VALUE`."""


@contextmanager
def open_till(
    settings: Settings, wiring: Wiring, switches: Switches | None = None
) -> Iterator[Till]:
    """Open a till of the embedded shop. What the till refuses is raised as UsageError."""
    from dealpos_reconciler.sandbox import till as sandbox_till
    from dealpos_reconciler.sandbox.errors import SandboxError

    app: Any = open_sandbox(settings)
    shop = app.extensions["sandbox"]
    try:
        choices = sandbox_till.TillChoices.from_texts(wiring.choices)
        yield sandbox_till.Till(
            shop,
            _read_target(wiring.provider, wiring.api_key, "provider"),
            _read_target(wiring.webhooks, wiring.api_key, "webhooks"),
            _make_courier(wiring, choices.timeout_retried == "yes"),
            choices,
            switches or sandbox_till.Switches(),
        )
    except sandbox_till.CouponRefused as refused:
        raise ReconcilerError(
            f"the provider gave no discount: {refused}",
            hint="sell without --coupon, or try what a till may do with --sell-anyway",
        ) from None
    except SandboxError as error:
        raise UsageError(_lower_first(str(error))) from None
    finally:
        shop.store.close()


def open_outbox(app: Any, wiring: Wiring, tell: Callable[[Delivery], None]) -> Outbox:
    """Begin to send the webhooks of a served sandbox."""
    from dealpos_reconciler.sandbox.till import Outbox

    target = _read_target(wiring.webhooks, wiring.api_key, "webhooks")
    if target is None:
        raise UsageError("--webhooks needs an address")
    outbox = Outbox(app.extensions["sandbox"], target, _make_courier(wiring), tell)
    outbox.open()
    return outbox


def send_edits(till: Till, changes: Sequence[Any]) -> list[Delivery]:
    """Send the webhooks of changes that the back office made."""
    from dealpos_reconciler.sandbox.till.events import calls_of

    target = till.webhooks
    return [till.courier.deliver(target, c) for c in calls_of(till.shop, changes)] if target else []


def _make_courier(wiring: Wiring, timeout_retried: bool = False) -> Courier:
    from dealpos_reconciler.sandbox.till import Courier

    return Courier(wiring.timeout, wiring.cooldown, timeout_retried)


def _read_target(address: str, api_key: str, option: str) -> Target | None:
    from dealpos_reconciler.sandbox.errors import SandboxError
    from dealpos_reconciler.sandbox.till import Target

    try:
        return Target(address, api_key) if address else None
    except SandboxError as error:
        # The address itself is a secret: whoever knows it may ask and report.
        raise UsageError(
            f"--{option}: {_lower_first(str(error))}",
            hint="an example: http://127.0.0.1:8080/v1/SHOP/SECRET/hook/{family}",
        ) from None


def _lower_first(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")
