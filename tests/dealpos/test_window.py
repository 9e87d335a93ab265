"""The request window: what is left, and how long to wait when nothing is."""

from __future__ import annotations

import pytest

from dealpos_reconciler.dealpos.request_window import MARGIN_SECONDS, RequestWindow
from dealpos_reconciler.workflows.connect import UNLIMITED_REQUESTS

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
    [
        "",
        "many",
        "-1",
        "1.5",
        "50;w=",
        LONG,
        f"{LONG};w={LONG}",
        f"1;w={LONG}",
        "٣;w=٣",
        "a=b=c, =, ;;;, r=;t=",
        '"default";r=-1;t=x;q=0;w=0',
    ],
    ids=brief,
)
def test_headers_that_say_nothing_change_nothing(window: RequestWindow, nonsense: str) -> None:
    send(
        window,
        ratelimit_policy=nonsense,
        ratelimit_limit=nonsense,
        ratelimit_remaining=nonsense,
        ratelimit_reset=nonsense,
        ratelimit=nonsense,
        x_ratelimit_limit=nonsense,
        x_ratelimit_remaining=nonsense,
        x_ratelimit_reset=nonsense,
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


DATE = "Sun, 29 Nov 2026 12:00:00 GMT"
RETRY_AFTER = [
    ({}, None),
    ({"retry-after": ""}, None),
    ({"retry-after": "7"}, 7),
    ({"retry-after": " 7 "}, 7),
    ({"retry-after": "0"}, 0),
    ({"retry-after": "9999999"}, 9_999_999),
    ({"retry-after": "-5"}, None),
    ({"retry-after": "1.5"}, None),
    ({"retry-after": "soon"}, None),
    ({"retry-after": "٣"}, None),
    ({"retry-after": "9" * 15}, None),
    ({"retry-after": LONG}, None),
    ({"retry-after": "Sun, 29 Nov 2026 12:00:40 GMT", "date": DATE}, 40),
    ({"retry-after": "Sunday, 29-Nov-26 12:00:40 GMT", "date": DATE}, 40),
    ({"retry-after": "Sun, 29 Nov 2026 11:59:00 GMT", "date": DATE}, 0),
    ({"retry-after": "Sun, 29 Nov 99999 11:59:00 GMT", "date": DATE}, None),
    ({"retry-after": "Sun, 29 Nov", "date": DATE}, None),
    ({"ratelimit-reset": "40"}, 40),
    ({"ratelimit": '"default";r=0;t=40'}, 40),
    ({"ratelimit": "limit=50, remaining=0, reset=40"}, 40),
    ({"x-ratelimit-reset": "40"}, 40),
    ({"x-ratelimit-reset": str(1_795_953_640), "date": DATE}, 40),
    ({"retry-after": "7", "ratelimit-reset": "40"}, 7),
    ({"ratelimit-reset": LONG}, None),
    ({"ratelimit-reset": "12345678"}, None),
]


@pytest.mark.parametrize(("headers", "told"), RETRY_AFTER, ids=brief)
def test_after_a_429_the_wait_is_what_was_told_or_a_full_window(
    window: RequestWindow, headers: dict[str, str], told: int | None
) -> None:
    send(window, 10)
    window.close(429, headers)
    assert window.seconds_to_wait() == (180 if told is None else told) + MARGIN_SECONDS
    assert "HTTP 429" in window.reason


@pytest.mark.parametrize(("headers", "told"), RETRY_AFTER, ids=brief)
def test_after_a_503_the_wait_is_what_retry_after_says(
    window: RequestWindow, headers: dict[str, str], told: int | None
) -> None:
    send(window, 10)
    window.close(503, headers)
    waits = told is not None and "retry-after" in headers
    assert window.seconds_to_wait() == ((told or 0) + MARGIN_SECONDS if waits else 0)
    assert (window.remaining, "503" in window.reason) == (40, waits)


def test_a_429_opens_a_new_count(window: RequestWindow, clock: Clock) -> None:
    send(window, 50)
    window.close(429, {})
    clock.now += window.seconds_to_wait()
    assert window.seconds_to_wait() == 0
    assert window.remaining == 50


SPELLINGS = [
    {"ratelimit-limit": "7", "ratelimit-remaining": "5", "ratelimit-policy": "7;w=30"},
    {"ratelimit-limit": "7, 7;w=30", "ratelimit-remaining": "5"},
    {"ratelimit": "limit=7, remaining=5, reset=20", "ratelimit-policy": "7;w=30"},
    {"ratelimit": '"default";r=5;t=20', "ratelimit-policy": '"default";q=7;w=30'},
    {"ratelimit": '"a"; r=5; t=20', "ratelimit-policy": '"b";q=9;w=1, "a";w=30;q=7'},
    {"ratelimit": '"b";r=9, "a";r=5', "ratelimit-policy": '"a";q=7;w=30, "b";q=9;w=1'},
    {"ratelimit-remaining": "5", "ratelimit-policy": "5;w=1, 7;w=30"},
    {
        "ratelimit-limit": "7",
        "ratelimit-remaining": "5",
        "ratelimit-policy": '7;w=30, "bytes";q=1;w=999;qu="content-bytes"',
    },
    {"x-ratelimit-limit": "7", "x-ratelimit-remaining": "5", "ratelimit-policy": "7;w=30"},
    {  # the documented names win over all others, the later drafts over X-
        "ratelimit-limit": "7",
        "ratelimit-remaining": "5",
        "ratelimit-policy": "7;w=30",
        "ratelimit": "limit=99, remaining=98, reset=20",
        "x-ratelimit-limit": "99",
        "x-ratelimit-remaining": "98",
    },
    {
        "ratelimit": "limit=7, remaining=5, reset=20",
        "ratelimit-policy": "7;w=30",
        "x-ratelimit-limit": "99",
        "x-ratelimit-remaining": "98",
        "x-ratelimit-reset": "1",
    },
]


@pytest.mark.parametrize("headers", SPELLINGS, ids=brief)
def test_each_form_of_the_headers_is_understood(
    window: RequestWindow, headers: dict[str, str]
) -> None:
    window.count_request()
    window.update_from_headers(headers)
    assert (window.limit, window.seconds, window.remaining) == (7, 30.0, 5)


@pytest.mark.parametrize(
    "headers",
    [
        {"ratelimit-remaining": "0", "ratelimit-reset": "20"},
        {"ratelimit": '"default";r=0;t=20'},
        {"ratelimit": "limit=50, remaining=0, reset=20"},
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "20"},
        {
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": str(1_795_953_620),
            "date": DATE,
        },
        {"ratelimit-remaining": "0", "ratelimit-reset": "20", "x-ratelimit-reset": "90"},
    ],
    ids=brief,
)
def test_a_shop_that_names_the_end_of_its_window_is_waited_for_until_then(
    window: RequestWindow, clock: Clock, headers: dict[str, str]
) -> None:
    send(window, 3)
    window.count_request()
    window.update_from_headers(headers)
    assert window.seconds_to_wait() == 20 + MARGIN_SECONDS
    clock.now += 20 + MARGIN_SECONDS
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
