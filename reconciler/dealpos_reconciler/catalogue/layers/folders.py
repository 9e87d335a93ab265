"""Read the folders of the catalogue from the settings: one, or several as layers."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from dealpos_reconciler.catalogue.files import SETTINGS_FILE, Problems, is_inside, list_files
from dealpos_reconciler.catalogue.layers.work_tree import (
    OUTSIDE,
    find_work_tree,
    locate,
    refuse_links,
)
from dealpos_reconciler.catalogue.parser import read
from dealpos_reconciler.catalogue.reading.node import Node
from dealpos_reconciler.confined import NotConfined
from dealpos_reconciler.errors import SourceError

CATALOGUE = "catalogue"
"""The setting that names the folder of the catalogue files, and that folder by default."""
LAYERS = "layers"
"""The setting that lists several folders, each of which overrides those before it."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A catalogue folder that overrides those before it."""

    name: str
    """The path as the settings write it."""
    folder: str
    """The path from the shop folder, without needless parts."""


def read_folders(
    root: Path, node: Node, text: Callable[[Node, str], str], problems: Problems
) -> tuple[str, tuple[Layer, ...]]:
    """Return the folder that new files go to, and the layers of a shop that has some.

    `text` reads a setting. Problems go to `problems`.
    """
    if LAYERS in node:
        if CATALOGUE in node:
            message = f"`{CATALOGUE}` and `{LAYERS}` exclude each other"
            hint = f"name the folder as the last one of `{LAYERS}`"
            problems.add_setting(node, (CATALOGUE,), message, hint, key=True)
        layers = _read_layers(root, node, problems)
        return layers[-1].folder if layers else CATALOGUE, layers
    catalogue = text(node, CATALOGUE) or CATALOGUE
    if not is_inside(catalogue):
        message = f"`{CATALOGUE}` must be a folder inside the shop's folder"
        hint = f"to use files of other folders, list them under `{LAYERS}`"
        problems.add_setting(node, (CATALOGUE,), message, hint)
    return catalogue, ()


def guess_folders(settings: Mapping[str, Any]) -> list[str]:
    """Return the folders that settings name which are not validated yet; fewer for wrong ones."""
    listed = settings.get(LAYERS)
    if isinstance(listed, list):
        return [posixpath.normpath(name) for name in listed if isinstance(name, str) and name]
    catalogue = str(settings.get(CATALOGUE, CATALOGUE))
    return [catalogue] if is_inside(catalogue) else []


def read_sources(root: Path) -> list[str]:
    """Return the folders of the catalogue files of the shop in `root`; fewer for wrong settings."""
    settings, _ = read(root, SETTINGS_FILE)
    return guess_folders(settings)


def _read_layers(root: Path, node: Node, problems: Problems) -> tuple[Layer, ...]:
    listed = node[LAYERS]
    if not isinstance(listed, list) or not listed:
        message = f"`{LAYERS}` must be a list of folders"
        problems.add_setting(node, (LAYERS,), message, "write `[../../base, catalogue]`")
        return ()
    found: list[Layer] = []
    for index, name in enumerate(listed):
        written = name if isinstance(name, str) else ""
        layer = Layer(written, posixpath.normpath(written or "."))
        if fault := _find_fault(root, layer, found):
            message, hint = fault
            shown = f"`{LAYERS}`: `{written}` {message}" if written else f"`{LAYERS}`: {message}"
            problems.add_setting(node, (LAYERS, index), shown, hint)
        else:
            found.append(layer)
    return tuple(found)


def _find_fault(root: Path, layer: Layer, before: list[Layer]) -> tuple[str, str | None] | None:
    """Return message and hint on a folder that cannot be a layer; None for one that can."""
    if not layer.name:
        return "an entry must be the path of a folder", None
    if _is_absolute(layer.name):
        return "must be a path from the shop folder", "write it as ../../base"
    base, path = root.resolve(), Path(os.path.normpath(root.resolve() / layer.folder))
    if base.is_relative_to(path):
        return "contains this shop folder: a circular layer", "name a folder of catalogue files"
    for other in before:
        if fault := _compare(path, layer, Path(os.path.normpath(base / other.folder)), other):
            return fault
    return _find_unreadable(root, layer)


def _is_absolute(name: str) -> bool:
    windows = PureWindowsPath(name)
    return bool(PurePosixPath(name).is_absolute() or windows.drive or windows.root or "\\" in name)


def _compare(path: Path, layer: Layer, other: Path, named: Layer) -> tuple[str, str | None] | None:
    """Return what is wrong with a layer beside an earlier one: a file would count twice."""
    if path == other or (path.exists() and other.exists() and path.samefile(other)):
        return f"is listed twice, first as `{named.name}`", "keep one of the two"
    if path.is_relative_to(other):
        return f"is inside of `{named.name}`, which is a layer too", "move it beside that folder"
    if other.is_relative_to(path):
        return f"contains `{named.name}`, which is a layer too", "move that folder beside it"
    return None


def _find_unreadable(root: Path, layer: Layer) -> tuple[str, str | None] | None:
    try:
        if not is_inside(layer.folder):
            locate(root, layer.folder)
        refuse_links(root, layer.folder)
    except NotConfined as error:
        return _explain_confinement(root, error)
    folder = root / layer.folder
    if not folder.is_dir():
        return "is not a folder" if folder.exists() else "does not exist", None
    if (folder / SETTINGS_FILE).exists():
        return f"is a shop folder: it has a {SETTINGS_FILE}", "name its folder of catalogue files"
    try:
        found = list_files(root, layer.folder)
    except SourceError as error:
        return f"cannot be read: {error.problems[0]}", error.problems[0].hint
    return None if found else ("contains no catalogue file", "add a file that ends in .yaml")


def _explain_confinement(root: Path, error: NotConfined) -> tuple[str, str]:
    if find_work_tree(root) is None:
        hint = "run `git init` in the folder that holds all layers"
        return "is outside of the shop folder, which is in no git work tree", hint
    if error.why == OUTSIDE:
        return "leads out of the git work tree", "move the folder into the repository"
    return f"cannot be read: {error.why}", "name the folder that the link leads to"
