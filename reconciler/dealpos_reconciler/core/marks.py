"""Marks of pydantic, which are made when a validator of their type is.

A plan whose files are all known validates nothing, and does not wait for pydantic to be imported.
Each class has the arguments of what it stands for, and all but one the name. Pydantic asks for
that by the protocol of grouped metadata of `annotated_types`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

_Class = TypeVar("_Class", bound=type)


class _Mark:
    """A mark of pydantic, by the name of the class unless it says another."""

    name = ""

    __is_annotated_types_grouped_metadata__ = True

    def __init__(self, *given: Any, **options: Any) -> None:
        self.given = given
        self.options = options

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.given}, {self.options})"

    def __iter__(self) -> Iterator[Any]:
        import pydantic

        made = getattr(pydantic, self.name or type(self).__name__)(*self.given, **self.options)
        is_group = hasattr(made, "__is_annotated_types_grouped_metadata__")
        yield from made if is_group else (made,)


class PlainValidator(_Mark):
    """A function that makes the value."""


class BeforeValidator(_Mark):
    """A function that the value goes through first."""


class AfterValidator(_Mark):
    """A function that the value goes through last."""


class StringConstraints(_Mark):
    """The limits of a text."""


class WithJsonSchema(_Mark):
    """The schema of the value for editors."""


class Bounds(_Mark):
    """The limits of a number, a text or a list: a `Field` of pydantic."""

    name = "Field"


def with_config(**config: Any) -> Callable[[_Class], _Class]:
    """Return a decorator that configures the validator of a mapping type."""

    def configure(shape: _Class) -> _Class:
        shape.__pydantic_config__ = config  # type: ignore[attr-defined]
        return shape

    return configure


def custom_error(error: str, message: str, context: dict[str, Any] | None = None) -> ValueError:
    """Return the error of a validator, with a message of our own."""
    from pydantic_core import PydanticCustomError

    return PydanticCustomError(error, message, context)
