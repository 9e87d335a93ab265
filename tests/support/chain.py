"""A chain of shops in one git work tree: layers above the folder of one shop."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Declared, Desired
from dealpos_reconciler.errors import SourceError
from tests.support.folder import load_files

LAYERS = "layers: [../../base, ../../west, catalogue]\n"


class Chain:
    """A base, a region and a shop, and what reading the shop says."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.root = top / "shops" / "bandung"
        (top / ".git").mkdir()
        self.settings = LAYERS
        for folder in ("base", "west", "shops/bandung/catalogue"):
            (top / folder).mkdir(parents=True)
            self.write(folder, "", "empty.yaml")

    def write(self, folder: str, text: str, file: str = "menu.yaml") -> None:
        """Write a file of a layer; `own` is the catalogue of the shop itself."""
        folder = "shops/bandung/catalogue" if folder == "own" else folder
        path = self.top / folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")

    def load(self) -> Desired:
        """Return what all layers declare together."""
        (self.root / "reconciler.yaml").write_text(self.settings, encoding="utf-8")
        return load_files(self.root)

    def get(self, address: str) -> Declared:
        """Return one object of all layers together."""
        return self.load()[Address.parse(address)]

    def names(self, kind: str) -> set[str]:
        """Return the names of the declared objects of a kind."""
        return {*self.load().objects[kind]}

    def problems(self) -> list[tuple[str, str]]:
        """Return `place: message` and hint of every problem; there must be one."""
        with pytest.raises(SourceError) as caught:
            self.load()
        return [(str(problem), problem.hint or "") for problem in caught.value.problems]
