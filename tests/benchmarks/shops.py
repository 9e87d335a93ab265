"""Large shops for measuring: the catalogue as files, and the live shop with 1 % of it drifted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

OUTLETS = ("Jakarta", "Bandung", "Surabaya")
VARIANTS_A_PRODUCT = 10
PRODUCTS_A_FILE = 5


def make(
    folder: Path, variants: int, *, drifted_every: int = 100, one_file: bool = False
) -> dict[str, Any]:
    """Write a catalogue of so many variants below `folder`; gives the seed of its live shop.

    Ten variants a product, five products a category file, three outlet prices each, one in ten
    with components; every `drifted_every`th variant is cheaper in the shop than in the files.
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
        for serial, variant in enumerate(row["Variants"], product * VARIANTS_A_PRODUCT):
            if serial % drifted_every == drifted_every // 2:
                variant["UnitPrice"] -= 500
        seed["products"].append(row)
        texts.setdefault(0 if one_file else shelf, ["products:\n"]).append(text)
    for shelf, parts in texts.items():
        path = folder / "catalogue" / f"shelf-{shelf:05}.yaml"
        path.write_text("".join(parts), encoding="utf-8")
    return seed


def make_customers(folder: Path, count: int) -> dict[str, Any]:
    """Write a catalogue of customers; one in a hundred has another name in the shop."""
    (folder / "catalogue").mkdir(parents=True, exist_ok=True)
    (folder / "reconciler.yaml").write_text("store: {url: sandbox}\n", encoding="utf-8")
    lines, rows = ["customers:"], []
    for number in range(count):
        code, name = f"C{number:06}", f"Invented {number}"
        lines.append(f"  - {{code: {code}, name: {name}, email: {code.lower()}@example.com}}")
        live = name if number % 100 else f"{name} before"
        rows.append({"Code": code, "Name": live, "Email": f"{code.lower()}@example.com"})
    (folder / "catalogue" / "customers.yaml").write_text("\n".join(lines), encoding="utf-8")
    return {"customers": rows}


def make_records(folder: Path, count: int) -> None:
    """Write a zone of octoDNS with a record for each variant, and its drifted live side."""
    for side in ("zone", "live"):
        lines = ["---"]
        for number in range(count):
            changed = side == "live" and number % 100 == 50
            lines += [
                f"v{number:07}:",
                f"  ttl: {600 if changed else 300}",
                "  type: A",
                "  values:",
                *(f"  - 192.0.2.{1 + (number + place) % 250}" for place in range(3)),
            ]
        (folder / side).mkdir(parents=True)
        (folder / side / "example.com.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    providers = "".join(
        f"  {side}:\n    class: octodns.provider.yaml.YamlProvider\n"
        f"    directory: {folder / side}\n    enforce_order: false\n"
        for side in ("zone", "live")
    )
    zones = "zones:\n  example.com.:\n    sources: [zone]\n    targets: [live]\n"
    (folder / "octodns.yaml").write_text(f"providers:\n{providers}{zones}", encoding="utf-8")


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
        "UnitPrice": price,
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
