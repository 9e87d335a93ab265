"""The token operation (API §2): attested by public clients, not by the vendor's pages."""

from flask import Request, Response

from dealpos_reconciler.sandbox.api.request import parse_fields
from dealpos_reconciler.sandbox.api.response import error_response, json_response
from dealpos_reconciler.sandbox.shop import Shop

PATH = "/token/oauth2"
"""Compared in lower case: clients in the wild spell it in three ways."""


def issue(shop: Shop, request: Request) -> Response:
    """Answer client credentials with a token; ``grant_type`` is not looked at."""
    fields = parse_fields(request, shop.choices, write=True)
    client_id = fields.raw("client_id", "ClientID")
    if not shop.knows(client_id, fields.raw("client_secret", "ClientSecret")):
        return error_response("Invalid client credentials.", shop.choices.bad_credentials)
    lifetime = shop.choices.token_lifetime
    token = shop.tokens.issue(lifetime, alone=shop.choices.tokens_live == "one")
    expires_in = int(lifetime) if lifetime == int(lifetime) else lifetime
    body = {"access_token": token, "token_type": "Bearer", "expires_in": expires_in}
    # Numbers and nulls in the shop's own dialect would be an invention here.
    return json_response(body, type(shop.choices)())
