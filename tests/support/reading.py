"""Helpers of tests that read a shop."""

from __future__ import annotations

from typing import Any


def words(choices: Any) -> str:
    """The choices as an identifier; sets have no order of their own."""
    shown = {n: "+".join(sorted(v)) if isinstance(v, frozenset) else v for n, v in choices.items()}
    return ",".join(f"{name}={value}" for name, value in shown.items()) or "default"


def stock(count: int) -> dict[str, Any]:
    return {
        "categories": [{"Name": "A"}],
        "products": [
            {
                "Code": f"P{i:03}",
                "Name": "N",
                "Category": "A",
                "Variants": [{"Code": f"V{i:03}", "Model": "M", "UnitPrice": 1000}],
            }
            for i in range(count)
        ],
    }


def declaring(count: int, price: int = 1000) -> str:
    line = "  - {code: P%03d, name: N, category: A, variants: [{code: V%03d, unit_price: %d}]}\n"
    return "products:\n" + "".join(line % (i, i, price) for i in range(count))
