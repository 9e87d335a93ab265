"""The choices of a twin: what the tenant has shown, and the behaviours that are tried both ways."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.core.model.live import Live
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.core.steps.step import Step
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.operations import OPERATIONS
from dealpos_reconciler.dealpos.reading.reader import UNPAGED_ROWS
from dealpos_reconciler.kinds import SHOP_KINDS
from dealpos_reconciler.workflows.rehearsal.seeding import find_named

MAX_BEHAVIOURS = 16
"""Undocumented behaviours that a rehearsal tries, the most harmful first."""


class Alternative(NamedTuple):
    """Another reading of the documentation than the plainest one."""

    choice: str
    value: Any
    sentence: str


ALTERNATIVES = (
    Alternative("put_omitted", "clear", "PUT clears what it leaves out"),
    Alternative("product_put_variants", "replace", "PUT /Product deletes variants it leaves out"),
    Alternative("category_delete_used", "cascade", "deleting a category deletes what is in it"),
    Alternative("create_discontinued", "ignored", "a new object is on sale at once"),
    Alternative("coupon_recreate", "reject", "the code of a deleted coupon cannot be used again"),
    Alternative("coupon_requirement_names", "ignored", "a coupon is created without requirements"),
    Alternative("product_put_variants", "ignore", "PUT /Product does not write variants"),
    Alternative("empty_arrays_clear", False, "an empty list changes nothing"),
    Alternative("new_variant_taxable", False, "a new variant is not taxable"),
    Alternative("variant_default_name", "product_model", "a new variant is named after its model"),
    Alternative("money_step", 100, "sums of money are rounded to hundreds"),
    Alternative("fractions", "round", "sums of money are rounded to whole numbers"),
    Alternative("rewrite_text", "collapse", "names and descriptions are stored in another form"),
    Alternative("rename_same_name", "reject", "PUT /Category needs a new name"),
    Alternative("rename_creates_parents", False, "a rename does not create the parents"),
    Alternative("product_delete_variants", "reject", "a product with variants cannot be deleted"),
    Alternative("coupon_requirement_names", "objects", "requirements of a coupon are objects"),
    Alternative("create_type_form", "string", "the type of a new variant is text"),
    Alternative("customer_key_change", "ignore", "an update of a customer keeps its other keys"),
    Alternative("customer_unique", frozenset({"Code", "Email", "Mobile"}), "mobiles are unique"),
    Alternative("unknown_keys", "reject", "a key that no page names is refused"),
    Alternative("required_keys", "lenient", "no key is required"),
)
"""The behaviours in the order of the harm that they may do."""


@dataclass(frozen=True, slots=True)
class KnownChoices:
    """The choices that a tenant has answered; the others have their plainest reading."""

    values: dict[str, Any] = field(default_factory=dict)
    assumed: frozenset[str] = frozenset()
    """The choices among them that the plan assumes and no answer has shown."""

    def open_alternatives(self, asked: Collection[str]) -> Sequence[Alternative]:
        """Return the behaviours to try: those `asked` while steps were served, and not known."""
        known = self.values.keys() - self.assumed
        found = [
            alternative
            for alternative in ALTERNATIVES
            if alternative.choice in asked and alternative.choice not in known
        ]
        return found[:MAX_BEHAVIOURS]


def find_known(live: Live, client: Client, plan: Plan, steps: Sequence[Step]) -> KnownChoices:
    """Return the choices that follow from what this tenant has shown, and what the plan assumes."""
    tenant = client.routes.tenant
    values = {
        **_find_listings(live, client),
        **dict(_find_hidden(live)),
        "forbidden_operations": frozenset(_find_denied(client)),
    }
    if tenant.unsafe_birth:
        values["create_discontinued"] = "ignored"
    elif tenant.safe_births:
        values["create_discontinued"] = "stored"
    if any(SHOP_KINDS[name].parent for name in find_named(live, plan)):
        # The twin lacks variants that others name: nobody knows their products.
        values["unknown_reference"] = "accept"
    if any(isinstance(n, Decimal) for n in _iterate_sums(live)):
        values["fractions"] = "keep"
    taxable = [known["taxable"] for known in tenant.presets.values() if "taxable" in known]
    assumed = [v["taxable"] for s in steps for v in s.assumed.values() if "taxable" in v]
    if taxable or assumed:
        values["new_variant_taxable"] = bool((taxable or assumed)[0])
    return KnownChoices(values, frozenset(() if taxable else ("new_variant_taxable",)))


def _find_listings(live: Live, client: Client) -> dict[str, Any]:
    """Return the choices that pages have answered: their size, and the fields of their rows."""
    sizes = [
        stats.size for stats in live.listings.values() if 0 < stats.size < UNPAGED_ROWS
    ] + list(client.routes.tenant.rows.values())
    found: dict[str, Any] = {"page_cap": max(sizes)} if sizes else {}
    for kind, name, choices in (
        ("product", "description", {"product_list_rows": "lean"}),
        ("variant", "outlet_prices", {"variant_list_rows": "lean"}),
        (
            "coupon",
            "minimum_amount",
            {"coupon_list_has_minimum": False, "coupon_total_has_minimum": False},
        ),
    ):
        stats = live.listings.get(kind)
        if stats and stats.fields and name not in stats.fields:
            found |= choices
    return found


def _find_hidden(live: Live) -> Iterator[tuple[str, bool]]:
    """Yield whether lists hide retired objects, as far as a retired one was seen."""
    for kind in SHOP_KINDS.values():
        if not (kind.retire and kind.reads.hides and kind.reads.listing):
            continue
        retired = {name for name, s in live.iterate_observed(kind.name) if s.value.get(kind.retire)}
        unlisted = {address.name for address in live.unlisted if address.kind == kind.name}
        if retired and kind.name in live.complete:
            yield "lists_hide_discontinued", bool(retired & unlisted)
        if kind.parent and retired:
            yield from _find_hidden_children(live, kind, retired)


def _find_hidden_children(live: Live, kind: Kind, retired: set[str]) -> Iterator[tuple[str, bool]]:
    shown = live.children_of(kind)
    states = live.objects.get(kind.name, {})
    known = {name for name in retired if kind.parent_kind in getattr(states[name], "value", {})}
    if known:
        yield "product_reads_hide_discontinued_variants", not any(name in shown for name in known)


def _find_denied(client: Client) -> Iterator[str]:
    """Yield the operations that the API client may not call."""
    for name in client.routes.denied:
        yield from (f"{route.method} {route.path}" for route in OPERATIONS[name].routes)


def _iterate_sums(live: Live) -> Iterator[Any]:
    for kind in SHOP_KINDS.values():
        names = [name for name, field in kind.fields.items() if field.wire.codec.whole]
        for _, state in live.iterate_observed(kind.name) if names else ():
            yield from (state.value.get(name) for name in names)
