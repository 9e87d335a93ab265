"""Large shops for measuring: the catalogue as files, and the live shop with 1 % of it drifted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

OUTLETS = ("Jakarta", "Bandung", "Surabaya")
VARIANTS_A_PRODUCT = 10
PRODUCTS_A_FILE = 5


def make(folder: Path, variants: int) -> dict[str, Any]:
    """Write a catalogue of so many variants below `folder`; gives the seed of its live shop.

    Ten variants a product, five products a category file, three outlet prices each, one in ten
    with components; every hundredth variant is cheaper in the shop than in the files.
    """
    products = max(variants // VARIANTS_A_PRODUCT, 1)
    categories = max(products // PRODUCTS_A_FILE, 1)
    (folder / "catalogue").mkdir(parents=True, exist_ok=True)
    (folder / "reconciler.yaml").write_text("store: {url: sandbox}\n", encoding="utf-8")
    names = [f"Range {number // 20}/Shelf {number}" for number in range(categories)]
    ranges = sorted({name.partition("/")[0] for name in names})
    top = "categories:\n" + "".join(f"  - name: {name}\n" for name in [*ranges, *names])
    (folder / "catalogue" / "categories.yaml").write_text(top, encoding="utf-8")
    seed: dict[str, Any] = {
        "outlets": [{"Name": name} for name in OUTLETS],
        "categories": [{"Name": name} for name in [*ranges, *names]],
        "products": [],
    }
    texts: dict[int, list[str]] = {}
    for product in range(products):
        shelf = product // PRODUCTS_A_FILE
        row, text = _product(product, names[shelf])
        seed["products"].append(row)
        texts.setdefault(shelf, ["products:\n"]).append(text)
    for shelf, parts in texts.items():
        path = folder / "catalogue" / f"shelf-{shelf:05}.yaml"
        path.write_text("".join(parts), encoding="utf-8")
    return seed


def _product(number: int, category: str) -> tuple[dict[str, Any], str]:
    code = f"P{number:06}"
    lines = [
        f"  - code: {code}",
        f"    name: Product {number}",
        f"    category: {category}",
        "    brand: House",
        f"    description: Made for measuring, number {number}",
        "    variants:",
    ]
    rows = []
    for index in range(VARIANTS_A_PRODUCT):
        row, text = _variant(number, index)
        rows.append(row)
        lines += text
    product = {
        "Code": code,
        "Name": f"Product {number}",
        "Category": category,
        "Brand": "House",
        "Description": f"Made for measuring, number {number}",
        "Variants": rows,
    }
    return product, "\n".join(lines) + "\n"


def _variant(product: int, index: int) -> tuple[dict[str, Any], list[str]]:
    serial = product * VARIANTS_A_PRODUCT + index
    code = f"V{serial:07}"
    price = 10_000 + serial % 700 * 100
    row: dict[str, Any] = {
        "Code": code,
        "Model": f"Size {index}",
        "Type": "Composite" if index == 9 else "Standard",
        "Weight": 250,
        "UnitCost": price // 2,
        # One in a hundred was changed by hand.
        "UnitPrice": price - 500 if serial % 100 == 50 else price,
        "Taxable": True,
        "LoyaltyPoint": True,
        "Discontinued": False,
        "OutletPrice": [
            {"Outlet": name, "Price": price + 100 * place, "ExtraCost": 0}
            for place, name in enumerate(OUTLETS)
        ],
    }
    lines = [
        f"      - code: {code}",
        f"        model: Size {index}",
        f"        type: {row['Type']}",
        "        weight: 250",
        f"        unit_cost: {price // 2}",
        f"        unit_price: {price}",
        "        taxable: true",
        "        loyalty_point: true",
        "        discontinued: false",
        "        outlet_prices:",
    ]
    for place, name in enumerate(OUTLETS):
        lines += [
            f"          {name}:",
            f"            price: {price + 100 * place}",
            "            extra_cost: 0",
        ]
    if index == 9:
        part = f"V{serial - 9:07}"
        row["Components"] = [{"Code": part, "Qty": 2}]
        lines += ["        components:", f"          {part}:", "            qty: 2"]
    return row, lines
