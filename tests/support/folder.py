"""A catalogue folder, loaded without a shop."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.catalogue import loader as source
from dealpos_reconciler.catalogue import settings
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.errors import SourceError


def load_files(root: Path) -> Desired:
    """Load what the files of a shop folder declare, without a store or an environment."""
    (root / "reconciler.yaml").touch()
    return source.load(settings.load(root, {}))


class Folder:
    """A shop folder, and what reading it says."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "catalogue").mkdir()

    def write(self, text: str, file: str = "shop.yaml") -> None:
        path = self.root / "catalogue" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")

    def load(self, defaults: str = "") -> Any:
        text = textwrap.dedent(defaults)
        (self.root / "reconciler.yaml").write_text(text, encoding="utf-8")
        return load_files(self.root)

    def get(self, address: str, defaults: str = "") -> Any:
        kind, _, name = address.partition("/")
        return self.load(defaults).get(Address(kind, name))

    def problems(self, defaults: str = "") -> list[tuple[str, str]]:
        """`place: message` and hint of every problem; there must be one."""
        with pytest.raises(SourceError) as caught:
            self.load(defaults)
        return [(str(p).removeprefix("catalogue/"), p.hint or "") for p in caught.value.problems]

    def messages(self, defaults: str = "") -> list[str]:
        return [message for message, _ in self.problems(defaults)]
