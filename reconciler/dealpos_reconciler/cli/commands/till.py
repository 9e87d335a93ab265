"""`sandbox sell`, `void`, `restore`, `erase` and `edit`: the till and the back office of a mock."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dealpos_reconciler.cli import exit_codes, options, output
from dealpos_reconciler.cli.completion import complete_addresses
from dealpos_reconciler.errors import UsageError

if TYPE_CHECKING:
    from dealpos_reconciler.sandbox.till import Delivery
    from dealpos_reconciler.workflows.till import Wiring

_LABELS = {"redeemCoupon": "Redeem Coupon", "validateCoupon": "Validate Coupon"}

webhooks_option = click.option(
    "--webhooks",
    metavar="URL",
    default="",
    envvar="RECONCILER_SANDBOX_WEBHOOKS",
    help="Address for webhooks; {family} and {event} in it stand for those of a call.",
)
api_key_option = click.option(
    "--api-key",
    metavar="KEY",
    default="",
    envvar="RECONCILER_SANDBOX_API_KEY",
    help="Value of the header X-API-Key; none is sent by default.",
)
cooldown_option = click.option(
    "--cooldown",
    type=click.FloatRange(min=0),
    default=7.0,
    show_default=True,
    help="Seconds until the one retry after an answer with 5xx, 408 or 429.",
)
_shop = options.shop_option("directory")
_sending = (
    click.option(
        "--provider",
        metavar="URL",
        default="",
        envvar="RECONCILER_SANDBOX_PROVIDER",
        help="Address of the coupon provider.",
    ),
    webhooks_option,
    api_key_option,
    cooldown_option,
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=30.0,
        show_default=True,
        help="Seconds until a call without an answer is closed.",
    ),
    click.option(
        "--choice",
        "choices",
        metavar="NAME=VALUE",
        multiple=True,
        help="Behave in another way where the documentation is silent; repeatable.",
    ),
)
_going_wrong = (
    click.option("--duplicate", is_flag=True, help="Send each call twice."),
    click.option(
        "--reorder",
        is_flag=True,
        help="Send the calls in reverse. After a void, repeat the calls of the sale.",
    ),
    click.option(
        "--lose",
        type=click.Choice(["redeem", "webhook"]),
        multiple=True,
        help="Lose Redeem Coupon, or the webhook; repeatable.",
    ),
)


def _add(given: Iterable[Callable[..., Any]]) -> Callable[[Callable[..., Any]], Any]:
    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(list(given)):
            command = option(command)
        return command

    return add


@click.command()
@options.directory
@click.option("--outlet", required=True, metavar="NAME", help="The outlet of the till.")
@click.option(
    "--item",
    "items",
    required=True,
    multiple=True,
    metavar="CODE[:QTY]",
    help="A variant to sell, with its quantity; repeatable.",
)
@click.option("--coupon", metavar="CODE", help="A coupon to ask the provider about.")
@click.option("--customer", metavar="KEY", help="Code, email, mobile or phone of a customer.")
@click.option("--sell-anyway", is_flag=True, help="Sell with the coupon, though the answer is no.")
@click.option("--break-off", is_flag=True, help="Sell nothing after a yes.")
@_add((*_sending, *_going_wrong))
def sell(
    directory: Path,
    outlet: str,
    items: tuple[str, ...],
    coupon: str | None,
    customer: str | None,
    sell_anyway: bool,
    break_off: bool,
    duplicate: bool,
    reorder: bool,
    lose: tuple[str, ...],
    **sending: Any,
) -> None:
    """Sell at a till of the sandbox, with or without a coupon.

    The till asks the coupon provider, makes an invoice, and sends Redeem Coupon and the webhook
    invoiceCreated, as DealPOS documents it. Exit code 4 means that a call was not accepted.
    """
    from dealpos_reconciler.catalogue.settings import load
    from dealpos_reconciler.sandbox.till import Order, Switches, parse_item
    from dealpos_reconciler.workflows.till import open_till

    order = Order(outlet, tuple(parse_item(item) for item in items), coupon, customer)
    switches = Switches(duplicate, reorder, frozenset(lose))
    with open_till(load(directory), _wire(sending), switches) as till:
        sale = till.sell(order, anyway=sell_anyway, break_off=break_off)
    if sale.offer:
        _say(f"Coupon: {sale.offer.text or 'accepted'}")
    if sale.invoice is None:
        _say("Broken off: no invoice")
        return
    invoice = sale.invoice.payload
    sums = f"{invoice['Gross']:,} - {invoice['DiscountTotal']:,} = {invoice['Sales']:,}"
    _say(f"Invoice {invoice['Number']}, {invoice['Outlet']}: {sums}")
    _end(sale.deliveries)


def _change(act: str, first: str, rest: str) -> click.Command:
    """Return the command that voids, restores or erases an invoice."""

    @click.command(act, help=f"{first}\n\n{rest}")
    @click.argument("invoice", metavar="INVOICE")
    @_shop
    @_add((*_sending, *_going_wrong))
    def change(
        invoice: str,
        directory: Path,
        duplicate: bool,
        reorder: bool,
        lose: tuple[str, ...],
        **sending: Any,
    ) -> None:
        from dealpos_reconciler.catalogue.settings import load
        from dealpos_reconciler.sandbox.till import Switches
        from dealpos_reconciler.workflows.till import open_till

        switches = Switches(duplicate, reorder, frozenset(lose))
        with open_till(load(directory), _wire(sending), switches) as till:
            sale = till.change(invoice, act)
        done = {"void": "voided", "restore": "restored", "erase": "erased"}[act]
        _say(f"Invoice {sale.invoice.payload['Number'] if sale.invoice else invoice} {done}")
        _end(sale.deliveries)

    return change


void = _change(
    "void",
    "Void an invoice of the sandbox.",
    "INVOICE is a number or an ID. Which calls follow is undocumented: by default Redeem Coupon "
    "again, with Void: Yes, and the webhook invoiceDeleted; see --choice change_sends=…",
)
restore = _change(
    "restore",
    "Restore an invoice that was voided.",
    "INVOICE is a number or an ID. By default Redeem Coupon follows again, with Void: No, and a "
    "webhook whose name the documentation cuts: invoiceRestored.",
)
erase = _change(
    "erase",
    "Delete an invoice of the sandbox permanently.",
    "INVOICE is a number or an ID. By default Redeem Coupon follows again, with Void: Yes, and "
    "the webhook invoiceErased.",
)


@click.command()
@click.argument("address", metavar="ADDRESS", shell_complete=complete_addresses)
@click.argument("values", metavar="[FIELD=VALUE]...", nargs=-1)
@click.option("--delete", "deleting", is_flag=True, help="Delete the object.")
@_shop
@webhooks_option
@api_key_option
@cooldown_option
def edit(
    address: str, values: tuple[str, ...], deleting: bool, directory: Path, **sending: Any
) -> None:
    """Change an object in the back office of the sandbox.

    ADDRESS is kind/name, such as variant/1003L. Fields have the names of the API, such as
    UnitPrice. Webhooks follow where DealPOS documents one.
    """
    from dealpos_reconciler.catalogue.settings import load
    from dealpos_reconciler.sandbox.till import delete
    from dealpos_reconciler.sandbox.till import edit as change
    from dealpos_reconciler.workflows.till import open_till, send_edits

    pairs = [value.partition("=") for value in values]
    if deleting == bool(values) or not all(name and sign for name, sign, _ in pairs):
        raise UsageError("say what to change", hint="give FIELD=VALUE, or --delete alone")
    with open_till(load(directory), _wire(sending)) as till:
        given = {name: text for name, _, text in pairs}
        changes = delete(till.shop, address) if deleting else change(till.shop, address, given)
        deliveries = send_edits(till, changes)
    done = "deleted" if deleting else ", ".join(given) + " changed"
    _say(f"{address}: {done if changes else 'unchanged'}")
    _end(deliveries)


def _wire(given: dict[str, Any]) -> Wiring:
    from dealpos_reconciler.workflows.till import Wiring

    return Wiring(**given)


def _say(text: str) -> None:
    from dealpos_reconciler.render.words import plain

    output.print_text(plain(text) + "\n")


def tell_delivery(delivery: Delivery) -> str:
    """Return one line about a call and its answers."""
    event, colon, attempts = str(delivery).partition(":")
    return f"{_LABELS.get(event, event)}{colon}{attempts}"


def _end(deliveries: Iterable[Delivery]) -> None:
    """Print the calls, and exit with code 4 where one was not accepted that was not to be lost."""
    refused = False
    for delivery in deliveries:
        _say(tell_delivery(delivery))
        refused |= bool(delivery.attempts) and not delivery.accepted
    if refused:
        sys.exit(exit_codes.PARTIAL)
