"""The same large shop in other files: in layers and merged, with dated prices and without."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import shops

from dealpos_reconciler.workflows.layers.render import render_catalogue

LAYERED, FLAT = "shops/layered", "shops/flat"
PLAIN, DATED, EQUAL = "plain", "dated", "equal"
"""Folders without steps, with two for each base price, and without but of the same size."""
REGION_EVERY, SHOP_EVERY, OMIT_EVERY = 20, 30, 200
"""The region patches the variants of one product in so many, the shop too; it omits one variant."""
_SETTINGS = "store: {url: sandbox}\n"
_PRICE = re.compile(r"( *)unit_price: ([0-9]+)\n")
_LAST_OUTLET = re.compile(r"( *)Surabaya:\n *price: [0-9]+\n *extra_cost: 0\n")


def make_layers(folder: Path, variants: int) -> dict[str, Any]:
    """Write a shop of three layers, and one of the file that `reconciler render` makes of them."""
    seed = shops.make(folder, variants)
    (folder / ".git").mkdir()
    base = render_catalogue(folder, whole=False).text
    _write(folder / "base", base)
    products = seed["products"]
    region = list(_patch(products[::REGION_EVERY], "UnitPrice"))
    own = list(_patch(products[1::SHOP_EVERY], "Bandung"))
    omitted = [row["Variants"][2]["Code"] for row in products[2 :: OMIT_EVERY // 10]]
    _write(folder / "region", "\n".join(["products:", *region, ""]))
    omit = ["omit:", *(f"  - variant/{code}" for code in omitted)]
    _write(folder / LAYERED / "catalogue", "\n".join(["products:", *own, *omit, ""]))
    layers = "layers: [../../base, ../../region, catalogue]\n"
    (folder / LAYERED / "reconciler.yaml").write_text(_SETTINGS + layers, encoding="utf-8")
    _write(folder / FLAT / "catalogue", render_catalogue(folder / LAYERED, whole=False).text)
    (folder / FLAT / "reconciler.yaml").write_text(_SETTINGS, encoding="utf-8")
    return seed


def make_dates(folder: Path, variants: int) -> dict[str, Any]:
    """Write a shop without steps, with steps, and without them in as many bytes."""
    seed = shops.make(folder / PLAIN, variants)
    numbers = itertools.count()
    changes: dict[str, Callable[[str], str]] = {
        PLAIN: lambda text: text,
        DATED: lambda text: _PRICE.sub(_add_step, text),
        # A fourth outlet has a third line, so some variants are without.
        EQUAL: lambda text: _LAST_OUTLET.sub(
            lambda found: found[0] + (_add_outlet(found) if next(numbers) % 6 else ""), text
        ),
    }
    for name, change in changes.items():
        for path in sorted((folder / PLAIN / "catalogue").iterdir()):
            text = change(path.read_text(encoding="utf-8"))
            _write(folder / name / "catalogue", text, path.name)
        settings = _SETTINGS + "timezone: Asia/Jakarta\n"
        (folder / name / "reconciler.yaml").write_text(settings, encoding="utf-8")
    return seed


def make_products(folder: Path, products: int) -> dict[str, Any]:
    """Write products of one variant each, all of them cheaper in the shop."""
    usual, shops.VARIANTS_A_PRODUCT = shops.VARIANTS_A_PRODUCT, 1
    try:
        return shops.make(folder, products, drifted_every=1)
    finally:
        shops.VARIANTS_A_PRODUCT = usual


def _write(folder: Path, text: str, name: str = "catalogue.yaml") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def _patch(products: list[dict[str, Any]], what: str) -> Iterable[str]:
    """Yield the lines that raise a price, and raise it in the shop."""
    for product in products:
        yield f"  - code: {product['Code']}\n    variants:"
        for row in product["Variants"]:
            yield f"      - code: {row['Code']}"
            if what == "UnitPrice":
                row[what] += 1000
                yield f"        unit_price: {row[what]}"
            else:
                outlet = next(entry for entry in row["OutletPrice"] if entry["Outlet"] == what)
                outlet["Price"] += 1000
                yield f"        outlet_prices: {{{what}: {{price: {outlet['Price']}}}}}"


def _add_step(found: re.Match[str]) -> str:
    indent, price = found[1], int(found[2])
    step = f"{{from: 2099-12-01, value: {price + 500}}}"
    return f"{indent}unit_price:\n{indent}  - {price}\n{indent}  - {step}\n"


def _add_outlet(found: re.Match[str]) -> str:
    return found[0].replace("Surabaya", "Depok")
