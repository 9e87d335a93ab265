"""The fewest requests that the documented operations allow, counted from two catalogues alone.

dealpos-api.md §5-§13: one list of categories and of outlets; pages of products, variants, coupons
and customers; a total beside variants and coupons; a list of all coupons, ended ones too; batches
of 100 codes of variants; one read by code of a requirement and of stock; one write for each object,
but the variants of one product and the deletions of coupons go together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import Any

from tests.requests.shop import Catalogue, variants_of

BATCH = 100
PAGE_WITHOUT_CAP = 2_000
ENDED = "2026-01-01"
_IN_PRODUCT_UPDATE = {"model", "unit_cost", "unit_price", "discontinued"}
_IN_PRODUCT_CREATE = {"code", "type", *_IN_PRODUCT_UPDATE}
_PRESET = {"type", "taxable"}
"""The fields that a new variant of the sandbox has as the files declare them."""

Objects = dict[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Bound:
    """The fewest requests of each command, for files and the shop that they describe."""

    live: Catalogue
    files: Catalogue
    cap: int | None

    @cached_property
    def count(self) -> Mapping[str, int]:
        """The requests of a whole command, with the token."""
        saved = 1 + pages(len(self._changed_variants), BATCH)
        return {
            "plan": self.reads,
            "apply": self.reads + self.writes + self.read_backs,
            "next plan": replace(self, live=self.files).reads,
            "adopt": self.reads,
            "audit": self.reads,
            "board": self.reads,
            "plan --out": self.reads,
            "apply plan.json": saved + self.writes + self.read_backs,
            "import": self.import_reads,
            "prices export": 1 + self.variant_pages,
        }

    @cached_property
    def reads(self) -> int:
        """The token and the reads that show every declared object, or that it is absent."""
        token = categories = outlets = 1
        listed = pages(len(self._live("coupons")), self.size) if self._named("coupons") else 0
        return (
            token
            + categories
            + outlets
            + self.untold(len(self._live("products")))
            + self.variant_pages
            + listed
            + len(self._coupons_by_code)
            + self._reads_of_ended_coupons
            + self._reads_of_customers
            + self.proofs_of_deletion
        )

    @property
    def _reads_of_ended_coupons(self) -> int:
        live = self._live("coupons")
        named = self._files("coupons").keys() & live.keys()
        hidden = {c for c in named - self._coupons_by_code if live[c]["expiry_date"] < ENDED}
        return min(len(hidden), pages(len(live), self.size))

    @property
    def wider_list(self) -> int:
        """The requests that read the list of all coupons, which has no total, to its end."""
        return self.untold(len(self._live("coupons")))

    @property
    def new_coupons(self) -> int:
        """The coupons that the shop does not have."""
        return len(self._new("coupons"))

    @property
    def replaced_coupons(self) -> int:
        """The coupons that differ; each is deleted and created."""
        return len(self._changed_coupons)

    @property
    def _reads_of_customers(self) -> int:
        named, count = self._named("customers"), len(self._live("customers"))
        is_listed = named <= self._live("customers").keys()
        return min(len(named), pages(count, self.size) if is_listed else self.untold(count))

    @property
    def writes(self) -> int:
        """One request for each object, where no documented one writes several."""
        new, fields = self._new_products, self._changed_fields
        more = sum(
            not each.keys() <= _IN_PRODUCT_CREATE | _PRESET for each in self._new_variants.values()
        )
        together = fields <= _IN_PRODUCT_UPDATE
        owners = {code[:-1] for code in self._changed_variants}
        return (
            len(new)
            + len(self._products_that_grow)
            + more
            + len(owners if together else self._changed_variants)
            + len(self._new("coupons"))
            + 2 * self.replaced_coupons
            + len(self._new("customers"))
            + pages(len(self._removed["coupon"]), BATCH)
            + len(self._removed["variant"])
        )

    @property
    def read_backs(self) -> int:
        """The reads that verify the writes."""
        new = len(self._new_variants)
        written = new + len(self._changed_variants) + len(self._removed["variant"])
        known = len(variants_of(self.live)) + new
        new_coupons = self._new("coupons")
        coupons = len(new_coupons) + len(self._removed["coupon"]) + self.replaced_coupons
        return (
            min(pages(written, BATCH), pages(known, self.size))
            + self._listed("products", len(self._new_products))
            + self._listed("customers", len(self._new("customers")))
            + (pages(len(self._files("coupons")), self.size) if coupons else 0)
            + sum("requires" in coupon for coupon in new_coupons.values())
        )

    @property
    def import_reads(self) -> int:
        """The token and the reads that show every object whole."""
        token = categories = outlets = 1
        coupons = self._live("coupons")
        named = {c["customer"] for c in coupons.values() if "customer" in c}
        return (
            token
            + categories
            + outlets
            + self.untold(len(self._live("products")))
            + pages(len(variants_of(self.live)), self.size)
            + pages(len(coupons), self.size)
            + len(coupons)
            + len(named)
        )

    @property
    def proofs_of_deletion(self) -> int:
        """The reads that show whether something uses what is to be deleted."""
        gone = self._removed["variant"]
        if not gone:
            return 0
        unread = self._live("coupons").keys() - self._coupons_by_code
        return min(len(gone), self.untold(len(variants_of(self.live)))) + len(unread)

    @property
    def size(self) -> int:
        """The rows of a page."""
        return self.cap or PAGE_WITHOUT_CAP

    def untold(self, count: int) -> int:
        """Pages of a list without a total: a full last page, or a single one, may be a cap."""
        found = max(pages(count, self.size), 1)
        return found + (count % self.size == 0 or found == 1)

    @property
    def variant_pages(self) -> int:
        """The requests that show every declared variant."""
        return min(
            pages(len(variants_of(self.files)), BATCH),
            pages(len(variants_of(self.live)), self.size),
        )

    @property
    def product_pages(self) -> int:
        """The pages that show every product."""
        return pages(len(self._live("products")), self.size)

    @property
    def new_products(self) -> int:
        """The products that the shop does not have."""
        return len(self._new_products)

    @property
    def missing_variants(self) -> int:
        """The variants that the shop does not have, or not after their removal."""
        new = by_code(variants_of(self.files)).keys() - by_code(variants_of(self.live)).keys()
        return len(new) + len(self._removed["variant"])

    @property
    def new_customers(self) -> int:
        """The customers that the shop does not have."""
        return len(self._new("customers"))

    @property
    def written_alone(self) -> int:
        """The requests that writing each variant by itself adds."""
        return len(self._changed_variants) - len({code[:-1] for code in self._changed_variants})

    @property
    def _new_products(self) -> Objects:
        return self._new("products")

    @cached_property
    def _new_variants(self) -> Objects:
        live = by_code(variants_of(self.live))
        return {code: v for code, v in by_code(variants_of(self.files)).items() if code not in live}

    @property
    def _products_that_grow(self) -> list[str]:
        """The live products with new variants, which one request adds to each."""
        shared = self._files("products").keys() & self._live("products").keys()
        new = self._new_variants.keys()
        return [
            code
            for code in shared
            if not new.isdisjoint(by_code(self._files("products")[code]["variants"]))
        ]

    @cached_property
    def _changed_variants(self) -> set[str]:
        now, wanted = (by_code(variants_of(each)) for each in (self.live, self.files))
        return {code for code in wanted.keys() & now.keys() if wanted[code] != now[code]}

    @cached_property
    def _changed_fields(self) -> set[str]:
        now, wanted = (by_code(variants_of(each)) for each in (self.live, self.files))
        changed = self._changed_variants
        return {key for code in changed for key, v in wanted[code].items() if now[code][key] != v}

    @cached_property
    def _coupons_by_code(self) -> set[str]:
        """The coupons whose requirement must be known: declared, or to be created again."""
        live = self._live("coupons")
        named = self._files("coupons").keys() & live.keys()
        return {c for c in named if "requires" in live[c]} | self._changed_coupons

    @cached_property
    def _changed_coupons(self) -> set[str]:
        live, files = self._live("coupons"), self._files("coupons")
        return {c for c in live.keys() & files.keys() if live[c] != files[c]}

    @cached_property
    def _removed(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {"variant": set(), "coupon": set()}
        for entry in self.files.get("removed", ()):
            kind, _, code = entry["address"].partition("/")
            found[kind].add(code)
        live = {"variant": variants_of(self.live), "coupon": self.live.get("coupons", ())}
        return {kind: codes & by_code(live[kind]).keys() for kind, codes in found.items()}

    def _named(self, collection: str) -> set[str]:
        removed = self._removed["coupon"] if collection == "coupons" else set()
        return self._files(collection).keys() | removed

    def _listed(self, collection: str, new: int) -> int:
        after = len(self._live(collection)) + new
        return min(new, pages(after, self.size)) if new else 0

    def _new(self, collection: str) -> Objects:
        live = self._live(collection)
        return {code: o for code, o in self._files(collection).items() if code not in live}

    def _live(self, collection: str) -> Objects:
        return by_code(self.live.get(collection, ()))

    def _files(self, collection: str) -> Objects:
        return by_code(self.files.get(collection, ()))


def by_code(objects: Any) -> Objects:
    """Return objects by their codes."""
    return {each["code"]: each for each in objects}


def pages(count: int, size: int) -> int:
    """Return the pages of so many rows where a total, or a list of names, tells the end."""
    return ceil(count / size)
