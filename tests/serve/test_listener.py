"""The shop listener: every row of the table of answers, over real sockets."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from dealpos_reconciler.catalogue.serving.serve_settings import parse_network
from dealpos_reconciler.errors import ProviderUnavailable
from dealpos_reconciler.provider.service import Answer
from dealpos_reconciler.serve import body, listener, run
from dealpos_reconciler.serve.gate import Endpoint
from dealpos_reconciler.serve.secret import Secrets
from tests.serve.conftest import KEY, OLD_SECRET, SECRET, Running

Serve = Callable[..., Running]


def test_a_question_is_answered_on_every_spelling_of_its_address(served: Running) -> None:
    for path in ("", "/", "/validate", "/validateCoupon", "/ValidateCoupon/", "/VALIDATE"):
        answer = served.ask(f"Coupon{path}")
        assert (answer.status_code, answer.json()["Amount"]) == (200, 5000), path
        assert answer.headers["content-type"] == "application/json"


def test_a_redemption_is_answered_on_every_spelling_of_its_address(served: Running) -> None:
    for path in ("", "/", "/redeem", "/redeemCoupon", "/REDEEM/"):
        answer = served.ask(f"coupon{path}", json={"ID": "1", "Coupon": "KOPI"})
        assert (answer.status_code, answer.json()) == (200, {"status": "success"}), path


def test_shop_and_version_are_compared_without_case_and_both_secrets_are_valid(
    served: Running,
) -> None:
    for secret in (SECRET, OLD_SECRET):
        answer = served.shop.post(f"/V1/KOPI/{secret}/coupon", json={"Code": "KOPI"})
        assert answer.status_code == 200


WRONG = (
    "/",
    "/v1",
    "/v1/kopi/coupon",
    f"/v1/kopi/{SECRET[:-1]}/coupon",
    f"/v1/kopi/{SECRET.upper()}/coupon",
    f"/v1/other/{SECRET}/coupon",
    f"/v2/kopi/{SECRET}/coupon",
    f"/v1/kopi/{SECRET}",
    f"/v1/kopi/{SECRET}/coupon/other",
    f"/v1/kopi/{SECRET}/hook/product",
    f"/v1/kopi/{SECRET}x/coupon/validate",
    "/v1/kopi/%ff%00/coupon",
    "/metrics",
    "/docs",
)


def test_a_call_without_the_secret_learns_nothing(served: Running) -> None:
    for number, path in enumerate(WRONG):
        for method in ("POST", "GET", "DELETE"):
            headers = {"x-forwarded-for": f"203.0.113.{number}"}
            answer = served.shop.request(method, path, headers=headers)
            assert (answer.status_code, answer.content) == (404, b""), (method, path)
            assert set(answer.headers) == {"date", "content-length"}


def test_every_call_costs_the_same_comparisons(
    served: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time of an answer does not tell what was wrong, or which of two secrets was right."""
    compared: list[tuple[int, int]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return one == other

    monkeypatch.setattr("dealpos_reconciler.serve.secret.hmac.compare_digest", compare)
    for path in (*WRONG, f"/v1/kopi/{SECRET}/coupon", f"/v1/kopi/{OLD_SECRET}/coupon"):
        served.shop.post(path)
        assert compared == [(32, 32)] * 2, path
        compared.clear()


def test_only_post_is_allowed(served: Running) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"):
        answer = served.shop.request(method, f"{served.base}/coupon")
        assert (answer.status_code, answer.content) == (405, b""), method
        assert answer.headers["allow"] == "POST"


def test_twenty_wrong_secrets_close_an_address_for_whoever_has_no_secret(served: Running) -> None:
    statuses = [served.shop.post("/v1/kopi/wrong/coupon").status_code for _ in range(25)]
    assert statuses == [404] * 20 + [429] * 5
    assert served.ask().status_code == 200, "DealPOS may call for many shops from one address"
    elsewhere = {"x-forwarded-for": "203.0.113.9"}
    assert served.shop.post("/v1/kopi/wrong/coupon", headers=elsewhere).status_code == 404
    closed = [line for line in served.stopped() if line.get("event")]
    assert [line["event"] for line in closed].count("address closed for a minute") == 1


def test_an_address_behind_a_proxy_is_the_last_that_no_proxy_has_named(served: Running) -> None:
    for number in range(25):
        forged = {"x-forwarded-for": f"198.51.100.{number}, 203.0.113.9"}
        answer = served.shop.post("/v1/kopi/wrong/coupon", headers=forged)
    assert answer.status_code == 429


def test_a_key_is_demanded_where_one_is_configured(serve: Serve) -> None:
    served = serve(key=Secrets([KEY]))
    assert served.ask().status_code == 404
    assert served.ask(headers={"X-API-Key": KEY + "x"}).status_code == 404
    assert served.ask(headers={"x-api-key": KEY}).status_code == 400


def test_only_the_networks_of_the_list_may_call(serve: Serve) -> None:
    served = serve(allowed=[*map(parse_network, ["203.0.113.0/24", "2001:db8::/32"])])
    for address, status in {
        "203.0.113.9": 400,
        "2001:db8::1": 400,
        "::ffff:203.0.113.9": 400,
        "198.51.100.1": 404,
        "nonsense": 404,
    }.items():
        assert served.ask(headers={"x-forwarded-for": address}).status_code == status, address
    assert served.ask().status_code == 404


def test_a_body_that_is_not_json_is_answered_by_the_service(served: Running) -> None:
    for sent in (b"\xff\xfe", b"", b"[", b"\0"):
        answer = served.shop.post(f"{served.base}/coupon", content=sent)
        assert (answer.status_code, answer.json()["Amount"]) == (400, 0)


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_of_100_mb_is_not_kept(served: Running, declared: bool) -> None:
    """The declared length may be a lie, and may be missing."""
    size, chunk = 100_000_000, b"x" * 1_000_000
    headers = {"content-length": str(size)} if declared else {"transfer-encoding": "chunked"}
    answer = served.shop.post(
        f"{served.base}/coupon/redeem", content=(chunk for _ in range(100)), headers=headers
    )
    assert answer.status_code == 400
    ((call, reason, kept, _, length),) = served.service.rejected
    assert (call, reason) == ("redeem", "too_long")
    assert kept == body.MAX_BODY_BYTES
    assert length == (size if declared else kept)
    assert served.ask().status_code == 200


def connect(served: Running) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.ports[0]), timeout=10)


