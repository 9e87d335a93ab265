"""`prune:` of the settings: scopes in which what the files do not declare is removed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Required

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from reconciler.core.kind import Kinds
from reconciler.core.state import Prune, Source
from reconciler.core.types import Code, Flag
from reconciler.document import Node
from reconciler.errors import suggestion
from reconciler.guardrails import Complain
from reconciler.validation import explain

PRUNE = "prune"
_Globs = Annotated[list[Code], Field(min_length=1)]


class Scope(TypedDict, total=False):
    """Kinds, and globs that narrow them: an object must match one of each list that is there."""

    kinds: Required[_Globs]
    categories: Annotated[_Globs, Field(description="`*` stays on a level of the path, `**` not.")]
    codes: Annotated[_Globs, Field(description="Globs on the code, or name, of the object.")]
    delete: Annotated[Flag, Field(description="Delete; otherwise objects are retired.")]


@cache
def entries() -> TypeAdapter[Any]:
    """What validates the scopes; made when there are some."""
    return TypeAdapter(list[Scope], config=ConfigDict(extra="forbid"))


def _keys(path: tuple[str | int, ...]) -> list[str]:
    return sorted(Scope.__annotations__)


def scopes(root: Node, file: str, kinds: Kinds, complain: Complain) -> tuple[Prune, ...]:
    """Every scope; what is wrong goes to `complain`."""
    items = root.get(PRUNE, [])
    if not isinstance(items, list) or not all(isinstance(item, Node) for item in items):
        complain(root, PRUNE, f"`{PRUNE}` must be a list of mappings", "write `- kinds: […]`")
        return ()
    found = (_scope(node, file, kinds, complain) for node in items)
    return tuple(scope for scope in found if scope)


def _scope(node: Node, file: str, kinds: Kinds, complain: Complain) -> Prune | None:
    try:
        (scope,) = entries().validate_python([node])
    except ValidationError as error:
        for found in error.errors(include_url=False):
            _refuse(node, found, complain)
        return None
    for name in scope["kinds"]:
        if name not in kinds:
            hint = suggestion(name, kinds) or f"kinds: {', '.join(sorted(kinds))}"
            complain(node, "kinds", f"there is no kind `{name}`", hint)
    return Prune(
        tuple(name for name in scope["kinds"] if name in kinds),
        Source(file, node.line, node.column),
        tuple(scope.get("categories", ())),
        tuple(scope.get("codes", ())),
        scope.get("delete", False),
    )


def _refuse(node: Node, found: Mapping[str, Any], complain: Complain) -> None:
    path = tuple(found["loc"][1:])
    message, hint = explain({**found, "loc": path[:1]}, _keys, True)
    extra = found["type"] == "extra_forbidden"
    complain(node, str(path[0]) if path else PRUNE, f"{PRUNE}: {message}", hint, at_key=extra)
