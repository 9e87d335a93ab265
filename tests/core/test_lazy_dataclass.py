"""A class of ours behaves as one of the standard library, and is made without compiling."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field, fields, replace
from typing import Any, ClassVar

import pytest

from dealpos_reconciler.core import lazy_dataclass
from tests.support.shop import ROOT

PACKAGE = ROOT / "reconciler" / "dealpos_reconciler"
BELOW = ("errors.py", "confined.py", "sandbox")
"""The parts that import nothing of the core."""
ours: Any = lazy_dataclass.dataclass


def define(dataclass: Any, frozen: bool, slots: bool) -> Any:
    """Return a class with every form of field."""

    @dataclass(frozen=frozen, slots=slots)
    class Sample:
        name: str
        count: int = 3
        found: list[int] = field(default_factory=list)
        made: dict[str, int] = field(init=False, default_factory=dict)
        fixed: str = field(init=False, default="fixed")
        hidden: str = field(default="", repr=False)
        ignored: int = field(default=0, compare=False)
        named: int = field(default=7, kw_only=True)
        shared: ClassVar[int] = 1

        def __post_init__(self) -> None:
            object.__setattr__(self, "count", self.count + 1)

    return Sample


BOTH = [(frozen, slots) for frozen in (True, False) for slots in (True, False)]
CALLS: list[Callable[[Any], Any]] = [
    lambda cls: cls("a"),
    lambda cls: cls("a", 5, [1], "x", 2, named=9),
    lambda cls: cls(name="a", found=[]),
    lambda cls: cls(),
    lambda cls: cls("a", 1, [], "x", 2, 9),
    lambda cls: cls("a", fixed="x"),
    lambda cls: cls("a") == cls("a"),
    lambda cls: cls("a") == cls("b"),
    lambda cls: cls("a") == cls("a", ignored=5),
    lambda cls: cls("a") == "a",
    lambda cls: replace(cls("a"), count=8),
    lambda cls: replace(cls("a"), other=8),
    lambda cls: copy.copy(cls("a", found=[1])),
    lambda cls: copy.deepcopy(cls("a", found=[1])),
    lambda cls: dataclasses.asdict(cls("a")),
    lambda cls: cls("a").made,
    lambda cls: [f.name for f in fields(cls)],
    lambda cls: cls.__match_args__,
    lambda cls: setattr(cls("a"), "name", "b"),
    lambda cls: delattr(cls("a"), "name"),
    lambda cls: hash(replace(cls("a"), found=())),
]


def outcome(call: Callable[[Any], Any], cls: Any) -> str:
    """Return what a call gives, or the sort of its error."""
    try:
        return re.sub(r"\S*<locals>\.", "", repr(call(cls)))
    except (TypeError, ValueError, AttributeError) as error:
        return type(error).__name__


@pytest.mark.parametrize(("frozen", "slots"), BOTH)
@pytest.mark.parametrize("call", CALLS)
def test_it_behaves_as_one_of_the_standard_library(
    call: Callable[[Any], Any], frozen: bool, slots: bool
) -> None:
    usual, lazy = (define(d, frozen, slots) for d in (dataclasses.dataclass, ours))
    assert outcome(call, lazy) == outcome(call, usual)


@ours(frozen=True, slots=True)
class Above:
    first: int


@ours(frozen=True, slots=True)
class Below(Above):
    second: int = 2

    def __repr__(self) -> str:
        return "mine"


@ours(frozen=True, slots=True)
class Empty:
    """A class without fields."""


def test_a_class_inherits_fields_and_keeps_methods_of_its_own() -> None:
    assert (Below(1).first, Below(1).second, repr(Below(1))) == (1, 2, "mine")
    assert Below(1) != Above(1)
    assert Above(1) == Above(1)
    assert Empty() == Empty()
    assert pickle.loads(pickle.dumps(Below(5))) == Below(5)
    with pytest.raises(FrozenInstanceError):
        Below(1).first = 3  # type: ignore[misc]


def test_nothing_is_compiled_before_the_first_object(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = []
    usual = lazy_dataclass._compile
    monkeypatch.setattr(
        lazy_dataclass, "_compile", lambda cls, frozen: compiled.append(cls) or usual(cls, frozen)
    )
    cls = define(ours, True, True)
    assert compiled == []
    assert cls("a") == cls("a")
    assert compiled == [cls]


def test_every_module_above_uses_it() -> None:
    imports = re.compile(r"^from dataclasses import .*\bdataclass\b", re.MULTILINE)
    others = {
        path.relative_to(PACKAGE).parts[0]
        for path in PACKAGE.rglob("*.py")
        if path.name != "lazy_dataclass.py" and imports.search(path.read_text(encoding="utf-8"))
    }
    assert others <= set(BELOW)
