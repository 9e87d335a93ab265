"""What `import` and `adopt` say of what they take from the shop, and what they ask."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.output import print_json, say

if TYPE_CHECKING:
    from reconciler.catalogue.writing.results import AdoptResult, FieldDrift, ImportResult
    from reconciler.dealpos.reading.full_read import Everything


def print_price(everything: Everything, form: str) -> None:
    """What an import has listed and will cost: on stdout where that is asked for, else beside."""
    from reconciler.kinds import KINDS
    from reconciler.render.import_ import price_document, price_text

    if form == "json":
        print_json(price_document(everything))
    elif form:
        say(price_text(everything, KINDS))
    else:
        click.echo(price_text(everything, KINDS), nl=False, err=True)


def print_import(done: ImportResult, form: str, folder: Path) -> None:
    """What an import did, on stdout."""
    from reconciler.kinds import KINDS
    from reconciler.render.import_ import import_document, import_text

    if form == "json":
        print_json(import_document(done))
    else:
        say(import_text(done, KINDS, str(folder)))


def print_adopted(done: AdoptResult, form: str, dry_run: bool) -> None:
    """What was taken from the shop into the files, on stdout."""
    from reconciler.kinds import KINDS
    from reconciler.render.adopted import adopted_document, adopted_text

    if form == "json":
        print_json(adopted_document(done, KINDS, dry_run))
    else:
        say(adopted_text(done, KINDS, dry_run))


def picked(takes: Sequence[FieldDrift]) -> list[FieldDrift]:
    """Ask about each difference on the terminal; gives those that are wanted."""
    from reconciler.kinds import KINDS
    from reconciler.render.adopted import take_lines
    from reconciler.render.words import plain

    wanted: list[FieldDrift] = []
    for index, take in enumerate(takes):
        for line in take_lines(take, KINDS):
            click.echo(plain(line), err=True)
        click.echo("Take it? y, n, a (all from here), q (no more): ", nl=False, err=True)
        answer = sys.stdin.readline().strip().lower()[:1]
        if answer == "a":
            return [*wanted, *takes[index:]]
        if answer in ("q", ""):
            return wanted
        if answer == "y":
            wanted.append(take)
    return wanted
