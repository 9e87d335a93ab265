"""Calls are delivered as documented: 30 s, and one retry where an answer asked for it."""

import socket
from collections.abc import Iterator

import pytest

from dealpos_reconciler.sandbox import SandboxError
from dealpos_reconciler.sandbox.till.delivery import COOLDOWN, TIMEOUT, Courier, Target, WebhookCall
from tests.support.receiver import Receiver, receiving

CALL = WebhookCall("productUpdated", "product", {"Code": "1003", "Name": "Café"})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def statuses(courier: Courier, receiver: Receiver) -> tuple[list[object], bool]:
    delivery = courier.deliver(Target(receiver.address), CALL)
    return [getattr(a, "status", a) for a in delivery.attempts], delivery.accepted


def test_the_documented_times_are_the_default() -> None:
    assert (TIMEOUT, COOLDOWN) == (30.0, 7.0)
    assert (Courier().timeout, Courier().cooldown) == (30.0, 7.0)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599, 408, 429])
def test_an_answer_that_asks_for_it_is_followed_by_one_retry(
    receiver: Receiver, status: int
) -> None:
    slept: list[float] = []
    receiver.answers = [(status, {}), (status, {}), (status, {})]
    assert statuses(Courier(sleep=slept.append), receiver) == ([status, status], False)
    assert slept == [7.0]
    assert receiver.bodies == [CALL.body, CALL.body]


@pytest.mark.parametrize("status", [200, 204, 302, 400, 401, 404, 422])
def test_any_other_answer_is_the_last(receiver: Receiver, status: int) -> None:
    receiver.answers = [(status, b"")]
    assert statuses(Courier(cooldown=0), receiver) == ([status], status < 300)
    assert len(receiver.calls) == 1


def test_a_retry_may_be_accepted(receiver: Receiver) -> None:
    receiver.answers = [(503, {})]
    assert statuses(Courier(cooldown=0), receiver) == ([503, 200], True)


def test_a_refused_connection_is_not_tried_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        delivery = Courier(cooldown=0).deliver(Target(address), CALL)
    assert str(delivery) == "productUpdated: no answer (Connection refused)"
    assert not delivery.accepted


@pytest.mark.parametrize(("retried", "sent"), [(False, 1), (True, 2)])
def test_a_call_without_an_answer_is_closed(receiver: Receiver, retried: bool, sent: int) -> None:
    receiver.answers = [30.0] * 2
    courier = Courier(timeout=0.1, cooldown=0, timeout_retried=retried)
    assert statuses(courier, receiver) == (["no answer within 0.1 s"] * sent, False)
    assert len(receiver.calls) == sent


def test_an_address_may_have_places_for_family_and_event(receiver: Receiver) -> None:
    target = Target(f"{receiver.address}/secret/{{family}}/{{event}}?a=1", "the-key")
    Courier().deliver(target, CALL)
    path, headers, body = receiver.calls[0]
    assert path == "/secret/product/productUpdated?a=1"
    assert headers["X-API-Key"] == "the-key"
    assert headers["Content-Type"] == "application/json"
    assert body == CALL.body


@pytest.mark.parametrize(
    "address",
    [
        "ftp://127.0.0.1/s3cret",
        "http://shop.example/s3cret",
        "https:///s3cret",
        "http://[s3cret",
        "http://127.0.0.1:99999/s3cret",
        "s3cret",
    ],
)
def test_an_address_that_cannot_be_used_is_not_shown(address: str) -> None:
    with pytest.raises(SandboxError) as error:
        Target(address)
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
def test_plain_http_is_for_this_machine(host: str) -> None:
    assert Target(f"http://{host}:8080/").name.endswith(":8080")
    assert Target(f"https://{host}/").name
