"""The WSGI application, and a server that listens for it."""

import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

from flask import Flask, Response, abort, request

from dealpos_reconciler.sandbox.api.generation import is_offered, places
from dealpos_reconciler.sandbox.api.request import parse_fields
from dealpos_reconciler.sandbox.api.response import (
    error_response,
    json_response,
    not_found_response,
)
from dealpos_reconciler.sandbox.api.route import ServedRoute, Unchanged
from dealpos_reconciler.sandbox.auth import Tokens
from dealpos_reconciler.sandbox.choices import Choices
from dealpos_reconciler.sandbox.errors import Refusal, UnknownKey
from dealpos_reconciler.sandbox.limiter import Limiter
from dealpos_reconciler.sandbox.middleware import PREFIX, ApiMiddleware
from dealpos_reconciler.sandbox.query import KeyRules
from dealpos_reconciler.sandbox.resources import (
    category,
    coupon,
    coupon_reads,
    customer,
    customer_reads,
    inventory,
    invoice,
    outlet,
    product,
    product_reads,
    token,
    variant,
    variant_reads,
)
from dealpos_reconciler.sandbox.resources.promotions import event
from dealpos_reconciler.sandbox.shop import Shop
from dealpos_reconciler.sandbox.store import ObjectStore

_NOUNS = (
    category,
    product,
    product_reads,
    variant,
    variant_reads,
    outlet,
    coupon,
    coupon_reads,
    customer,
    customer_reads,
    inventory,
    invoice,
    event,
)
ROUTES: dict[str, ServedRoute] = {route.name: route for noun in _NOUNS for route in noun.ROUTES}
"""Every operation, "METHOD /path", as dealpos-api.md lists them."""

LISTS = {
    "/Category",
    "/Product",
    "/Variant",
    "/Variant/Data",
    "/Variant/Count",
    "/Outlet",
    "/Inventory",
    "/PromotionCoupon",
    "/PromotionCoupon/WithTotalCount",
    "/PromotionEvent",
    "/Customer",
    "/Invoice/MultipleOutlet/WithTotalCount",
}
"""The reads that answer whatever there is; the others answer keys."""

_DEFAULT = Choices()


def create_app(
    database: Path | str = ":memory:",
    *,
    choices: Choices = _DEFAULT,
    client_id: str = "sandbox",
    client_secret: str = "sandbox",
    limit: int | None = 50,
    window: float = 180.0,
    clock: Callable[[], float] = time.monotonic,
    answer_errors: bool = True,
) -> Flask:
    """Return the shop as a Flask application; its state is at ``app.extensions["sandbox"]``.

    An unforeseen error is answered as dealpos-api.md §4 says, or raised without `answer_errors`.
    """
    shop = Shop(
        store=ObjectStore(database),
        choices=choices,
        limiter=Limiter(limit, window, clock),
        tokens=Tokens(clock),
        client_id=client_id,
        client_secret=client_secret,
        clock=clock,
    )
    app = Flask(__name__, static_folder=None)
    app.config["PROPAGATE_EXCEPTIONS"] = not answer_errors
    app.extensions["sandbox"] = shop
    # One rule and a dictionary: a rule per operation would make every new shop 20 ms slower.
    app.add_url_rule(
        f"{PREFIX}/<path:operation>",
        view_func=_view(shop),
        methods=["GET", "POST", "PUT", "DELETE"],
        provide_automatic_options=False,
    )
    app.register_error_handler(Refusal, _refusal_response)
    app.register_error_handler(500, _failure_response)
    app.wsgi_app = ApiMiddleware(app.wsgi_app, shop)  # type: ignore[method-assign]
    return app


def _view(shop: Shop) -> Callable[[str], Response]:
    def view(operation: str) -> Response:
        if f"/{operation}".lower() == token.PATH and request.method == "POST":
            return token.issue(shop, request)
        name = f"{request.method} /{operation}"
        route = ROUTES.get(name)
        if route is None or not is_offered(shop.choices, name, read=not route.write):
            abort(shop.choices.missing_status)
        if name in shop.choices.forbidden_operations:
            return error_response("Your role may not do this.", shop.choices.forbidden_status)
        return _act(shop, route)

    return view


def _act(shop: Shop, route: ServedRoute) -> Response:
    """Answer one operation, in one transaction."""
    choices = shop.choices
    query, body = places(choices, route.path) if request.method == "GET" else (True, True)
    fields = parse_fields(request, choices, query=query, body=body, write=route.write)
    if route.write:
        shop.history.note_write(shop.store, choices, shop.clock())
    else:
        shop = shop.as_shown(listed=route.path.removesuffix("/p") in LISTS)
    try:
        with shop.store.transaction(write=route.write):
            shop.store.rules = _key_rules(choices, write=route.write)
            value = route.handler(shop, fields)
    except UnknownKey:
        return not_found_response(choices)
    except Unchanged as unchanged:
        value = unchanged.answer
    return json_response(value, choices)


def _key_rules(choices: Choices, *, write: bool) -> KeyRules:
    return KeyRules(
        choices.keys_ignore_case,
        choices.outer_blanks != "kept",
        () if write else choices.hidden_keys,
        choices.double_delete == "oldest",
    )


def _refusal_response(refusal: Refusal) -> Response:
    return error_response(refusal.message, refusal.status)


def _failure_response(error: Exception) -> Response:
    """Return the response to an unforeseen error: a 500 with ``Message`` and ``StackTrace``."""
    cause = getattr(error, "original_exception", None) or error
    trace = "".join(traceback.format_exception(cause))
    return json_response({"Message": str(cause), "StackTrace": trace}, _DEFAULT, 500)


_THREADS = 8


def listen(app: WSGIApplication, host: str, port: int) -> Any:
    """Return a server that is bound (to a free port, for port 0) and waits to be run."""
    import waitress  # type: ignore[import-untyped]  # an embedded shop needs no server

    return waitress.create_server(app, host=host, port=port, threads=_THREADS)


def serve(app: WSGIApplication, host: str, port: int) -> None:
    """Serve the shop over HTTP until interrupted."""
    listen(app, host, port).run()
