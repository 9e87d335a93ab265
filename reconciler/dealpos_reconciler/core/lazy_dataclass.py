"""`dataclass`, as in the standard library, with methods that are compiled when they are used.

A plan defines 120 such classes before it does anything, and the standard library compiles six
methods for each. Here all classes share the methods, and a class gets a constructor of its own
with its first object.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import MISSING, FrozenInstanceError
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any


def _make(cls: Any, *, is_frozen: bool, eq: bool) -> None:
    """Give a class without methods those that the standard library would compile."""
    found = dataclasses.fields(cls)
    made: dict[str, Any] = {"__repr__": _repr}
    if "__init__" not in vars(cls):
        made["__init__"] = _compile_later(cls, is_frozen)
    if eq:
        cls._compared = _getter(f.name for f in found if f.compare)
        made |= {"__eq__": _eq, "__hash__": _hash if is_frozen else None}
    if is_frozen:
        made |= {"__setattr__": _refuse, "__delattr__": _refuse}
        made |= {"__getstate__": _get_state, "__setstate__": _set_state}
    own = vars(cls)
    for name, method in made.items():
        # A class with `__eq__` has `__hash__` in any case: None, which counts as left out.
        if own.get(name) is None:
            setattr(cls, name, method)


def _getter(names: Iterable[str]) -> Callable[[Any], Any]:
    named = tuple(names)
    return staticmethod(attrgetter(*named) if named else lambda _: ())


def _compile_later(cls: Any, is_frozen: bool) -> Callable[..., None]:
    def init(self: Any, *given: Any, **named: Any) -> None:
        cls.__init__ = _compile(cls, is_frozen)
        cls.__init__(self, *given, **named)

    return init


def _compile(cls: Any, is_frozen: bool) -> Any:
    """Return the constructor of a class."""
    scope: dict[str, Any] = {"_set": object.__setattr__, "_missing": MISSING}
    plain, keyed, body = ["self"], ["*"], ["pass"]
    for field in dataclasses.fields(cls):
        parameter = value = name = field.name
        if field.default_factory is not MISSING:
            scope[f"_make_{name}"] = field.default_factory
            parameter, value = f"{name}=_missing", f"_make_{name}()"
            if field.init:
                value += f" if {name} is _missing else {name}"
        elif field.default is not MISSING:
            scope[f"_default_{name}"] = field.default
            parameter = f"{name}=_default_{name}"
            value = name if field.init else f"_default_{name}"
        elif not field.init:
            continue
        if field.init:
            (keyed if field.kw_only else plain).append(parameter)
        body.append(f"_set(self, {name!r}, {value})" if is_frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    parameters = ", ".join(plain + (keyed if len(keyed) > 1 else []))
    # The names are those of the fields in the code of this package.
    exec(f"def __init__({parameters}):\n " + "\n ".join(body), scope)
    return scope["__init__"]


@recursive_repr()
def _repr(self: Any) -> str:
    shown = (f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self) if f.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _eq(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return self._compared(self) == self._compared(other)


def _hash(self: Any) -> int:
    return hash(self._compared(self))


def _refuse(self: Any, name: str, value: object = None) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _get_state(self: Any) -> list[Any]:
    return [getattr(self, f.name) for f in dataclasses.fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, *, frozen=False, eq=True, slots=False, kw_only=False):
        """Return a class with the methods of a dataclass, or a decorator that does."""

        def decorate(plain):
            none = {"init": False, "repr": False, "eq": False}
            made = dataclasses.dataclass(plain, **none, slots=slots, kw_only=kw_only)
            _make(made, is_frozen=frozen, eq=eq)
            return made

        return decorate if cls is None else decorate(cls)
