"""The yardstick: the fastest plain shape of a plan, without anything that makes it a product.

libyaml events into dicts, pages fetched in a thread while parsing, bulk validation, `==`, DeepDiff
for what differs, no collector. No references, cost, positions beyond a line, or rendering. A
figure of the tool is quoted as a ratio to this, measured in the same run on the same shop.
"""

import gc
import json
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any


class Lined(dict[str, Any]):
    """A mapping that knows its line."""

    __slots__ = ("line",)


def parse(content: str) -> Any:
    """Events into dicts that keep their line; scalars stay text."""
    from _ruamel_yaml import CParser
    from ruamel.yaml.events import (
        MappingEndEvent,
        MappingStartEvent,
        ScalarEvent,
        SequenceEndEvent,
        SequenceStartEvent,
    )

    parser = CParser(content)
    stack: list[Any] = [[]]
    keys: list[Any] = [None]
    while parser.check_event():
        event = parser.get_event()
        kind = type(event)
        if kind is ScalarEvent:
            value: Any = event.value
        elif kind is MappingStartEvent:
            mapping = Lined()
            mapping.line = event.start_mark.line
            stack.append(mapping)
            keys.append(None)
            continue
        elif kind is SequenceStartEvent:
            stack.append([])
            keys.append(None)
            continue
        elif kind in (MappingEndEvent, SequenceEndEvent):
            value = stack.pop()
            keys.pop()
        else:
            continue
        top = stack[-1]
        if type(top) is list:
            top.append(value)
        elif keys[-1] is None:
            keys[-1] = value
        else:
            if keys[-1] in top:
                raise ValueError(f"duplicate {keys[-1]}")
            top[keys[-1]] = value
            keys[-1] = None
    parser.dispose()
    return stack[0][0]


def fetch(url: str, token: str, path: str, size: int) -> list[dict[str, Any]]:
    """Every page of a listing."""
    rows: list[dict[str, Any]] = []
    number = 1
    while True:
        body = json.dumps({"PageNumber": number, "PageSize": size}).encode()
        request = urllib.request.Request(
            f"{url}/api/v3{path}",
            body,
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            page = json.load(answer)
        rows += page["Data"]
        if not page["Data"] or len(rows) >= page["RecordsCount"]:
            return rows
        number += 1


def main(folder: Path, url: str) -> None:
    """Plan the variants of `folder` against the shop at `url`, and say how many differ."""
    gc.disable()
    credentials = json.dumps({"client_id": "sandbox", "client_secret": "sandbox"}).encode()
    request = urllib.request.Request(
        f"{url}/api/v3/Token/OAuth2", credentials, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        token = json.load(answer)["access_token"]
    with ThreadPoolExecutor(1) as pool:
        live = pool.submit(fetch, url, token, "/Variant", 500)
        documents = [parse(path.read_text()) for path in sorted(folder.rglob("catalogue/*.yaml"))]
        from pydantic import TypeAdapter
        from typing_extensions import TypedDict

        class Price(TypedDict, total=False):
            price: int
            extra_cost: int

        class Part(TypedDict, total=False):
            qty: int

        class Variant(TypedDict, total=False):
            code: str
            model: str
            type: str
            weight: int
            unit_cost: int
            unit_price: int
            taxable: bool
            loyalty_point: bool
            discontinued: bool
            outlet_prices: dict[str, Price]
            components: dict[str, Part]

        nodes = [
            node
            for document in documents
            for product in document.get("products", ())
            for node in product["variants"]
        ]
        desired = TypeAdapter(list[Variant]).validate_python(nodes)
        shop = {row["Code"]: row for row in live.result()}
    drifted = 0
    for declared in desired:
        row = shop[declared["code"]]
        seen = {
            "code": row["Code"],
            "model": row["Variant"],
            "type": row["Type"],
            "weight": row["Weight"],
            "unit_cost": row["UnitCost"],
            "unit_price": row["UnitPrice"],
            "taxable": row["Taxable"],
            "loyalty_point": row["LoyaltyPoint"],
            "discontinued": row["Discontinued"],
            "outlet_prices": {
                item["Outlet"]: {"price": item["Price"], "extra_cost": item["ExtraCost"]}
                for item in row["OutletPrice"]
            },
        }
        if "components" in declared:
            seen["components"] = {i["Code"]: {"qty": i["Qty"]} for i in row["Components"]}
        if seen != declared:
            from deepdiff import DeepDiff

            drifted += bool(DeepDiff(seen, declared))
    sys.stdout.write(f"{drifted} of {len(desired)} differ\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
