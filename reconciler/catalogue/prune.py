"""`prune:` of the settings: scopes in which what the files do not declare is removed."""

from __future__ import annotations

from typing import Annotated, Required

from pydantic import Field
from typing_extensions import TypedDict

from reconciler.catalogue.parser import Node
from reconciler.catalogue.problems import entry
from reconciler.catalogue.sections import Complain
from reconciler.core.model.address import Source
from reconciler.core.model.desired import Prune
from reconciler.core.model.kind import Kinds
from reconciler.core.model.types import Code, Flag
from reconciler.errors import suggestion

PRUNE = "prune"
_Globs = Annotated[list[Code], Field(min_length=1)]


class Scope(TypedDict, total=False):
    """Kinds, and globs that narrow them: an object must match one of each list that is there."""

    kinds: Required[_Globs]
    categories: Annotated[_Globs, Field(description="`*` stays on a level of the path, `**` not.")]
    codes: Annotated[_Globs, Field(description="Globs on the code, or name, of the object.")]
    delete: Annotated[Flag, Field(description="Delete; otherwise objects are retired.")]


def scopes(root: Node, file: str, kinds: Kinds, complain: Complain) -> tuple[Prune, ...]:
    """Every scope; what is wrong goes to `complain`."""
    items = root.get(PRUNE, [])
    if not isinstance(items, list) or not all(isinstance(item, Node) for item in items):
        complain(root, PRUNE, f"`{PRUNE}` must be a list of mappings", "write `- kinds: […]`")
        return ()
    found = (_scope(node, file, kinds, complain) for node in items)
    return tuple(scope for scope in found if scope)


def _scope(node: Node, file: str, kinds: Kinds, complain: Complain) -> Prune | None:
    def refuse(key: str, message: str, hint: str, at_key: bool) -> None:
        complain(node, key, f"{PRUNE}: {message}", hint, at_key=at_key)

    scope = entry(Scope, node, refuse)
    if scope is None:
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
