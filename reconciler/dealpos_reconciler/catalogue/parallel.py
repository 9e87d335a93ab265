"""Parse the catalogue files; a large catalogue in two processes.

Files take most of the time of a large shop, and Python runs one thread at a time. A forked copy of
this process parses and validates a share of the files, and delivers what the cache would keep of
them; of other files the parsed nodes. Files that it does not deliver are parsed here.
"""

from __future__ import annotations

import marshal
import os
import signal
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal, NamedTuple

from dealpos_reconciler.catalogue import parser as document
from dealpos_reconciler.catalogue.cache import (
    Cache,
    KnownFile,
    KnownObjects,
    KnownOmissions,
    digest,
    dump_entry,
    load_entry,
    open_cache,
)
from dealpos_reconciler.catalogue.environment import MAX_ADDED_CHARACTERS, SETTING, Expander
from dealpos_reconciler.catalogue.files import SETTINGS_FILE, list_files
from dealpos_reconciler.catalogue.layers.folders import LAYERS, guess_folders
from dealpos_reconciler.catalogue.layers.work_tree import FileReader
from dealpos_reconciler.catalogue.reading.block import CHUNK, looks_plain
from dealpos_reconciler.catalogue.reading.node import Node, empty_node
from dealpos_reconciler.core.model.masked import SecretText, reveal
from dealpos_reconciler.errors import Problem, SourceError

MIN_PARALLEL_BYTES = 1_000_000
"""Size of the files from which a second process saves more than it costs."""

CHILD_SHARE = 0.5
"""Share of the second process, which works while this one still imports other modules."""

MARSHAL_VERSION = 2
"""Version 2 does not look for repeated objects, which takes the longest and finds none here."""


class ParsedFile(NamedTuple):
    """A file with its content: as it was parsed, or as the cache knows it."""

    name: str
    node: Node
    problems: list[Problem]
    digest: bytes | None = None
    """The name of its entry in the cache; None for a file that is not kept there."""
    added_characters: int = 0
    """The text that its aliases repeat."""
    known: KnownObjects | None = None
    dated: Sequence[int] = ()
    """The indexes of the known objects with dated values."""
    omitted: KnownOmissions = (1, 1, [])


def start_parsing(root: Path) -> Parsing | None:
    """Start to parse the files of the shop in `root`, before its settings are validated.

    Returns None where no file is found. Problems of the settings are reported when they are loaded.
    """
    settings, _ = document.read(root, SETTINGS_FILE)
    try:
        found = [path for folder in guess_folders(settings) for path in list_files(root, folder)]
    except SourceError:
        return None
    listed = settings.get(SETTING)
    names = listed if isinstance(listed, list) else []
    if not found:
        return None
    expand, cache = Expander(os.environ, names), open_cache(root, os.environ)
    mode: Mode = "layers" if LAYERS in settings else "objects"
    return Parsing(root, found, expand, cache, validates=mode)


Mode = Literal["objects", "layers"]
"""Whole objects, or such as another layer may complete."""
MakeEntries = Callable[[Path, Sequence[ParsedFile]], Mapping[str, KnownFile]]
"""Validates files, and gives what the cache would keep of them, by name."""


