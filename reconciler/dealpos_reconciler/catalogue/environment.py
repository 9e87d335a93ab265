"""Fill in `${NAME}` from the environment, and limit what that adds to the files.

Plans, comments and the shop show what catalogue files contain, and a pull request can change both
the files and `reconciler.yaml`. So catalogue files read variables with one prefix and those that
the settings list by name. Credentials and keys are never among them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

PREFIX = "CATALOGUE_"
"""The beginning of the names that catalogue files may read."""
RESERVED_PREFIXES = ("DEALPOS_", "RECONCILER_")
"""The beginnings of the names of credentials and keys."""
SETTING = "environment"
"""The setting that lists further names for catalogue files."""
MAX_ADDED_CHARACTERS = 32 * 1024 * 1024
"""Characters that `${NAME}` and aliases may add to all files of a shop together."""

_NAME = re.compile(r"\$(\$?)\{(?:([A-Za-z_][A-Za-z0-9_]*)\})?")
"""`${` or `$${`, with the name and `}` where these follow."""


class UnreadableName(ValueError):
    """`${NAME}` that cannot be filled in: the message, and a hint."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class UnsetName(UnreadableName):
    """`${NAME}` where the environment has no such name."""


class TooMuchText(UnreadableName):
    """`${NAME}` and aliases add more characters to the files than the limit."""

    def __init__(self) -> None:
        limit = f"{MAX_ADDED_CHARACTERS:,}"
        message = f"aliases and `${{NAME}}` add more than {limit} characters to the files"
        super().__init__(message, "shorten the value, or repeat it less often")


class Expander:
    """Fills in `${NAME}`; `$${` stays as the text `${`, whatever follows.

    Counts the characters that are added, for every text that it is called with.
    """

    def __init__(
        self, environment: Mapping[str, str], listed: Collection[str] | None = None
    ) -> None:
        """Take the names that the settings list; None for a text that may name any variable."""
        self.environment = environment
        self.listed = listed
        self.added_characters = 0
        self.has_filled_in = False
        """True where a text has named a variable."""

    def __call__(self, written: str) -> str:
        """Return the text. Raises UnreadableName."""
        return _NAME.sub(self._fill, written)

    def add(self, characters: int) -> None:
        """Count characters that were added. Raises TooMuchText."""
        self.added_characters += characters
        if self.added_characters > MAX_ADDED_CHARACTERS:
            raise TooMuchText

    def _fill(self, match: re.Match[str]) -> str:
        escaped, name = match.groups()
        if escaped:
            return match[0][1:]
        if name is None:
            message = "`${` must be followed by the name of a variable and `}`"
            raise UnreadableName(message, "write ${NAME}, or $${ as literal text")
        if self.listed is not None:
            refuse_name(name, self.listed)
        if name not in self.environment:
            hint = f"set it, or write $${{{name}}} as literal text"
            raise UnsetName(f"environment variable {name} is not set", hint)
        self.has_filled_in = True
        value = self.environment[name]
        self.add(len(value))
        return value


def is_reserved(name: str) -> bool:
    """Return whether a variable holds a credential or a key; Windows ignores the case of names."""
    return name.upper().startswith(RESERVED_PREFIXES)


def refuse_name(name: str, listed: Collection[str]) -> None:
    """Raise UnreadableName for a variable that catalogue files must not read."""
    literal = f"write $${{{name}}} as literal text"
    if is_reserved(name):
        message = f"environment variable {name} must not be read here: it may be a secret"
        raise UnreadableName(message, f"plans show this value; {literal}")
    if not name.startswith(PREFIX) and name not in listed:
        message = f"catalogue files must not read the environment variable {name}"
        hint = f"give it a name that begins with {PREFIX}, or list it in reconciler.yaml: "
        raise UnreadableName(message, f"{hint}`{SETTING}: [{name}]`; or {literal}")


def mask_names(written: str) -> str:
    """Return a text as it is shown: with the name of each variable in the place of its value."""

    def show(match: re.Match[str]) -> str:
        escaped, name = match.groups()
        return match[0][1:] if escaped else f"(from {name})"

    return _NAME.sub(show, written)


def names_in(written: str) -> list[str]:
    """Return the variables that a text names."""
    return [name for escaped, name in _NAME.findall(written) if name and not escaped]


def is_placeholder(written: str) -> bool:
    """Return whether `written` consists of `${NAME}` only, without text of its own."""
    return bool(written) and not _NAME.sub(lambda found: "" if found[2] else found[0], written)


def is_name(text: str) -> bool:
    """Return whether a text can be the name of a variable."""
    return _NAME.fullmatch(f"${{{text}}}") is not None