def test_a_client_that_sends_its_body_slowly_is_answered_408(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "BODY_SECONDS", 0.2)
    served = serve()
    with connect(served) as slow:
        head = f"POST {served.base}/coupon HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
        slow.sendall(head.encode() + b'{"C')
        received = b"".join(iter(lambda: slow.recv(4096), b""))
    assert received.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in received


def test_a_client_that_sends_no_head_is_cut(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "HEADER_SECONDS", 0.2)
    served = serve()
    for sent in (b"", b"POST /v1/kopi", b"POST / HTTP/1.1\r\nHost: x\r\nX: "):
        with connect(served) as slow:
            slow.sendall(sent)
            assert slow.recv(4096) == b""


def test_a_second_head_on_a_kept_connection_has_the_deadline_too(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "HEADER_SECONDS", 0.2)
    served = serve()
    with connect(served) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"404" in slow.recv(4096)
        time.sleep(0.4)  # an idle connection is kept
        slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"404" in slow.recv(4096)
        slow.sendall(b"GET")
        assert slow.recv(4096) == b""


def test_a_call_beyond_two_hundred_is_turned_away_at_once(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "MAX_IN_FLIGHT", 2)
    served, going, inside = serve(), threading.Event(), threading.Semaphore(0)

    async def hang() -> None:
        inside.release()
        await asyncio.to_thread(going.wait, 5)

    served.service.behave = hang
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(served.ask) for _ in range(2)]
        assert all(inside.acquire(timeout=5) for _ in waiting)
        begun = time.monotonic()
        answer = served.ask()
        assert time.monotonic() - begun < 1
        assert (answer.status_code, answer.json()["Amount"]) == (503, 0)
        going.set()
        assert {waited.result().status_code for waited in waiting} == {400}
    served.service.behave = None
    assert served.ask().status_code == 400
    assert served.metric("reconciler_overloaded_total") == 1
    assert served.metric("reconciler_in_flight") == 0


