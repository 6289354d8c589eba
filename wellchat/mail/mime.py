"""Write mails as bytes (RFC 5322), with bodies in quoted-printable (RFC 2045).

Written by hand for two reasons (docs/decisions/0009-own-mime-writer.md). `email.message.EmailMessage` takes
finished headers apart and puts them together again: it needs 2 ms for a digest of 9 kB, this module 0.07 ms.
And it folds long links (List-Unsubscribe) and reply addresses, which some mail programs do not put together
again. The tests read the mails with the standard library.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Mapping
from email.header import Header

_SPECIAL = re.compile(r"[^\w !#$%&'*+/=?^`{|}~-]", re.ASCII)  # a name with one of these is quoted
JOINERS = "\u200c\u200d"  # format characters inside words and emoji


def message(
    headers: dict[str, str | None],
    text: str,
    html: str | None,
    *,
    boundary: str,
    calendar: tuple[str, bytes] | None = None,
) -> bytes:
    """Return the finished mail: one body of text, or text and HTML as alternatives (RFC 2046).

    `calendar` is (method, iCalendar): the last alternative, whose type names the same method (RFC 6047).
    Headers keep their order; those that are None are left out. Headers must be encoded already.
    """
    whole = {**headers, "MIME-Version": "1.0"}
    if html is None:
        return _head(whole) + _part(text, "plain")
    whole["Content-Type"] = (
        # In quoted-printable "=" begins a code of two hex digits, so no line of a part looks like this
        # boundary.
        f'multipart/alternative; boundary="{boundary}"'
    )
    line, parts = boundary.encode(), [_part(text, "plain"), _part(html, "html")]
    if calendar is not None:
        parts.append(_calendar_part(*calendar))
    body = b"".join(b"--%b\r\n%b\r\n" % (line, part) for part in parts)
    return b"%b\r\n%b--%b--\r\n" % (_head(whole), body, line)


def _head(headers: Mapping[str, str | None]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value is not None).encode()


def _part(content: str, subtype: str) -> bytes:
    """Return one body with its own headers."""
    lines = content.replace("\r\n", "\n").replace("\r", "\n").encode(errors="replace")
    head = {"Content-Type": f"text/{subtype}; charset=utf-8", "Content-Transfer-Encoding": "quoted-printable"}
    return _head(head) + b"\r\n" + b2a_qp(lines, istext=True).replace(b"\n", b"\r\n")


def _calendar_part(method: str, content: bytes) -> bytes:
    head = {
        "Content-Type": f'text/calendar; method={method}; charset=UTF-8; name="invite.ics"',
        "Content-Transfer-Encoding": "base64",
    }
    return _head(head) + b"\r\n" + encodebytes(content).replace(b"\n", b"\r\n")


def mailbox(name: str, address: str) -> str:
    """Return a name and an address for a header (RFC 5322, section 3.4)."""
    name, address = one_line(name), "".join(one_line(address).split())
    if not name:
        return address
    if name.isascii():
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{address}>' if _SPECIAL.search(name) else f"{name} <{address}>"
    return f"{encoded(name)} <{address}>"


def encoded(text: str) -> str:
    """Return text for a header: ASCII as it is, anything else as encoded words (RFC 2047)."""
    return text if text.isascii() else Header(text, "utf-8").encode(linesep="\r\n")


def one_line(text: str) -> str:
    """Return text for a header, without line breaks, control characters and direction marks."""
    if text.isascii() and text.isprintable() and "=?" not in text:
        return " ".join(text.split())
    kept = (" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    visible = (c for c in kept if c in JOINERS or unicodedata.category(c) not in ("Cf", "Cs", "Co"))
    # Mail programs decode "=?...?=" wherever they find it, and may find line breaks and headers in it.
    return " ".join("".join(visible).replace("=?", "= ?").split())
