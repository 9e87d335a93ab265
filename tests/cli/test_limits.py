"""`--reserve`, `--max-requests`, `--timeout`: values, messages, and the rest for the next run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.support.program import PointAt, RunProgram, WriteCatalogue

FORMS = "is not a duration; examples: 90s, 8m, 1h, 1h30m"


@pytest.mark.parametrize(
    "text", ["", "0", "0s", "8", "-8m", "8 m", "m", "1.5h", "1m1h", "٣m", "8M"]
)
def test_what_is_no_duration_is_a_usage_error_with_the_forms(
    folder: Path, run: RunProgram, text: str
) -> None:
    ran = run("apply", folder, "--auto-approve", "--timeout", text)
    assert ran.code == 1
    assert FORMS in ran.err
    assert "--timeout" in ran.err
    assert ran.out == ""


@pytest.mark.parametrize("text", ["90s", "8m", "1h", "1h30m", "2h1s"])
def test_what_is_a_duration_is_taken(folder: Path, run: RunProgram, text: str) -> None:
    assert run("apply", folder, "--auto-approve", "--timeout", text).code == 0


@pytest.mark.parametrize(
    ("option", "value"),
    [("--max-requests", "0"), ("--max-requests", "x"), ("--reserve", "-1"), ("--reserve", "1.5")],
)
def test_what_is_no_count_is_a_usage_error(
    folder: Path, run: RunProgram, option: str, value: str
) -> None:
    ran = run("apply", folder, "--auto-approve", option, value)
    assert ran.code == 1
    assert option in ran.err
    assert "range" in ran.err or "integer" in ran.err


def reads(folder: Path, run: RunProgram) -> int:
    return int(run("plan", folder, "--format", "json").json["api_usage"]["reads"])


def test_a_plan_says_what_it_spent_what_applying_needs_and_when_that_is_done(
    folder: Path, run: RunProgram
) -> None:
    ran = run("plan", folder)
    cost = run("plan", folder, "--format", "json").json["api_usage"]
    line = next(line for line in ran.out.splitlines() if line.startswith("API usage: "))
    assert re.fullmatch(
        rf"API usage: {cost['reads']} requests used by this plan; apply needs {cost['requests']} "
        r"requests, its own reads included \(1 rate-limit window, about \d+ s\), "
        r"finished at about \d\d:\d\d if started now",
        line,
    )
    assert ran.out.splitlines()[-1].startswith("Plan: ")


def test_the_cost_of_a_plan_as_json_is_as_it_was(folder: Path, run: RunProgram) -> None:
    keys = {"reads", "writes", "verification", "requests", "windows", "seconds"}
    assert set(run("plan", folder, "--format", "json").json["api_usage"]) == keys


def test_a_reserve_makes_windows_smaller(folder: Path, run: RunProgram) -> None:
    free = run("plan", folder, "--format", "json").json["api_usage"]
    tight = run("plan", folder, "--format", "json", "--reserve", 49).json["api_usage"]
    assert free["windows"] == 1
    assert tight["windows"] == tight["requests"] + 1
    assert tight["seconds"] > 180 * tight["requests"]


def test_a_reserve_of_everything_is_refused(folder: Path, run: RunProgram) -> None:
    ran = run("plan", folder, "--reserve", 50)
    assert ran.code == 1
    assert "--reserve 50 leaves no request of the rate limit (50 per 180 s)" in ran.err
    assert "reserve at most 49" in ran.err


def test_a_time_limit_that_ends_while_reads_lag_leaves_the_rest_unverified(
    folder: Path, run: RunProgram, served: tuple[str, Any], point_at: PointAt
) -> None:
    point_at(served[0])
    lag = {"read_lag_seconds": 3000, "list_lag_seconds": 3000}
    assert run("plan", folder).code == 0
    served[1].choices = served[1].choices.with_changes(**lag)
    ran = run("apply", folder, "--auto-approve", "--timeout", "6s")
    assert ran.code == 4
    assert "? create category/Drinks unverified: accepted by the API, not verified: " in ran.out
    assert "--timeout 6s ends before the next look, 8 s later" in ran.out


def test_reads_that_do_not_fit_are_an_error_and_nothing_is_written(
    folder: Path, run: RunProgram
) -> None:
    ran = run("apply", folder, "--auto-approve", "--max-requests", 1)
    assert ran.code == 1
    assert "--max-requests 1 is too low: reading the shop needs 2 or more" in ran.err
    assert "Nothing was written" in ran.err
    assert run("sandbox", "show", folder).json["products"] == []


def test_a_run_that_stops_says_what_was_done_and_how_to_go_on(
    folder: Path, run: RunProgram, declare: WriteCatalogue
) -> None:
    """Running each printed command to the end makes the shop as declared."""
    declare("categories:\n" + "".join(f"  - name: C{i}\n" for i in range(6)))
    limit = reads(folder, run) + 4
    ran = run("apply", folder, "--auto-approve", "--max-requests", limit)
    assert ran.code == 4
    assert f"Stopped early: not started: --max-requests {limit} is less than the" in ran.out
    assert re.search(r"Apply incomplete: \d applied \(\d verified\), \d skipped, 4 req", ran.out)
    words = re.search(r"^To continue: reconciler (.*)$", ran.out, re.MULTILINE)
    assert words
    given = ["apply", str(folder), "--auto-approve", "--max-requests", str(limit)]
    assert shlex.split(words[1]) == given
    for _ in range(4):
        ran = run(*shlex.split(words[1]))
        if ran.code == 0:
            break
    assert ran.code == 0
    assert run("plan", folder, "--detailed-exitcode").code == 0


def test_where_nothing_fits_the_way_on_allows_enough(folder: Path, run: RunProgram) -> None:
    limit = reads(folder, run)
    ran = run(
        *("apply", folder, "--auto-approve", "--format", "json"),
        *("--max-requests", limit, "--timeout", "1h", "--reserve", 3),
    )
    assert ran.code == 4
    assert ran.json["summary"] == {
        "applied": 0,
        "unverified": 0,
        "failed": 0,
        "stale": 0,
        "skipped": 3,
    }
    assert "not started" in ran.json["outcomes"][0]["message"]
    assert "not started" in ran.json["stopped"]
    words = shlex.split(ran.json["continue_command"])
    assert words[:3] == ["reconciler", "apply", str(folder)]
    assert {"--auto-approve", "--format", "json"} <= set(words)
    assert words[words.index("--reserve") + 1] == "3"
    assert int(words[words.index("--max-requests") + 1]) > limit
    assert words[words.index("--timeout") + 1] == "1h"
    assert run(*words[1:]).json["summary"]["applied"] > 0


def test_the_way_on_repeats_every_option_that_was_given(folder: Path, run: RunProgram) -> None:
    limit = reads(folder, run)
    ran = run(
        *("apply", folder, "--auto-approve", "-vv", "--kind", "category", "--kind", "product"),
        *("--target", "product/*", "--max-requests", limit),
    )
    words = re.search(r"^To continue: (.*)$", ran.out, re.MULTILINE)
    assert words
    said = shlex.split(words[1])
    assert said[3:].count("--verbose") == 2
    assert [said[i + 1] for i, word in enumerate(said) if word == "--kind"] == [
        "category",
        "product",
    ]
    assert said[said.index("--target") + 1] == "product/*"
    assert "'product/*'" in words[1]


def test_a_run_that_ends_by_itself_names_no_way_on(folder: Path, run: RunProgram) -> None:
    ran = run("apply", folder, "--auto-approve", "--max-requests", 100, "--format", "json")
    assert ran.code == 0
    assert {"stopped", "continue_command"} & set(ran.json) == set()


def test_the_older_spellings_are_still_accepted(folder: Path, run: RunProgram) -> None:
    assert run("apply", folder, "--auto-approve", "--until", "8m", "--take-over").code == 0
    help_text = run("apply", "--help").out
    assert "--until" not in help_text
    assert "--take-over" not in help_text
    ran = run("apply", folder, "--auto-approve", "--until", "0")
    assert ran.err.startswith("error: Invalid value for '--until': '0' is not a duration;")


@pytest.mark.parametrize(
    "command", [["plan"], ["audit"], ["import"], ["adopt", "--all", "--shop"]], ids=lambda c: c[0]
)
def test_a_command_that_reads_ends_in_time(
    folder: Path, run: RunProgram, command: list[str]
) -> None:
    """The reserve leaves one request of a window, so that the second one waits."""
    ran = run(*command, folder, "--timeout", "90s", "--reserve", "49")
    assert ran.code == 1
    assert "--timeout 1m30s is too low: reading the shop needs 3m" in ran.err
