"""Pairs of live keys that look alike, in every format of a plan."""

from __future__ import annotations

import html
import json
from importlib import import_module

import pytest

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.plan.plan import PlanWarning
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.view import PlanView
from tests.support.planned import NO_COST
from tests.support.plans import Makes

PAIR = (Address("variant", "1003L"), Address("variant", "1003L\u200b"))
SAID = '`1003L` and "1003L\\u200b" differ only in invisible characters'


@pytest.mark.parametrize("form", ["text", "markdown", "html", "github", "json"])
def test_a_pair_is_named_with_its_difference(makes: Makes, form: str) -> None:
    plan = makes.plan(look_alikes=(PlanWarning(PAIR, SAID),))
    renderer = import_module(f"dealpos_reconciler.render.formats.{form}")
    shown = str(renderer.render_plan(plan, PlanView(kinds=KINDS, usage=NO_COST)))
    if form == "json":
        (warning,) = json.loads(shown)["warnings"]
        assert warning == {"addresses": list(map(str, PAIR)), "message": SAID}
    else:
        assert "variant/1003L, variant/1003L\\u200b: " in html.unescape(shown)
        assert "differ only in invisible characters" in shown
        assert "\u200b" not in shown