class Parsing:
    """Files whose parsing starts at once; iterating gives each file with its content, in order."""

    def __init__(
        self,
        root: Path,
        paths: Sequence[Path],
        expand: Expander,
        cache: Cache | None = None,
        *,
        validates: Mode | None = None,
    ) -> None:
        """Take the files; `validates` lets a second process validate those that it parses."""
        self.root = root
        self.paths = paths
        self.expand = expand
        self.cache = cache
        self.validates = validates
        self._files = FileReader(root)
        self.known = {} if cache is None or cache.is_empty else self._find_known(cache)
        self.pending = [path for path in paths if path not in self.known]
        self.first = len(self.pending)
        """Number of the pending files that this process parses."""
        self._child = self._pipe = 0
        self._child_has_masks = False
        self._end: weakref.finalize[..., Parsing] | None = None
        if (first := self._split()) < len(self.pending):
            self._fork(first)

    @property
    def has_masks(self) -> bool:
        """Return whether a file that was parsed so far holds a value of the environment."""
        return self._child_has_masks or self.expand.has_filled_in

    def __iter__(self) -> Iterator[ParsedFile]:
        pending = self._parse_pending()
        for path in self.paths:
            yield self.known.get(path) or next(pending)

    def _parse_pending(self) -> Iterator[ParsedFile]:
        yield from map(self._parse, self.pending[: self.first])
        delivered = self._receive()
        for index, path in enumerate(self.pending[self.first :]):
            if index < len(delivered):
                yield self._take(*delivered[index])
                delivered[index] = ()
            else:
                yield self._parse(path)

    def _take(
        self,
        name: str,
        tree: Any,
        problems: list[Any],
        named: bytes | None,
        added: int,
        entry: bytes | None,
    ) -> ParsedFile:
        """Return a file as the second process has delivered it."""
        if named is None or entry is None:
            return ParsedFile(name, _restore(tree), [Problem(*p) for p in problems], named, added)
        if self.cache:
            self.cache.add(named, entry)
        return ParsedFile(name, empty_node(), [], named, *load_entry(entry))

    def _find_known(self, cache: Cache) -> dict[Path, ParsedFile]:
        """Return the files whose content the cache knows."""
        found = {}
        for path in self.paths:
            name = path.relative_to(self.root).as_posix()
            with suppress(OSError):  # reported when it is parsed
                named = digest(self._files.read(name, document.MAX_BYTES + 1))
                if (entry := cache.find(named)) is not None:
                    found[path] = ParsedFile(name, empty_node(), [], named, *entry)
                    self.expand.added_characters += entry[0]
        if self.expand.added_characters <= MAX_ADDED_CHARACTERS:
            return found
        self.expand.added_characters = 0
        return {}  # parsing says in which file it is too much

    def _parse(self, path: Path) -> ParsedFile:
        name = path.relative_to(self.root).as_posix()
        try:
            content = self._files.read(name, document.MAX_BYTES + 1)
        except OSError:  # read again, for the problem
            return ParsedFile(name, *document.read(self.root, name, self.expand))
        added = self.expand.added_characters
        node, problems = document.parse_bytes(content, name, self.expand)
        is_used = self.cache is not None or self.validates is not None
        is_kept = is_used and not problems and b"${" not in content
        named = digest(content) if is_kept else None
        return ParsedFile(name, node, problems, named, self.expand.added_characters - added)

    def _split(self) -> int:
        """Return the number of files for this process; all of them for a small catalogue."""
        paths = self.pending
        # Forking a running process is not safe on macOS, and not possible on Windows.
        if sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:
            return len(paths)
        try:
            sizes = [path.stat().st_size for path in paths]
        except OSError:
            return len(paths)
        total = sum(sizes)
        if total < MIN_PARALLEL_BYTES:
            return len(paths)
        # Nodes of plain files take longer to deliver than to parse.
        if not self.validates and _is_plain(self.root, paths[sizes.index(max(sizes))]):
            return len(paths)
        own = total * (1 - CHILD_SHARE)
        return next(i for i, done in enumerate(accumulate(sizes), 1) if done > own)

    def _fork(self, first: int) -> None:
        make_entries: MakeEntries | None = None
        if self.validates:
            from dealpos_reconciler.catalogue.loader import prepare_entries

            make_entries = prepare_entries(is_layered=self.validates == "layers")
        receiving, sending = os.pipe()
        try:
            child = os.fork()
        except OSError:
            os.close(receiving)
            os.close(sending)
            return
        if child == 0:
            os.close(receiving)
            self._deliver(sending, self.pending[first:], make_entries)
        os.close(sending)
        self.first, self._child, self._pipe = first, child, receiving
        self._end = weakref.finalize(self, _stop_child, child, receiving)

    def _deliver(
        self, sending: int, paths: Sequence[Path], make_entries: MakeEntries | None
    ) -> None:
        """Parse and deliver files in the forked process, and end it without any cleanup."""
        try:
            found, parsed = [], [self._parse(path) for path in paths]
            entries = make_entries(self.root, parsed) if make_entries else {}
            for name, node, problems, named, added, *_ in parsed:
                told = [astuple(problem) for problem in problems]
                entry = dump_entry(entries[name]) if name in entries else None
                found.append((name, None if entry else _flat(node), told, named, added, entry))
            delivered = (found, self.has_masks)
            with os.fdopen(sending, "wb") as pipe:
                pipe.write(marshal.dumps(delivered, MARSHAL_VERSION))
        finally:
            os._exit(0)

    def _receive(self) -> list[Any]:
        """Return the files that the forked process has parsed; fewer where it was killed."""
        if self._end is None or not self._end.detach():
            return []
        with os.fdopen(self._pipe, "rb") as pipe:
            content = pipe.read()
        os.waitpid(self._child, 0)
        found: list[Any]
        try:
            found, has_masks = marshal.loads(content)
        except (EOFError, ValueError, TypeError):
            return []
        self._child_has_masks = has_masks
        return found


def _is_plain(root: Path, largest: Path) -> bool:
    """Return whether the largest file, which stands for all, needs no libyaml."""
    try:
        content = FileReader(root).read(largest.relative_to(root).as_posix(), CHUNK)
    except OSError:  # reported when it is parsed
        return False
    return looks_plain(content.decode("utf-8-sig", "replace"))


def _stop_child(child: int, pipe: int) -> None:
    """Kill the forked process, whose files are not needed any more."""
    os.close(pipe)
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _flat(value: Any) -> Any:
    """Return a node as plain values for `marshal`: a tuple of its place and its items."""
    if type(value) is Node:
        items = {k: v if type(v) is str else _flat(v) for k, v in value.items()}
        return value.line, value.column, items
    if isinstance(value, SecretText):
        return reveal(value), value.mask
    return [_flat(item) for item in value] if isinstance(value, list) else value


def _restore(value: Any) -> Any:
    if type(value) is tuple and len(value) == 2:
        return SecretText(*value)
    if type(value) is tuple:
        line, column, items = value
        node = Node(items)
        node.line, node.column = line, column
        for key, inner in items.items():
            if type(inner) is not str:
                node[key] = _restore(inner)
        return node
    return [_restore(item) for item in value] if isinstance(value, list) else value
