"""The text of a CSV file, in the encodings that spreadsheets save."""

from __future__ import annotations

import codecs
import re

from dealpos_reconciler.errors import Problem, SourceError

AGAIN = "save it as CSV UTF-8 (comma-delimited)"
WORKBOOK = "an Excel workbook (.xlsx)"
_SPREADSHEET = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
_OTHERS = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    (b"%PDF", "a PDF"),
    (codecs.BOM_UTF32_LE, "text in UTF-32"),
    (codecs.BOM_UTF32_BE, "text in UTF-32"),
)
_ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE = re.compile(r"\r\n|\r|\n")


def decode(raw: bytes, file: str) -> str:
    """Return the text of a CSV file. Raises SourceError for what is not one."""
    if (kind := recognise(raw)) is not None:
        hint = f"give it a name that ends in .xlsx, or {AGAIN}" if kind == WORKBOOK else AGAIN
        raise SourceError([Problem(file, 0, 0, f"is {kind}, not CSV", hint)])
    mark, encoding = next(((m, e) for m, e in _ENCODINGS if raw.startswith(m)), (b"", "utf-8"))
    try:
        text = raw[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode(encoding)
        raise SourceError([_undecodable(file, before, error, encoding)]) from None
    if "\0" in text:
        line, column = place_of(text, text.index("\0"))
        message = "contains a NUL character"
        if not mark and text.count("\0") > len(text) // 3:
            message = "looks like UTF-16 without a byte order mark"
        raise SourceError([Problem(file, line, column, message, AGAIN)])
    return text


def recognise(raw: bytes) -> str | None:
    """Return what a file is by its first bytes, where that is a known format other than text."""
    if raw.startswith(b"PK\x03\x04"):
        if _SPREADSHEET in raw[:200]:
            return "an OpenDocument spreadsheet (.ods)"
        return WORKBOOK if b"xl/" in raw or b"[Content_Types].xml" in raw else "a ZIP archive"
    return next((name for magic, name in _OTHERS if raw.startswith(magic)), None)


def place_of(text: str, index: int) -> tuple[int, int]:
    """Return line and column of a character, both from 1."""
    ends = list(_LINE.finditer(text, 0, index))
    return len(ends) + 1, index - (ends[-1].end() if ends else 0) + 1


def _undecodable(file: str, before: str, error: UnicodeDecodeError, encoding: str) -> Problem:
    line, column = place_of(before, len(before))
    if encoding != "utf-8":
        return Problem(file, line, column, "is cut in the middle of a UTF-16 character", AGAIN)
    byte = error.object[error.start]
    meant = bytes([byte]).decode("cp1252", "replace")
    message = f"is not UTF-8: byte 0x{byte:02X} is `{meant}` in Windows-1252, an older encoding"
    return Problem(file, line, column, message, AGAIN)