def test_a_service_that_hangs_or_fails_gives_a_body_that_is_worth_nothing(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "ANSWER_SECONDS", 0.1)
    served = serve()

    async def hang() -> None:
        await asyncio.sleep(60)

    async def fail() -> None:
        raise KeyError("budi@example.com")

    async def gone() -> None:
        raise ProviderUnavailable("the store did not answer")

    for behave in (hang, fail, gone):
        served.service.behave = behave
        answer = served.ask()
        assert (answer.status_code, answer.json()["Amount"]) == (503, 0)
    assert served.metric("reconciler_errors_total") == 2
    written = served.stopped()
    assert [line["error"] for line in written if "error" in line] == [
        "KeyError",
        "ProviderUnavailable",
    ]


def test_sixty_refusals_close_an_outlet_and_no_other(served: Running) -> None:
    wrong = [
        served.ask(json={"Code": f"GUESS{n}", "Outlet": "Jakarta"}).status_code for n in range(61)
    ]
    assert wrong == [400] * 60 + [429]
    right = served.ask(json={"Code": "KOPI", "Outlet": "JAKARTA"})
    assert (right.status_code, right.json()["Amount"]) == (429, 0)
    assert served.ask(json={"Code": "KOPI", "Outlet": "Bandung"}).status_code == 200
    assert served.metric("reconciler_outlets_closed_total") == 1
    assert served.metric('reconciler_limited_total{limit="outlet"}') == 2


def test_each_call_is_one_line_without_secret_and_body(served: Running) -> None:
    served.ask(json={"Code": "KOPI", "Customer": {"Email": "budi@example.com"}})
    served.ask("coupon/redeem", json={"ID": "1", "Customer": {"Email": "budi@example.com"}})
    served.shop.post("/v1/kopi/not-the-secret-but-somebody-elses/coupon")
    yes, counted, denied = [line for line in served.stopped() if "call" in line]
    assert yes.keys() == {"time", "call", "status", "answer", "code", "ms"}
    assert (yes["call"], yes["answer"], yes["code"]) == ("validate", "yes", "KOPI")
    assert (counted["call"], counted["answer"], counted["invoice"]) == (
        "redeem",
        "counted",
        "INV/1",
    )
    assert denied.keys() == {"time", "call", "status", "reason", "from"}
    text = served.written.getvalue()
    for secret in (SECRET, OLD_SECRET, "not-the-secret", "budi@example.com"):
        assert secret not in text


def test_what_is_not_http_is_one_line(served: Running) -> None:
    with connect(served) as odd:
        odd.sendall(f"NO SUCH {served.base} THING\r\n\r\n".encode())
        assert odd.recv(4096).startswith(b"HTTP/1.1 400 ")
    (line,) = [line for line in served.stopped() if line.get("level") == "warning"]
    assert line["event"] == "Invalid HTTP request received."


def test_the_calls_in_flight_are_answered_when_the_server_stops(served: Running) -> None:
    inside = threading.Event()

    async def slow() -> None:
        inside.set()
        await asyncio.sleep(0.3)

    served.service.behave = slow
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(served.ask)
        assert inside.wait(5)
        served.stop()
        assert waiting.result().status_code == 200
    with pytest.raises(httpx.HTTPError):
        httpx.post(f"http://127.0.0.1:{served.ports[0]}{served.base}/coupon", json={})


def test_a_hook_is_one_more_operation_behind_the_same_gate(serve: Serve) -> None:
    taken: list[bytes] = []

    async def take(hint: bytes) -> Answer:
        taken.append(hint)
        return Answer("unknown", 200, b'{"status":"success"}', "taken")

    async def reject(*outline: object) -> Answer:
        return Answer("unknown", 400, b"{}", "bad")

    def turn_away(status: int, reason: str) -> Answer:
        return Answer("unknown", status, b"{}", "unavailable", reason)

    served = serve(hooks={"hook/product": Endpoint("product", take, reject, turn_away)})
    assert served.ask("Hook/Product", json={"Code": "1003"}).json() == {"status": "success"}
    assert served.shop.post("/v1/kopi/wrong/hook/product").status_code == 404
    assert taken == [b'{"Code":"1003"}']
    assert served.metric('reconciler_hook_total{hook="product",result="taken"}') == 1
    (line, _) = [line for line in served.stopped() if "call" in line]
    assert (line["call"], line["answer"]) == ("product", "taken")
