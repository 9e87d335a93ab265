"""Descriptions and examples of keys, from the texts below the attributes of a class.

A text ends with ``Example: `…`.``, in JSON or as plain text. An editor shows both when the mouse
rests on the key.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any, get_args, get_type_hints

_EXAMPLE = re.compile(r"\s*Example: `(.+)`\.$", re.DOTALL)


def describe(body: dict[str, Any], shape: type) -> None:
    """Give the keys of a schema the texts of `shape` and of the classes inside it."""
    definitions = body.get("$defs", {})
    for name, found in _classes_in(shape):
        _describe(definitions.get(name) or (body if found is shape else {}), found)


def _describe(body: Mapping[str, Any], shape: type) -> None:
    properties = body.get("properties", {})
    for name, text in _texts(shape).items():
        if name in properties:
            properties[name].setdefault("description", text)


def add_examples(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema in which each key has an example: that of its text, or one made of its parts.

    A key whose form does not tell what it may hold has none. Titles made of names are left out, as
    an editor would show them above the text of the key.
    """
    top = {name: value for name, value in schema.items() if name in ("$schema", "title")}
    taken = {**top, **_take_examples(schema)}
    definitions = taken.get("$defs", {})
    for body in _properties(taken):
        if "examples" not in body and (made := _make_example(body, definitions)) is not None:
            body["examples"] = [made]
    return taken


def _take_examples(body: Any) -> Any:
    """Return a schema with the example of each description as a key of its own, without titles."""
    if isinstance(body, list):
        return [_take_examples(item) for item in body]
    if not isinstance(body, dict):
        return body
    # A field may be called `title`; it has a schema, not a text.
    titled = isinstance(body.get("title"), str)
    body = {n: _take_examples(item) for n, item in body.items() if not (titled and n == "title")}
    text = body.get("description")
    if isinstance(text, str) and (found := _EXAMPLE.search(text)):
        body["description"] = text[: found.start()]
        body["examples"] = [_read_example(found[1])]
    return body


def _properties(body: Any) -> Iterator[dict[str, Any]]:
    """Yield the schema of each key, inner ones first."""
    if isinstance(body, list):
        for item in body:
            yield from _properties(item)
    elif isinstance(body, dict):
        for name, inner in body.items():
            yield from _properties(inner)
            if name == "properties":
                yield from (schema for schema in inner.values() if isinstance(schema, dict))


def _make_example(body: Mapping[str, Any], definitions: Mapping[str, Any]) -> Any:
    """Return an example of a schema made of its parts, or None."""
    if "examples" in body:
        return body["examples"][0]
    if "$ref" in body:
        return _make_example(definitions.get(body["$ref"].rpartition("/")[2], {}), definitions)
    if "enum" in body:
        return body["enum"][0]
    if body.get("type") == "boolean":
        return True
    if "items" in body:
        item = _make_example(body["items"], definitions)
        return None if item is None else [item]
    if "properties" in body:
        names = body.get("required") or list(body["properties"])[:1]
        made = {name: _make_example(body["properties"][name], definitions) for name in names}
        return None if None in made.values() else made
    choices = body.get("anyOf") or body.get("oneOf", ())
    found = (_make_example(one, definitions) for one in choices)
    return next((example for example in found if example is not None), None)


def _read_example(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _classes_in(shape: Any) -> Iterator[tuple[str, type]]:
    """Yield a class of this package and those that its attributes name, with their names."""
    if inspect.isclass(shape) and shape.__module__.startswith("dealpos_reconciler."):
        yield shape.__name__, shape
        for hint in get_type_hints(shape, include_extras=True).values():
            yield from _classes_in(hint)
    else:
        for inner in get_args(shape):
            yield from _classes_in(inner)


@cache
def _texts(shape: type) -> dict[str, str]:
    """Return the texts below the attributes of a class, by attribute."""
    module = ast.parse(inspect.getsource(sys.modules[shape.__module__]))
    classes = (node for node in ast.walk(module) if isinstance(node, ast.ClassDef))
    made = next(node for node in classes if node.name == shape.__name__)
    texts = {}
    for above, below in pairwise(made.body):
        if isinstance(above, ast.AnnAssign) and isinstance(above.target, ast.Name):
            value = below.value if isinstance(below, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                texts[above.target.id] = inspect.cleandoc(value.value)
    return texts
