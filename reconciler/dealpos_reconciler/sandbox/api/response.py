"""HTTP responses: JSON in the dialect of the choices, errors, and HTML of a server between."""

import json
from typing import Any

from flask import Response

from dealpos_reconciler.sandbox.choices import Choices


def json_response(value: Any, choices: Choices, status: int = 200) -> Response:
    """Return a JSON response, in the dialect that the choices name."""
    if (
        choices.numbers_as_strings
        or choices.numbers_as_floats
        or choices.booleans_as_words
        or choices.nulls_omitted
    ):
        value = _dialect(value, choices)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, content_type="application/json; charset=utf-8")


def error_response(text: str, status: int) -> Response:
    """Return an error response (dealpos-api.md §4)."""
    body = json.dumps({"Message": text}, ensure_ascii=False)
    return Response(body, status, content_type="application/json; charset=utf-8")


def html_response(title: str, status: int) -> Response:
    """Return a web server's own page, as from a proxy in between."""
    page = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body>{title}</body></html>"
    return Response(page, status, content_type="text/html; charset=utf-8")


def not_found_response(choices: Choices) -> Response:
    """Return the response to a single read of an unknown key."""
    if choices.not_found == "empty":
        return Response(b"", 200, content_type="application/json; charset=utf-8")
    if choices.not_found == "null":
        return json_response(None, choices)
    return error_response("Data not found.", int(choices.not_found))


def _dialect(value: Any, choices: Choices) -> Any:
    if isinstance(value, dict):
        return {
            key: _dialect(item, choices)
            for key, item in value.items()
            if item is not None or not choices.nulls_omitted
        }
    if isinstance(value, list):
        return [_dialect(item, choices) for item in value]
    return _scalar(value, choices)


def _scalar(value: Any, choices: Choices) -> Any:
    if isinstance(value, bool):
        return ("Yes" if value else "No") if choices.booleans_as_words else value
    if isinstance(value, int):
        value = float(value) if choices.numbers_as_floats else value
        return str(value) if choices.numbers_as_strings else value
    return value
