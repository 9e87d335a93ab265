"""Boards made by hand, which can hold anything."""

from __future__ import annotations

from typing import Any

from dealpos_reconciler.render.board.values import (
    AppliedRow,
    Board,
    ComingRow,
    CouponRow,
    Coupons,
    DriftRow,
    KnownAudit,
    RequestRow,
)

NOW = "2027-01-15T08:00:00Z"


def make_drift(name: str, **parts: Any) -> DriftRow:
    """An object whose price was changed in the shop."""
    words: dict[str, Any] = {
        "state": "drifted",
        "since": "2027-01-15T06:30:00Z",
        "details": ("unit_price: live 15,000, declared 18,000 (changed in the shop)",),
        "margins": ("margin: live 40.0 %, declared 50.0 %",),
        "place": "catalogue/drinks.yaml:14",
        "commands": (
            f"reconciler adopt {name.split()[0]}",
            f"reconciler apply --target {name.split()[0]}",
        ),
    }
    return DriftRow(name, **{**words, **parts})


def make_audit(*drift: DriftRow, **parts: Any) -> KnownAudit:
    """An audit with these objects, counted by their states."""
    counts = dict.fromkeys((row.state for row in drift), 0)
    for row in drift:
        counts[row.state] += 1
    counts["unchanged"] = 120
    losses = sum(row.below_cost for row in drift)
    words = {"at": NOW, "counts": counts, "below_cost": losses}
    return KnownAudit(**{**words, "drift": drift, **parts})


def make_board(**parts: Any) -> Board:
    """One of everything that a board can hold."""
    drift = (
        make_drift(
            'variant/1003L "Kopi Susu, Large"',
            below_cost=True,
            details=("unit_price: live 8,000, declared 18,000 (changed in the shop)",),
            margins=("margin: live -12.5 %, declared 50.0 %, sold below cost",),
        ),
        make_drift('variant/1003S "Kopi Susu, Small"', since="2027-01-12T06:30:00Z"),
        make_drift("product/2002", state="missing", details=(), margins=(), commands=(
            "reconciler apply --target product/2002",
        )),
    )  # fmt: skip
    coupons = Coupons(
        17,
        (
            CouponRow(
                "LEBARAN25", "catalogue/promotions.yaml:40", 431, 3, 500,
                flags={"beyond": 1, "doubtful": 2},
            ),
            CouponRow("VISIT-2027", "catalogue/promotions.yaml:52", 1200, 0, 5000, 5000),
            CouponRow("STAFF", "", 12, 0, None),
            CouponRow("OLD", "", 100, 0, 100, disabled=True),
        ),
        unknown=2,
        settled="2027-01-14T22:00:00Z",
    )  # fmt: skip
    words: dict[str, Any] = {
        "shop": "kopi",
        "store": "https://kopi.dealpos.net",
        "made_at": NOW,
        "commit": "0123abc456789+",
        "audit": make_audit(*drift),
        "coupons": coupons,
        "coming": (
            ComingRow("2027-01-18 00:00", "begins", "NEWYEAR", "catalogue/promotions.yaml:60"),
            ComingRow("2027-01-20", "ends", "coupon/PAGI10", "catalogue/promotions.yaml:45"),
        ),
        "applies": (AppliedRow("2027-01-14T08:00:00Z", "0123abc456789", "3 update, 1 create"),),
        "requests": (RequestRow(NOW, "audit", 9), RequestRow("2027-01-14T08:00:00Z", "apply", 24)),
    }
    return Board(**{**words, **parts})


def make_hostile(name: str) -> Board:
    """A board with `name` wherever files, shop or server can put it."""
    row = DriftRow(name, "drifted", "x", (name,), (name,), True, name, (name,))
    coupon = CouponRow(name, name, 1, 1, 2, flags={"late": 1})
    return make_board(
        shop=name,
        store=name,
        commit=name,
        audit=make_audit(row),
        coupons=Coupons(1, (coupon,), 1),
        coming=(ComingRow("2027-01-18", "begins", name, name),),
        applies=(AppliedRow(NOW, name, name),),
        requests=(RequestRow(NOW, name, 1),),
    )
