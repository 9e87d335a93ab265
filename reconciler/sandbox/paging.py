"""Which rows of a list a request asks for (facts §13)."""

from dataclasses import dataclass

from .errors import Refusal
from .fields import Fields


@dataclass(frozen=True, slots=True)
class Page:
    """A slice of a list; a limit of -1 takes the rest."""

    limit: int = -1
    offset: int = 0


def asked(fields: Fields) -> Page:
    """The page that ``PageNumber`` (first page 1) and ``PageSize`` name, under the cap."""
    choices = fields.choices
    number = fields.integer("PageNumber")
    size = fields.integer("PageSize")
    if number is not None and number < 1:
        raise Refusal("PageNumber must be 1 or more.")
    if size is not None and size < 1:
        raise Refusal("PageSize must be 1 or more.")
    cap = choices.page_cap
    if size is None:
        size = choices.default_page_size or cap
    elif cap is not None and size > cap:
        if choices.page_over_cap == "reject":
            raise Refusal(f"PageSize may be at most {cap}.")
        size = cap
    if size is None:
        return Page()
    return Page(size, ((number or 1) - 1) * size)
