"""Completion of words on the command line: kinds, fields, and addresses of the shop's files."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click
from click.shell_completion import CompletionItem

MAX_ADDRESSES = 1_000
"""Addresses that a shell is given; a longer list helps nobody."""


def complete_kinds(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the kinds that begin with what is written."""
    from dealpos_reconciler.kinds import MANAGED

    return [CompletionItem(name) for name in MANAGED if name.startswith(incomplete)]


def complete_fields(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the fields of all kinds that begin with what is written."""
    from dealpos_reconciler.kinds import MANAGED

    names = {name for kind in MANAGED.values() for name in kind.model.__annotations__}
    return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]


def complete_addresses(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the declared addresses that begin with what is written; none where files are wrong.

    An object with a secret code is left out.
    """
    from dealpos_reconciler.core.model.masked import is_masked
    from dealpos_reconciler.errors import ReconcilerError
    from dealpos_reconciler.workflows.open_shop import check_files

    try:
        desired = check_files(_find_folder(context))
    except (ReconcilerError, OSError):
        return []
    found = (
        f"{kind}/{name}"
        for kind, named in desired.objects.items()
        for name in named
        if not is_masked(name)
    )
    wanted = sorted(address for address in found if address.startswith(incomplete))
    # bash inserts words as they are, the other shells quote them.
    is_bash = os.environ.get("_RECONCILER_COMPLETE", "").startswith("bash")
    quote = _escape if is_bash else str
    return [CompletionItem(quote(address)) for address in wanted[:MAX_ADDRESSES]]


def complete_layers(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the layers of the shop that begin with what is written."""
    from dealpos_reconciler.catalogue.settings import load
    from dealpos_reconciler.errors import ReconcilerError

    try:
        layers = load(_find_folder(context)).layers
    except (ReconcilerError, OSError):
        return []
    return [CompletionItem(layer.name) for layer in layers if layer.name.startswith(incomplete)]


def _find_folder(context: click.Context) -> Path:
    """Return the shop folder of an unfinished command line."""
    from dealpos_reconciler.catalogue.files import find_root

    # An option without its value ends the parsing, and the arguments are not assigned yet.
    given = next((word for word in context.args if Path(word).is_dir()), None)
    given = given or context.params.get("directory") or context.params.get("folder")
    return Path(given) if given else Path(os.path.relpath(find_root(Path.cwd())))


def _escape(word: str) -> str:
    return re.sub(r"([^\w@%+=:,./-])", r"\\\1", word)
