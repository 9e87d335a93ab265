"""The contract that every kind keeps, now and when one is added."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, get_type_hints

import pytest

from dealpos_reconciler.catalogue import loader as source
from dealpos_reconciler.catalogue import settings
from dealpos_reconciler.core.model.kind import Call, Kind
from dealpos_reconciler.core.model.store import SHOP
from dealpos_reconciler.dealpos.operations import OPERATIONS
from dealpos_reconciler.kinds import KINDS, MANAGED
from tests.support.shop import ROOT

IN_SHOP = {name: kind for name, kind in KINDS.items() if kind.home == SHOP}
FILES = {name: kind for name, kind in IN_SHOP.items() if kind.collection}
ALL = pytest.mark.parametrize("kind", IN_SHOP.values(), ids=list(IN_SHOP))
FILED = pytest.mark.parametrize("kind", FILES.values(), ids=list(FILES))


def calls(kind: Kind) -> dict[str, Call]:
    """Every write of a kind, by what it is for."""
    found = {"create": kind.create, "update": kind.update, "delete": kind.delete}
    if kind.parent:
        found |= {"with parent": kind.parent.create, "in parent": kind.parent.update}
    return {name: call for name, call in found.items() if call}


def test_every_file_is_a_kind_of_its_name() -> None:
    files = {
        p.stem for p in (ROOT / "reconciler" / "dealpos_reconciler" / "kinds").glob("*.py")
    } - {"__init__"}
    assert set(KINDS) == files
    assert all(name == kind.name for name, kind in KINDS.items())


def test_collections_are_unique() -> None:
    collections = [kind.collection for kind in MANAGED.values()]
    assert len(set(collections)) == len(collections)
    assert all(collections)


@ALL
def test_a_kind_has_one_identity(kind: Kind) -> None:
    identities = [name for name, field in kind.fields.items() if field.identity]
    assert identities == [kind.identity]
    assert kind.fields[kind.identity].wire.read


@ALL
def test_every_operation_that_a_kind_names_exists(kind: Kind) -> None:
    reads = (kind.reads.listing, kind.reads.batch, kind.reads.single)
    named = [read.operation for read in reads if read] + [c.operation for c in calls(kind).values()]
    assert named
    assert set(named) <= set(OPERATIONS)


@ALL
def test_the_guide_names_the_module_whose_right_every_read_of_a_kind_needs(kind: Kind) -> None:
    guide = (ROOT / "docs" / "guides" / "connect.md").read_text(encoding="utf-8")
    roles = re.search(r"\| plan and audit \| VIEW of ([\w, ]+?) \|", guide)
    assert roles
    for read in (kind.reads.listing, kind.reads.batch, kind.reads.single):
        if read:
            module, verb = OPERATIONS[read.operation].right.split()
            assert verb == "VIEW"
            assert module in re.split(r", | and ", roles[1])


@ALL
def test_reads_may_be_repeated_and_single_reads_are_known_as_such(kind: Kind) -> None:
    for read in (kind.reads.listing, kind.reads.batch, kind.reads.single):
        if read:
            operation = OPERATIONS[read.operation]
            assert operation.repeatable
            assert operation.single is (read is kind.reads.single)


@ALL
def test_creates_and_updates_are_never_repeated_blindly(kind: Kind) -> None:
    for name, call in calls(kind).items():
        assert OPERATIONS[call.operation].repeatable is (name == "delete")


@ALL
def test_every_field_that_a_call_carries_exists_and_can_be_written(kind: Kind) -> None:
    for call in calls(kind).values():
        for name in call.fields:
            assert kind.fields[name].wire.write or name == "requires", name
        assert len(set(call.fields)) == len(call.fields)


@FILED
def test_every_field_of_a_file_is_carried_by_some_call(kind: Kind) -> None:
    carried = {name for call in calls(kind).values() for name in call.fields}
    assert set(kind.model.__annotations__) <= carried


@FILED
def test_every_field_can_be_changed_or_its_change_is_a_replacement(kind: Kind) -> None:
    """A difference that no update carries would be planned for ever."""
    changing = [c for name, c in calls(kind).items() if name in ("update", "in parent")]
    carried = {name for call in changing for name in call.fields}
    for name in kind.model.__annotations__:
        field = kind.fields[name]
        if field.comparable and kind.update is not None and not field.immutable_reason:
            assert name in carried, name


@FILED
def test_every_call_names_the_object(kind: Kind) -> None:
    for name, call in calls(kind).items():
        if name == "delete" and kind.identity not in call.fields:
            # `core.deletion` deletes only where no other object has the same.
            assert call.warning
        else:
            assert kind.identity in call.fields


@FILED
def test_what_a_new_object_needs_is_carried_by_its_create(kind: Kind) -> None:
    creating = [c for name, c in calls(kind).items() if name in ("create", "with parent")]
    assert creating
    for call in creating:
        assert set(kind.required) <= set(call.fields)


@FILED
def test_defaults_of_a_call_are_keys_that_its_fields_write(kind: Kind) -> None:
    for call in calls(kind).values():
        written = {key for name in call.fields for key in kind.fields[name].wire.write}
        assert set(call.defaults) <= written


@FILED
def test_flags_and_lists_of_fields_name_fields(kind: Kind) -> None:
    if kind.retire:
        assert kind.fields[kind.retire].comparable
        assert kind.update is not None
        assert kind.retire in kind.update.fields
    assert set(kind.must_match_on_readback) <= set(kind.fields)
    assert set(kind.required) <= set(kind.model.__annotations__)
    if kind.parent:
        for own, theirs in kind.parent.follows.items():
            assert own in kind.fields
            assert theirs in KINDS[kind.parent.kind].fields


@ALL
def test_references_name_kinds(kind: Kind) -> None:
    targets = {r.kind for field in kind.fields.values() for r in field.references}
    assert targets <= set(KINDS)
    if kind.parent:
        assert kind.parent.kind in KINDS


@ALL
def test_a_field_that_is_never_compared_says_why(kind: Kind) -> None:
    for name, field in kind.fields.items():
        readable = bool(field.wire.read) or name in ("requires", getattr(kind.parent, "kind", ""))
        if not readable:
            assert field.uncompared_reason, name
        if field.uncompared_reason:
            assert re.match(r"[a-z].{10,}[^.]$", field.uncompared_reason), name


@ALL
def test_batches_keep_to_the_documented_hundred(kind: Kind) -> None:
    if kind.reads.batch:
        assert kind.reads.batch.limit == 100
    for call in calls(kind).values():
        assert 1 <= call.limit <= 100


# What says nothing about a person: the code, and how the shop files customers.
OPEN = {
    "code", "join_date", "status", "group", "expired_group", "sign_up_outlet", "loyalty_point",
    "app_last_sign_in",
}  # fmt: skip


@FILED
def test_everything_personal_is_private(kind: Kind) -> None:
    private = {name for name, field in kind.fields.items() if field.private}
    personal = set(kind.model.__annotations__) - OPEN if kind.name == "customer" else set()
    assert private == personal


SAMPLES: dict[str, list[Any]] = {
    "Money": [0, 18000, Decimal("107.07")],
    "Count": [0, 250],
    "Flag": [True, False],
    "Day": ["2026-12-31"],
    "text": ["007", "two words", "日本茶", ""],
}
OWN: dict[tuple[str, str], list[Any]] = {
    ("variant", "type"): ["Standard", "PrepaidPoint"],
    ("variant", "outlet_prices"): [
        {},
        {"Bandung": {"price": 19000, "extra_cost": 0}, "7": {"price": Decimal("0.5")}},
    ],
    ("variant", "components"): [{}, {"MILK-1L": {"qty": 2}}],
    ("coupon", "type"): ["DiscountPercentage", "DiscountAmount"],
    ("coupon", "requires"): [{}, {"variants": ["A", "B"]}, {"categories": ["X/Y"]}],
    ("product", "extra_images_url"): [[], ["b", "a"]],
    ("customer", "gender"): ["Female", "true", "false"],
}


def samples(kind: Kind, name: str) -> list[Any]:
    if (kind.name, name) in OWN:
        return OWN[kind.name, name]
    if get_type_hints(kind.model)[name] is bool:
        return SAMPLES["Flag"]
    marks = str(get_type_hints(kind.model, include_extras=True)[name])
    types = {"_amount": "Money", "_count": "Count", "_day": "Day"}
    types |= {"_dated_amount": "Money", "_dated_flag": "Flag"}
    return SAMPLES[
        next((kind for sign, kind in types.items() if f"function {sign} " in marks), "text")
    ]


READABLE = [
    pytest.param(kind, name, id=f"{kind.name}.{name}")
    for kind in FILES.values()
    for name in kind.model.__annotations__
    if kind.fields[name].wire.read and kind.fields[name].wire.write and name != "requires"
]


@pytest.mark.parametrize(("kind", "name"), READABLE)
def test_what_is_written_reads_back_equal_under_every_key(kind: Kind, name: str) -> None:
    wire = kind.fields[name].wire
    for value in samples(kind, name):
        sent = wire.codec.encode(value)
        for key in wire.read:
            assert kind.decode({key: sent})[name] == value


@pytest.mark.parametrize("value", OWN["coupon", "requires"][1:])
@pytest.mark.parametrize("form", [0, 1])
def test_a_requirement_reads_back_as_it_was_written_in_either_form(value: Any, form: int) -> None:
    coupon = KINDS["coupon"]
    assert coupon.create is not None
    body = coupon.encode(coupon.create, {"code": "C", "requires": value})
    sent = coupon.create.forms[form](body)
    assert coupon.decode(sent)["requires"] == value


def test_a_coupon_that_requires_nothing_reads_as_such() -> None:
    row = {"Code": "C", "RequirementType": None, "ListRequirementVariants": [],
           "ListRequirementCategories": None}  # fmt: skip
    assert KINDS["coupon"].decode(row)["requires"] == {}
    assert "requires" not in KINDS["coupon"].decode({"Code": "C"})


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ({"value": "Standard"}, "Standard"),
        ("Standard", "Standard"),
        ("Serialized", "Serialized"),
        (None, ""),
    ],
)
def test_the_type_of_a_variant_reads_in_both_documented_forms(raw: Any, canonical: str) -> None:
    assert KINDS["variant"].decode({"Type": raw})["type"] == canonical


@pytest.mark.parametrize("raw", ["DiscountPercentage", "Discount"])
def test_a_percentage_coupon_reads_alike_in_both_generations(raw: str) -> None:
    assert KINDS["coupon"].decode({"Type": raw})["type"] == "DiscountPercentage"


def test_what_cannot_be_understood_names_its_field_and_never_customer_data() -> None:
    with pytest.raises(ValueError, match=r"`unit_price`: a number was expected.*'cheap'"):
        KINDS["variant"].decode({"UnitPrice": "cheap"})
    with pytest.raises(ValueError, match="`birthday`: a date was expected") as caught:
        KINDS["customer"].decode({"BirthDate": "June 1987"})
    assert "1987" not in str(caught.value)


@ALL
def test_a_row_shows_its_natural_key(kind: Kind) -> None:
    (key, *_) = kind.fields[kind.identity].wire.read
    assert kind.identity_of({key: "007"}) == "007"
    assert kind.identity_of({key: 7}) == "7"
    assert kind.identity_of({key: None}) is None
    assert kind.identity_of({}) is None
    assert kind.identity_of("text") is None


@ALL
def test_keys_that_no_field_knows_are_left_out(kind: Kind) -> None:
    assert kind.decode({"Unheard": 1, "Of": [2]}) == {}


def test_every_managed_kind_is_declared_in_an_example() -> None:
    declared: set[str] = set()
    for folder in (path.parent for path in (ROOT / "examples").glob("*/reconciler.yaml")):
        desired = source.load(settings.load(folder, {}))
        declared |= {name for name, objects in desired.objects.items() if objects}
    assert declared == set(MANAGED)


# dealpos-api.md §5-§10: every key that the API writes, and the key that a file has for it.
NAMED: dict[str, dict[str, str]] = {
    kind: json.loads((ROOT / "tests" / "kinds" / kind / "keys.json").read_text("utf-8"))
    for kind in FILES
}


@pytest.mark.parametrize(
    ("kind", "key", "name"),
    [(kind, key, name) for kind, keys in NAMED.items() for key, name in keys.items()],
)
def test_every_key_that_the_api_writes_is_offered(kind: str, key: str, name: str) -> None:
    assert name in KINDS[kind].model.__annotations__
    assert key in KINDS[kind].fields[name].wire.write


@FILED
def test_nothing_is_offered_that_the_api_cannot_write(kind: Kind) -> None:
    assert set(kind.model.__annotations__) <= set(NAMED[kind.name].values())


# Abbreviations, and names that the model gives in other words.
SPELT = {"ImageURL": "ImageUrl", "ExtraImagesURL": "ExtraImagesUrl", "ReferenceID": "ReferenceId"}
OTHERWISE = {"MobilePhone", "OutletPrice", "CustomerCode", "VariantDescription"}


@pytest.mark.parametrize(
    ("key", "name"),
    sorted({pair for keys in NAMED.values() for pair in keys.items() if pair[0] not in OTHERWISE}),
)
def test_keys_of_files_are_the_snake_case_of_the_apis(key: str, name: str) -> None:
    assert re.sub(r"(?<!^)(?=[A-Z])", "_", SPELT.get(key, key)).lower() == name
