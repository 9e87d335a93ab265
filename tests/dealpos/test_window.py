"""The request window: what is left, and how long to wait when nothing is."""

from __future__ import annotations

import pytest

from reconciler.dealpos.request_window import MARGIN_SECONDS, RequestWindow
from reconciler.workflows.connect import UNLIMITED_REQUESTS

LONG = "9" * 5000


class Clock:
    def __init__(self) -> None:
        self.now = 500.0

    def __call__(self) -> float:
        return self.now


def brief(value: object) -> str:
    return str(value)[:12]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def window(clock: Clock) -> RequestWindow:
    return RequestWindow(clock)


def send(window: RequestWindow, count: int = 1, **headers: str) -> None:
    for _ in range(count):
        assert window.seconds_to_wait() == 0
        window.count_request()
        window.update_from_headers(
            {name.replace("_", "-"): value for name, value in headers.items()}
        )


def test_without_headers_fifty_requests_fit_in_three_minutes(window: RequestWindow) -> None:
    send(window, 50)
    assert window.seconds_to_wait() == 180 + MARGIN_SECONDS


def test_the_window_counts_from_its_first_request(window: RequestWindow, clock: Clock) -> None:
    clock.now += 1000
    send(window)
    clock.now += 100
    send(window, 49)
    assert window.seconds_to_wait() == 80 + MARGIN_SECONDS


def test_a_window_that_has_passed_is_new(window: RequestWindow, clock: Clock) -> None:
    send(window, 50)
    clock.now += 180 + MARGIN_SECONDS
    assert window.seconds_to_wait() == 0
    send(window, 50)
    assert window.seconds_to_wait() == 180 + MARGIN_SECONDS


def test_an_idle_run_never_waits(window: RequestWindow, clock: Clock) -> None:
    for _ in range(200):
        send(window)
        clock.now += 10
        assert window.seconds_to_wait() == 0


def test_the_policy_says_how_large_a_window_is(window: RequestWindow) -> None:
    send(window, ratelimit_policy="100;w=60", ratelimit_remaining="99")
    assert (window.limit, window.seconds, window.remaining) == (100, 60.0, 99)


@pytest.mark.parametrize("policy", ["7;w=30", "7; w=30", '7;comment="x";w=30'])
def test_a_policy_is_read_with_its_parameters(window: RequestWindow, policy: str) -> None:
    send(window, ratelimit_policy=policy)
    assert (window.limit, window.seconds) == (7, 30.0)


def test_the_limit_alone_is_believed(window: RequestWindow) -> None:
    send(window, ratelimit_limit="150")
    assert window.limit == 150


@pytest.mark.parametrize(
    "nonsense",
    ["", "many", "-1", "1.5", "50;w=", LONG, f"{LONG};w={LONG}", f"1;w={LONG}", "٣;w=٣"],
    ids=brief,
)
def test_headers_that_say_nothing_change_nothing(window: RequestWindow, nonsense: str) -> None:
    send(
        window,
        ratelimit_policy=nonsense,
        ratelimit_limit=nonsense,
        ratelimit_remaining=nonsense,
    )
    assert (window.limit, window.seconds, window.remaining) == (50, 180.0, 49)


def test_a_shop_without_a_limit_is_not_waited_for(window: RequestWindow) -> None:
    """`sandbox serve --limit 0` sends a limit that is never reached."""
    told = str(UNLIMITED_REQUESTS)
    send(window, ratelimit_policy=f"{told};w=180", ratelimit_remaining=told)
    assert (window.limit, window.seconds) == (UNLIMITED_REQUESTS, 180.0)
    send(window, 60)


def test_what_other_programs_spend_is_counted(window: RequestWindow) -> None:
    send(window, ratelimit_remaining="0")
    assert window.seconds_to_wait() == 180 + MARGIN_SECONDS


def test_more_left_than_counted_means_a_new_window(window: RequestWindow, clock: Clock) -> None:
    send(window, 48)
    clock.now += 170
    send(window, ratelimit_remaining="49")  # the server's window began later than ours
    send(window, 49)
    assert window.seconds_to_wait() == 180 + MARGIN_SECONDS


def test_the_wait_shrinks_while_time_passes(window: RequestWindow, clock: Clock) -> None:
    send(window, 50)
    clock.now += 179
    assert window.seconds_to_wait() == 1 + MARGIN_SECONDS


@pytest.mark.parametrize(
    ("told", "wait"), [("", 180), ("7", 7), ("soon", 180), ("0", 0), ("9" * 15, 180), (LONG, 180)]
)
def test_after_a_429_the_wait_is_what_was_told_or_a_full_window(
    window: RequestWindow, told: str, wait: int
) -> None:
    send(window, 10)
    assert window.close(told) == wait + MARGIN_SECONDS


def test_a_429_opens_a_new_count(window: RequestWindow, clock: Clock) -> None:
    send(window, 50)
    clock.now += window.close()
    assert window.seconds_to_wait() == 0
    assert window.remaining == 50


def test_a_request_that_is_in_flight_is_not_counted_twice(window: RequestWindow) -> None:
    """Two are sent before either is answered; the first answer knows of one of them only."""
    window.count_request()
    window.count_request()
    window.update_from_headers({"ratelimit-remaining": "49", "ratelimit-policy": "50;w=180"})
    assert window.remaining == 48
    window.update_from_headers({"ratelimit-remaining": "48", "ratelimit-policy": "50;w=180"})
    assert window.remaining == 48


def test_a_request_without_an_answer_stays_counted(window: RequestWindow) -> None:
    window.count_request()
    window.update_from_headers({})
    assert window.remaining == 49
    send(window, ratelimit_remaining="48")
    assert window.remaining == 48
