"""Catalogues in the shape of three real groups of shops, with names and numbers of our own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SHELVES = ("Mie Instan", "Minuman", "Camilan", "Sabun", "Susu", "Rokok", "Bumbu", "Alat Tulis")
LOOK_ALIKES = 31
BARCODES = 5_000
FASHION_VARIANTS = 76

Seed = dict[str, Any]


@dataclass(frozen=True)
class RealCatalogue:
    """A catalogue file, and the shop that it meets."""

    text: str
    live: Seed


def barcodes() -> list[str]:
    """Return 5,000 barcodes: 13, 12 and 8 digits, some with zeros in front, 31 look-alike pairs.

    The second code of a pair is the first one without its leading zeros, as a spreadsheet
    that takes a barcode for a number leaves it.
    """
    long = [f"899{7_000_000_000 + 7_919 * number:010}" for number in range(BARCODES)]
    short = [f"{80_000_000 + 104_729 * number % 9_999_999:08}" for number in range(400)]
    padded = [f"00{89_686_000_000 + 6_151 * number}" for number in range(600)]
    pairs = [code.lstrip("0") for code in padded[:LOOK_ALIKES]]
    codes = list(dict.fromkeys([*padded, *pairs, *short, *long]))
    return codes[:BARCODES]


def minimarket() -> RealCatalogue:
    """Return a minimarket: one product for each barcode; one in 25 is new, one in 50 dearer."""
    categories = "".join(f"  - name: {shelf}\n" for shelf in SHELVES)
    lines = [f"categories:\n{categories}products:\n"]
    products = []
    for number, code in enumerate(barcodes()):
        shelf = SHELVES[number % len(SHELVES)]
        price = 6_000 + number % 97 * 500
        name = f"{shelf} {number}"
        # A product and its only variant bear the same barcode in most such shops.
        lines.append(
            f'  - code: "{code}"\n    name: {name}\n    category: {shelf}\n    variants:\n'
            f'      - {{code: "{code}", model: Pcs, unit_price: {price}}}\n'
        )
        # The pairs are on sale already; what is new or dearer lies behind them.
        if number > 1_000 and number % 25 == 0:
            continue
        till = price - 500 if number > 1_000 and number % 50 == 1 else price
        variant = {"Code": code, "Model": "Pcs", "UnitPrice": till, "Discontinued": False}
        products.append({"Code": code, "Name": name, "Category": shelf, "Variants": [variant]})
    seed = {"categories": [{"Name": shelf} for shelf in SHELVES], "products": products}
    return RealCatalogue("".join(lines), seed)


def menu(separator: str = "") -> RealCatalogue:
    """Return a menu of 133 prices, written with a separator of thousands, for an empty shop."""
    lines = ["categories:\n  - name: Makanan\n  - name: Minuman\nproducts:\n"]
    for number in range(44):
        category = "Minuman" if number % 3 else "Makanan"
        lines.append(
            f"  - code: M{number:02}\n    name: Menu {number}\n    category: {category}\n"
            "    variants:\n"
        )
        for size, extra in (("Kecil", 0), ("Sedang", 3), ("Besar", 6)):
            price = f"{10 + number % 30 + extra}{separator}{(number % 2) * 5}00"
            lines.append(f"      - {{code: M{number:02}{size[0]}, model: {size}, ")
            lines.append(f"unit_price: {price}}}\n")
    lines.append("  - code: M99\n    name: Kerupuk\n    category: Makanan\n    variants:\n")
    lines.append(f"      - {{code: M99K, model: Bungkus, unit_price: 5{separator}000}}\n")
    return RealCatalogue("".join(lines), {"outlets": [{"Name": "Bandung"}]})


def fashion() -> RealCatalogue:
    """Return a fashion catalogue: a blouse of 76 variants at two outlets, and nine skirts."""
    sizes = [*map(str, range(32, 51))]
    colours = ("Hitam", "Putih", "Merah Marun", "Biru Dongker")
    lines = [
        "categories:\n  - name: Wanita\n  - name: Wanita/Atasan\n  - name: Wanita/Rok\nproducts:\n"
        "  - code: BLS-01\n    name: Blus Katun Jepang\n    category: Wanita/Atasan\n"
        "    variants:\n"
    ]
    for colour in colours:
        for size in sizes:
            code = f"BLS-01-{colour.split()[0][:3].upper()}-{size}"
            lines.append(
                f"      - code: {code}\n        model: {colour}, {size}\n"
                f"        unit_cost: 87500\n        unit_price: 189000\n"
                "        outlet_prices:\n          Bandung: {price: 179000}\n"
            )
    for number in range(9):
        lines.append(
            f"  - code: ROK-{number}\n    name: Rok Plisket {number}\n    category: Wanita/Rok\n"
            f"    variants:\n      - {{code: ROK-{number}-M, model: M, unit_price: 129000}}\n"
        )
    outlets = [{"Name": "Bandung"}, {"Name": "Surabaya"}]
    return RealCatalogue("".join(lines), {"outlets": outlets})
