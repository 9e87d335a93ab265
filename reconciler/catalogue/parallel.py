"""The files of a catalogue as nodes; a large one is parsed by two processes at once.

Parsing is most of the time that a large shop takes, and Python runs one thread of it at a time. The
second process is a copy of this one that parses its share and ends; whatever it does not deliver is
parsed here, so that it can only save time.
"""

from __future__ import annotations

import marshal
import os
import signal
import sys
import weakref
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from reconciler.catalogue import parser as document
from reconciler.catalogue.files import SETTINGS_FILE, inside, paths
from reconciler.catalogue.parser import Expand, Node, expander
from reconciler.errors import Problem, SourceError

LARGE = 1_000_000
"""Bytes of files from which a second process saves more than it costs."""

SHARE = 0.65
"""Of the bytes, for the second process: it parses while this one still imports what comes next."""

PLAIN = 2
"""The form of `marshal` that looks for no repetition: there is none, and looking costs most."""

Parsed = tuple[Node, list[Problem]]


def begin(root: Path) -> Parsing | None:
    """A head start on the files of the shop in `root`, before anything else is looked at.

    None where no file is found that way. What is wrong with the settings is told by whoever uses
    them.
    """
    settings, _ = document.read(root / SETTINGS_FILE, SETTINGS_FILE)
    catalogue = str(settings.get("catalogue", "catalogue"))
    try:
        found = paths(root, catalogue) if inside(catalogue) else []
    except SourceError:
        return None
    return Parsing(root, found, expander(os.environ)) if found else None


class Parsing:
    """Begins to parse files when it is made; iterating gives each with what it holds, in order."""

    def __init__(self, root: Path, paths: Sequence[Path], expand: Expand | None) -> None:
        self.root = root
        self.paths = paths
        self.expand = expand
        self.first = len(paths)
        """How many of the files are parsed here."""
        self._child = self._pipe = 0
        self._end: weakref.finalize[..., Parsing] | None = None
        if (first := _split(paths)) < len(paths):
            self._fork(first)

    def __iter__(self) -> Iterator[tuple[str, Node, list[Problem]]]:
        """Every file by its name from the shop's folder, its mapping, and what is wrong in it."""
        for path in self.paths[: self.first]:
            yield (self._shown(path), *self._parse(path))
        delivered = self._received()
        for index, path in enumerate(self.paths[self.first :]):
            if index < len(delivered):
                tree, problems = delivered[index]
                delivered[index] = ()
                yield self._shown(path), _restored(tree), [Problem(*p) for p in problems]
            else:
                yield (self._shown(path), *self._parse(path))

    def _shown(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _parse(self, path: Path) -> Parsed:
        return document.read(path, self._shown(path), self.expand)

    def _fork(self, first: int) -> None:
        """Let a copy of this process parse the files from `first` on."""
        receiving, sending = os.pipe()
        try:
            child = os.fork()
        except OSError:
            os.close(receiving)
            os.close(sending)
            return
        if child == 0:
            os.close(receiving)
            self._deliver(sending, self.paths[first:])
        os.close(sending)
        self.first, self._child, self._pipe = first, child, receiving
        self._end = weakref.finalize(self, _ended, child, receiving)

    def _deliver(self, sending: int, paths: Sequence[Path]) -> None:
        """In the copy: parse, hand over, and end without a trace."""
        try:
            found = []
            for path in paths:
                node, problems = self._parse(path)
                found.append((_flat(node), [(*_place(p), p.message, p.hint) for p in problems]))
            with os.fdopen(sending, "wb") as pipe:
                pipe.write(marshal.dumps(found, PLAIN))
        finally:
            os._exit(0)

    def _received(self) -> list[Any]:
        """What the copy has parsed; less, or nothing, where it was ended before its time."""
        if self._end is None or not self._end.detach():
            return []
        with os.fdopen(self._pipe, "rb") as pipe:
            content = pipe.read()
        os.waitpid(self._child, 0)
        try:
            found: list[Any] = marshal.loads(content)
        except (EOFError, ValueError, TypeError):
            return []
        return found


def _split(paths: Sequence[Path]) -> int:
    """How many of the files this process should parse; all of them where that is as quick."""
    # Elsewhere a copy of a running process is not safe, or there is none.
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:
        return len(paths)
    try:
        sizes = [path.stat().st_size for path in paths]
    except OSError:
        return len(paths)
    total = sum(sizes)
    if total < LARGE:
        return len(paths)
    left = total * (1 - SHARE)
    for index, size in enumerate(sizes):
        left -= size
        if left < 0:
            return index + 1
    return len(paths)


def _ended(child: int, pipe: int) -> None:
    """Nobody waits for the copy any more."""
    os.close(pipe)
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _place(problem: Problem) -> tuple[str, int, int]:
    return problem.file, problem.line, problem.column


def _flat(value: Any) -> Any:
    """A node as the plain values that `marshal` takes: a tuple of its place and its items."""
    if type(value) is Node:
        items = {k: v if type(v) is str else _flat(v) for k, v in value.items()}
        return value.line, value.column, items
    return [_flat(item) for item in value] if isinstance(value, list) else value


def _restored(value: Any) -> Any:
    if type(value) is tuple:
        line, column, items = value
        node = Node(items)
        node.line, node.column = line, column
        for key, inner in items.items():
            if type(inner) is not str:
                node[key] = _restored(inner)
        return node
    return [_restored(item) for item in value] if isinstance(value, list) else value
