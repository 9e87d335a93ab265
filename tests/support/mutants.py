"""Valid documents, damaged in every way that a hand or a broken disk could damage them."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

REPLACEMENTS: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**63, 10**400, 0.5, 1e308, float("inf"), float("nan")),
    *("", " ", "x", "/", "a/b", "variant/", "variant/1003L", "nan", "1e999999", "\ud800", "\x00"),
    *([], [None], ["x"], [["x", "y"]], [{}], {}, {"x": None}, {"": ""}, {"variant/1003L": {}}),
)
"""Values of another type or size than any that is expected."""

Make = Callable[[], bytes]


def mutate(document: Any, seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """Yield `count` damaged forms of a document with their names; the same for the same seed."""
    chosen = random.Random(seed)
    forms = [*_change_nodes(document), *_damage_bytes(json.dumps(document).encode(), chosen)]
    for name, make in chosen.sample(forms, min(count, len(forms))):
        yield name, make()


def _change_nodes(document: Any) -> Iterator[tuple[str, Make]]:
    """Yield the document with each node dropped, renamed, replaced or wrapped."""
    for path in _paths(document):
        shown, value = "/".join(map(str, path)), _at(document, path)
        put = partial(_replace, document, path)
        if path:
            yield f"drop {shown}", partial(_rename, document, path, None)
        if path and isinstance(path[-1], str):
            for name in ("x", "", "variant/1003L", "variant/", "/", "\ud800"):
                yield f"name {shown} {name!a}", partial(_rename, document, path, name)
        for other in REPLACEMENTS:
            yield f"set {shown} {str(other)[:20]!a}", partial(put, other)
        yield f"wrap {shown}", partial(put, [value])
        yield f"text {shown}", partial(put, str(value))
        yield f"deep {shown}", partial(_nest, document, path)


def _damage_bytes(text: bytes, chosen: random.Random) -> Iterator[tuple[str, Make]]:
    damaged: dict[str, bytes] = {"empty": b"", "twice": text + text}
    for place in chosen.sample(range(len(text)), min(60, len(text))):
        damaged[f"cut at {place}"] = text[:place]
        junk = bytes([chosen.randrange(256)])
        damaged[f"byte {place}"] = text[:place] + junk + text[place + 1 :]
    for encoding in ("utf-16", "utf-32", "cp500", "utf-8-sig"):
        damaged[encoding] = text.decode().encode(encoding)
    damaged["merge conflict"] = b"<<<<<<< ours\n" + text + b"\n=======\n{}\n>>>>>>> theirs\n"
    for other in (b"null", b"[]", b"{}", b'"x"', b"1e400", b"[" * 200_000, b"\xff\xfe", b"NaN"):
        damaged[f"only {other[:9]!a}"] = other
    for name, content in damaged.items():
        yield name, partial(bytes, content)


def _paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield above
    if not isinstance(value, (dict, list)):
        return
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield from _paths(inner, (*above, key))


def _at(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


def _rename(document: Any, path: tuple[Any, ...], name: str | None) -> bytes:
    twin = copy.deepcopy(document)
    inside = _at(twin, path[:-1])
    value = inside.pop(path[-1])
    if name is not None:
        inside[name] = value
    return json.dumps(twin).encode()


def _replace(document: Any, path: tuple[Any, ...], value: Any) -> bytes:
    if not path:
        return json.dumps(value).encode()
    twin = copy.deepcopy(document)
    _at(twin, path[:-1])[path[-1]] = value
    return json.dumps(twin).encode()


def _nest(document: Any, path: tuple[Any, ...]) -> bytes:
    """Return the document with a list of 100,000 levels in the place of a node."""
    marked = _replace(document, path, "deep-mark")
    return marked.replace(b'"deep-mark"', b"[" * 100_000 + b"]" * 100_000)
