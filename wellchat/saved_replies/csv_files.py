"""Read and write saved replies as CSV (RFC 4180): a title and a text in each row.

Spreadsheets write semicolons where the comma is the decimal sign, and a byte order mark; both are read. A
cell that a spreadsheet would take for a formula is written behind an apostrophe, which is taken off again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import NamedTuple

from wellchat.errors import Invalid
from wellchat.forms import fill
from wellchat.i18n import gettext
from wellchat.saved_replies.forms import SavedReplyForm
from wellchat.saved_replies.models import SavedReply

HEADER = ("title", "text")
MAX_FILE = 4 * 1024 * 1024  # bytes: the longest 500 texts, in a script of four bytes for each letter
MAX_ROWS = 5_000
DELIMITERS = ";,\t"
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_HIDDEN_FORMULA = re.compile(r"'+[=+\-@\t\r]")


class BadRow(NamedTuple):
    """A row that is refused, by its number in the file, and why."""

    number: int
    reason: str


def read_rows(content: bytes) -> tuple[list[tuple[int, SavedReplyForm]], list[BadRow]]:
    """Return ([(number of the row, reply)], rows that are refused). Raises Invalid for no CSV at all."""
    if len(content) > MAX_FILE:
        raise Invalid({"file": gettext("This file is too large for saved replies.")})
    rows = _split(_decode(content))
    if len(rows) > MAX_ROWS:
        raise Invalid({"file": gettext("This file has more than %(num)s rows.", num=MAX_ROWS)})
    good, bad = [], []
    for number, cells in enumerate(rows, start=1):
        if not any(cell.strip() for cell in cells) or (number == 1 and _is_header(cells)):
            continue
        try:
            good.append((number, _reply(cells)))
        except Invalid as refusal:
            bad.append(BadRow(number, next(iter(refusal.errors.values()))))
    if not good and not bad:
        raise Invalid({"file": gettext("There is no saved reply in this file.")})
    return good, bad


def write_rows(replies: Iterable[SavedReply]) -> bytes:
    """Return the replies as CSV with a header, which `read_rows` takes again. It begins with a BOM."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    for reply in replies:
        writer.writerow([_harmless(reply.title), _harmless(reply.body)])
    # Excel takes a file without the mark for one of the local code page.
    return out.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _reply(cells: list[str]) -> SavedReplyForm:
    # Spreadsheets fill up rows with empty cells.
    while len(cells) > len(HEADER) and not cells[-1].strip():
        cells = cells[:-1]
    if len(cells) != len(HEADER):
        raise Invalid({"row": gettext("A row has two columns: the title and the text.")})
    title, body = (cell[1:] if _HIDDEN_FORMULA.match(cell) else cell for cell in cells)
    return fill(SavedReplyForm, {"title": title, "body": body})


def _decode(content: bytes) -> str:
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise Invalid({"file": gettext("This is no CSV file in UTF-8. Save it as “CSV UTF-8”.")}) from None


def _is_header(cells: list[str]) -> bool:
    return tuple(cell.strip().lower() for cell in cells if cell.strip()) in (HEADER, ("title", "body"))


def _split(text: str) -> list[list[str]]:
    """Return the cells of each row, by the delimiter that makes most rows of two. Raises Invalid."""
    found, wrong = [], None
    for delimiter in DELIMITERS:
        try:
            # newline="": the line ends inside quotes are the reader's own.
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
        except csv.Error as error:
            wrong = error
            continue
        is_named = bool(rows) and _is_header(rows[0])
        fitting = sum(len(cells) == len(HEADER) for cells in rows)
        found.append((is_named, fitting, rows))
    # The first of equals: a text has commas more often than semicolons.
    best = max(found, key=lambda each: each[:2], default=(False, 0, []))
    if wrong is not None and not best[1]:
        raise Invalid({"file": gettext("The quotes in this file do not end where a cell ends.")}) from wrong
    return best[2]
