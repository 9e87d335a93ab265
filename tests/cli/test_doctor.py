"""`doctor`: the table, the document, the exit code, and the data that it never prints."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dealpos_reconciler.sandbox import InjectedFault
from dealpos_reconciler.sandbox.api.response import error_response
from tests.support.program import PointAt, RunProgram, WriteCatalogue

ANNOUNCED = "Read-only check: at most 20 requests (rate limit: 50 per 180 s)"
CUSTOMER = """
customers:
  - {code: ZQ-CODE, name: Zqname, email: zq@private.example, mobile: "0899777", city: Zqcity}
"""


def test_a_shop_that_works_is_told_in_a_table_of_80_columns(run: RunProgram, applied: Path) -> None:
    ran = run("doctor", applied)
    assert ran.code == 0
    assert ANNOUNCED in ran.err
    lines = ran.out.splitlines()
    assert lines[0] == "Store: sandbox"
    assert re.match(r"check +verdict +found, and next step$", lines[2])
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in ran.out
    assert re.fullmatch(
        r"Doctor: \d+ ok, \d+ warnings?, 0 errors\. This shop is supported\. \d+ requests used\.",
        lines[-1],
    )


def test_the_document_has_every_line_of_the_table(
    run: RunProgram, applied: Path, root: Path
) -> None:
    ran = run("doctor", applied, "--format", "json")
    document = ran.json
    assert ran.code == 0
    assert ANNOUNCED in ran.err
    described = json.loads((root / "schemas" / "doctor.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, described)
    assert set(document) == set(described["properties"])
    assert document["requests"] <= document["budget"] == 20
    for finding in document["findings"]:
        assert (finding["next_step"] is None) == (finding["verdict"] == "ok")
    verdicts = [finding["verdict"] for finding in document["findings"]]
    assert document["summary"] == {v: verdicts.count(v) for v in ("ok", "warning", "error")}
    table = run("doctor", applied).out
    first_column = " ".join(" ".join(line[:24] for line in table.splitlines()).split())
    assert all(finding["check"] in first_column for finding in document["findings"])


def test_over_http_everything_is_ok_but_what_nobody_can_know(
    run: RunProgram, applied: Path, served: tuple[str, Any], point_at: PointAt
) -> None:
    url, shop = served
    point_at(url)
    assert run("apply", applied, "--auto-approve").code == 0
    shop.calls.clear()
    document = run("doctor", applied, "--format", "json").json
    assert document["summary"]["error"] == 0
    assert document["requests"] == len(shop.calls)
    (clock,) = [f for f in document["findings"] if f["check"] == "clock"]
    assert clock["verdict"] == "ok"


def test_nothing_private_is_shown(run: RunProgram, folder: Path, declare: WriteCatalogue) -> None:
    declare(CUSTOMER, "people.yaml")
    assert run("apply", folder, "--auto-approve").code == 0
    for words in ((), ("--format", "json")):
        ran = run("doctor", folder, *words)
        assert "customer.by_code" in ran.out
        assert not re.search(r"zq|0899", ran.out + ran.err, re.IGNORECASE)


def test_a_server_that_speaks_of_a_customer_is_not_quoted(
    run: RunProgram,
    folder: Path,
    served: tuple[str, Any],
    point_at: PointAt,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, shop = served
    point_at(url)
    said = partial(error_response, "Customer Zqname is broken")
    monkeypatch.setattr(
        "dealpos_reconciler.sandbox.middleware.error_response", lambda text, status: said(status)
    )
    shop.faults.add(InjectedFault("*", "/Customer*", "500", times=99))
    ran = run("doctor", folder)
    assert ran.code == 1
    assert "HTTP 500" in ran.out
    assert "Zqname" not in ran.out + ran.err


def test_a_missing_right_ends_with_1_and_the_whole_table(
    run: RunProgram, folder: Path, served: tuple[str, Any], point_at: PointAt
) -> None:
    url, shop = served
    point_at(url)
    shop.choices = shop.choices.with_changes(forbidden_operations=frozenset({"GET /Outlet"}))
    ran = run("doctor", folder)
    assert ran.code == 1
    assert "Outlets VIEW is missing" in ran.out
    assert ", 2 errors. Fix the errors before the first plan." in ran.out
    assert "clock" in ran.out


def test_a_host_that_is_down_stops_early(
    run: RunProgram, folder: Path, free_port: int, point_at: PointAt
) -> None:
    point_at(f"http://127.0.0.1:{free_port}", "the-id", "the-secret")
    ran = run("doctor", folder)
    assert ran.code == 1
    assert "is unreachable" in ran.out
    assert "skipped" in ran.out
    assert ", 1 error. Fix the errors before the first plan." in ran.out
    assert not re.search("the-id|the-secret|Traceback", ran.out + ran.err)


def test_a_host_that_is_no_api_is_told(
    run: RunProgram, folder: Path, web_page: str, point_at: PointAt
) -> None:
    point_at(web_page)
    ran = run("doctor", folder, "--format", "json")
    assert ran.code == 1
    (host,) = [f for f in ran.json["findings"] if f["check"] == "host"]
    assert host["verdict"] == "error"
    assert "answered with HTML, expected JSON" in host["found"]
    assert "API host" in host["next_step"]


def test_wrong_credentials_are_told_and_not_shown(
    run: RunProgram, folder: Path, served: tuple[str, Any], point_at: PointAt
) -> None:
    url, shop = served
    point_at(url, "sandbox", "the-wrong-secret")
    ran = run("doctor", folder)
    assert ran.code == 1
    assert re.search(r"credentials +error +the shop does not accept", ran.out)
    assert "the-wrong-secret" not in ran.out + ran.err
    assert len(shop.calls) == 1


def test_no_store_is_an_error_before_anything_is_asked(run: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text("catalogue: catalogue\n")
    ran = run("doctor", tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert "no store is configured" in ran.err


def test_a_folder_without_a_catalogue_is_enough(run: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text("store: {url: sandbox}\n")
    assert run("doctor", tmp_path).code == 0


# --- what a plan can use is remembered ---


def remembered(folder: Path) -> Any:
    return json.loads((folder / ".reconciler" / "tenant.json").read_text(encoding="utf-8"))


def test_what_was_found_saves_the_next_plan_requests(
    run: RunProgram, folder: Path, served: tuple[str, Any], point_at: PointAt
) -> None:
    url, shop = served
    point_at(url)
    shop.choices = shop.choices.with_changes(generation="C", post_alternatives="none", page_cap=100)
    assert run("apply", folder, "--auto-approve").code == 0
    spent = {}
    for first in ("plan", "doctor"):
        (folder / ".reconciler" / "tenant.json").unlink()
        assert run(first, folder).code == 0
        shop.calls.clear()
        assert run("plan", folder).code == 0
        spent[first] = len(shop.calls)
        (known,) = remembered(folder).values()
        assert known["routes"]["variant.by_codes"] == "GET /Variant/GetByListCode body"
    (folder / ".reconciler" / "tenant.json").unlink()
    shop.calls.clear()
    assert run("plan", folder).code == 0
    assert spent["doctor"] == spent["plan"] < len(shop.calls)


def test_what_was_remembered_is_not_believed_but_found_out_again(
    run: RunProgram, applied: Path, served: tuple[str, Any], point_at: PointAt
) -> None:
    url, shop = served
    point_at(url)
    stale = {
        "routes": {"variant.list": "GET /Variant body"},
        "rows": {"variant.list": 7},
        "size": 20,
    }
    (applied / ".reconciler" / "tenant.json").write_text(json.dumps({url: stale}))
    assert run("doctor", applied).code == 0
    assert ("POST", "/api/v3/Variant", 200) in shop.calls
    known = remembered(applied)[url]
    assert known["routes"]["variant.list"] == "POST /Variant body"
    assert (known["rows"], known["size"]) == ({}, 2000)


def test_what_could_not_be_asked_stays_remembered(
    run: RunProgram, folder: Path, free_port: int, point_at: PointAt
) -> None:
    url = f"http://127.0.0.1:{free_port}"
    point_at(url)
    (folder / ".reconciler").mkdir()
    known = {url: {"routes": {"variant.list": "POST /Variant body"}, "rows": {}, "size": 500}}
    (folder / ".reconciler" / "tenant.json").write_text(json.dumps(known))
    assert run("doctor", folder).code == 1
    assert remembered(folder) == known
