"""Plan and apply reach the provider through the admin listener: the state, and the next release."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from dealpos_reconciler.core.provider.release import digest_document
from dealpos_reconciler.errors import ProviderError, ProviderUnavailable, ReleaseConflict
from dealpos_reconciler.provider.remote import RemoteProvider
from tests.serve.conftest import TOKEN, Running

RELEASE = {"number": 1, "digest": "x", "commit": "", "published": "2027-01-01T00:00:00Z"}


def reach(served: Running, token: str = TOKEN) -> RemoteProvider:
    return RemoteProvider(f"http://127.0.0.1:{served.ports[1]}", token)


def answering(status: int, body: Any) -> RemoteProvider:
    transport = httpx.MockTransport(lambda request: httpx.Response(status, json=body))
    return RemoteProvider("https://coupons.example.com", TOKEN, transport)


def test_the_state_is_empty_before_the_first_release(serve: Callable[..., Running]) -> None:
    assert reach(serve()).read_state().release is None


def test_a_release_is_published_after_the_one_that_it_follows(served: Running) -> None:
    provider = reach(served)
    made = provider.publish("TEH", "abc", 1)
    assert (made.number, made.document, made.commit) == (2, "TEH", "abc")
    found = provider.read_state().release
    assert found is not None
    assert (found.number, found.document) == (2, "TEH")
    assert found.digest == digest_document("TEH")


def test_a_release_after_another_one_is_a_conflict_and_changes_nothing(served: Running) -> None:
    provider = reach(served)
    with pytest.raises(ReleaseConflict):
        provider.publish("TEH", "", 0)
    found = provider.read_state().release
    assert found is not None
    assert found.document == "KOPI"


def test_a_wrong_token_is_an_error_that_names_the_variable(served: Running) -> None:
    for ask in (reach(served, "wrong").read_state, lambda: reach(served, "no").publish("X", "", 0)):
        with pytest.raises(ProviderError, match="refused the admin token") as caught:
            ask()
        assert "RECONCILER_ADMIN_TOKEN" in str(caught.value.hint)
        assert "wrong" not in str(caught.value)


def test_another_server_is_not_taken_for_a_provider(served: Running) -> None:
    shop = RemoteProvider(f"http://127.0.0.1:{served.ports[0]}", TOKEN)
    with pytest.raises(ProviderError, match="HTTP 404") as caught:
        shop.read_state()
    assert "provider.url" in str(caught.value.hint)


def test_a_server_that_does_not_answer_is_named(served: Running) -> None:
    port = served.ports[1]
    served.stop()
    with pytest.raises(ProviderUnavailable, match=f"127.0.0.1:{port} did not answer"):
        RemoteProvider(f"http://127.0.0.1:{port}", TOKEN).read_state()
    served.start = lambda: None  # type: ignore[method-assign]
    served.stop = lambda: None  # type: ignore[method-assign]


@pytest.mark.parametrize(
    "state",
    [[], {}, {"release": {}, "usage": {}}, {"release": None}, {"release": None, "usage": {"a": 1}},
     {"release": RELEASE, "usage": {}}],
)  # fmt: skip
def test_an_answer_of_another_shape_is_an_error(state: Any) -> None:
    with pytest.raises(ProviderError, match="not the state of a provider"):
        answering(200, state).read_state()


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_error_leaves_it_open_if_it_was_published(status: int) -> None:
    with pytest.raises(ProviderUnavailable, match="the disk is full"):
        answering(status, {"Message": "the disk is full"}).publish("X", "", 0)


def test_a_release_that_does_not_load_was_not_published() -> None:
    with pytest.raises(ProviderError, match="two coupons") as caught:
        answering(422, {"Message": "two coupons have the code a"}).publish("X", "", 0)
    assert not isinstance(caught.value, ProviderUnavailable)
