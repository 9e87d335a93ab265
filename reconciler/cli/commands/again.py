"""The command line of a run, for doing what it has left."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from reconciler.core.report import Report


def way_on(report: Report) -> str:
    """The command that goes on after a run that ended early; empty for one that did not.

    It is the command that was given, allowed more where nothing could be begun within its limits.
    """
    if not report.stopped:
        return ""
    from reconciler.dealpos.budget import format_duration

    context = click.get_current_context()
    given = dict(context.params)
    requests, seconds = report.needed or (0, 0.0)
    if given["max_requests"] is not None:
        given["max_requests"] = max(given["max_requests"], requests)
    if given["until"] is not None:
        given["until"] = format_duration(max(given["until"], seconds))
    words = [word for option in context.command.params for word in _words(option, given)]
    return shlex.join(["reconciler", context.command.name or "", *words])


def _words(parameter: click.Parameter, given: dict[str, Any]) -> Iterator[str]:
    value = given[parameter.name or ""]
    if not isinstance(parameter, click.Option):
        yield str(value)
    elif isinstance(value, tuple):
        for item in value:
            yield from (parameter.opts[-1], str(item))
    elif parameter.count or parameter.is_flag:
        yield from [parameter.opts[-1]] * int(value)
    elif value is not None and value != parameter.default:
        yield from (parameter.opts[-1], str(value))
