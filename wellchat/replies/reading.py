"""A mail as it came, in the terms of the domain: who says what, in plain text, and what else was with it.

Reads whatever mail programs make, and what they break: it never fails, it finds less.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from typing import NamedTuple

from wellchat.replies.html_text import html_to_text
from wellchat.replies.quote_stripping import extract_reply

MAX_BYTES = 25 * 1024 * 1024  # of a mail with all that hangs on it
ENCRYPTED = {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
IGNORED_TYPES = {
    "text/calendar",
    "application/pgp-keys",
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "application/ms-tnef",
    "text/x-amp-html",
    "text/vcard",
    "text/x-vcard",
}
# Names that mail programs give to character sets, and Python does not know.
CHARSETS = {
    "ansi": "cp1252", "x-ansi": "cp1252", "iso-8859-8-i": "iso-8859-8", "utf8mb4": "utf-8", "gb18030-2000": "gb18030",
    "windows-874": "cp874", "x-sjis": "cp932", "x-gbk": "gbk", "x-mac-roman": "mac_roman", "unicode-1-1-utf-7": "utf-7",
}  # fmt: skip

SIGNATURE_PICTURE = 60_000  # characters that a picture of a signature takes at most, encoded

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\((?:[^()\\]|\\.)*\)')
_IN_ADDRESS = r"[^\s<>,;:\"()\[\]]"
_ADDRESS = re.compile(rf"(?<!{_IN_ADDRESS}){_IN_ADDRESS}+@{_IN_ADDRESS}+")  # tried from its beginning only
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_BODY = re.compile(rb"\r?\n\r?\n")
_INVISIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff]")


class Attachment(NamedTuple):
    """A file that came along. Here is where taking it would begin."""

    name: str
    content_type: str
    content: bytes


class Incoming:
    """One mail. `raw` may be the beginning of it, where all of it was too large."""

    def __init__(self, raw: bytes, *, sender: str | None = None) -> None:
        self.is_too_large = len(raw) > MAX_BYTES
        if raw.startswith(b"From "):  # how a mailbox file begins each mail
            raw = raw.partition(b"\n")[2]
        self.message = _parsed(raw)
        self._sender = sender
        self._raw = raw

    def header(self, name: str) -> str:
        """On one line, its encoded words read; empty where there is none."""
        return _on_one_line(self.message.get(name, ""))

    def headers(self, name: str) -> list[str]:
        return [_on_one_line(value) for value in self.message.get_all(name, [])]

    @property
    def author(self) -> str | None:
        """The one address it says it is from; None where it says several, or none."""
        values = self.message.get_all("From", [])
        if len(values) != 1:
            return None
        found = set(_ADDRESS.findall(_QUOTED.sub(" ", str(values[0]))))
        return found.pop().lower() if len(found) == 1 else None

    @property
    def envelope_sender(self) -> str | None:
        """Empty: a bounce. None: not known."""
        if self._sender is not None:
            return "" if self._sender.upper() in ("<>", "MAILER-DAEMON") else self._sender.strip("<>")
        return self.header("Return-Path").strip("<> ") if "Return-Path" in self.message else None

    @property
    def message_id(self) -> str | None:
        found = _MESSAGE_ID.search(self.header("Message-ID"))
        return found[0] if found else None

    @property
    def replied_to(self) -> list[str]:
        """Ids of the mails it is an answer to."""
        return _MESSAGE_ID.findall(f"{self.header('In-Reply-To')} {self.header('References')}")

    @property
    def key(self) -> str:
        """The same for the same mail, however often and on whatever way it is handed over."""
        essence = self.message_id or repr(
            [
                *(self.header(name) for name in ("From", "Date", "Subject")),
                _BODY.split(self._raw, 1)[-1][:100_000],
            ]
        )
        return hashlib.sha256(essence.encode(errors="replace")).hexdigest()

    @property
    def is_encrypted(self) -> bool:
        return any(part.get_content_type() in ENCRYPTED for part in self.message.walk())

    @property
    def text(self) -> str:
        """What its author wrote: without quotes, without signature."""
        plain, html = self._bodies()
        return extract_reply(plain) or extract_reply(html_to_text(html))

    @property
    def attachments(self) -> list[Attachment]:
        return [
            Attachment(_name(part), part.get_content_type(), content)
            for part in self._parts()
            if _is_attachment(part) and (content := _content(part))
        ]

    def _parts(self) -> list[Message]:
        """The leaves, in order. A mail within a mail is one leaf."""
        found, waiting = [], [self.message]
        while waiting:
            part = waiting.pop(0)
            inner = part.get_payload() if part.get_content_maintype() == "multipart" else None
            if isinstance(inner, list):
                waiting[:0] = [each for each in inner if isinstance(each, Message)]
            else:
                found.append(part)
        return found

    def _bodies(self) -> tuple[str, str]:
        plain, html = [], []
        for part in self._parts():
            if _is_attachment(part):
                continue
            match part.get_content_type():
                case "text/html":
                    html.append(_decoded(part))
                case (
                    "text/plain" | "multipart/alternative" | "multipart/mixed"
                ):  # of which the parts are missing
                    plain.append(_unflowed(part, _decoded(part)))
        return "\n".join(plain), "\n".join(html)


def _parsed(raw: bytes) -> Message:
    try:
        message = message_from_bytes(raw, policy=policy.compat32)
        _ = [*message.walk()]
    except RecursionError:  # nobody wrote so many layers; its headers say who is to be told
        message = BytesHeaderParser(policy=policy.compat32).parsebytes(raw)
        message.set_payload("")
    return message


def clean(text: str) -> str:
    """Without what no database and no screen can hold."""
    return _INVISIBLE.sub(
        "", text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    )


def _on_one_line(value: object) -> str:
    try:
        text = str(make_header(decode_header(str(value))))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        text = str(value)
    return " ".join(clean(text).split())


def _is_attachment(part: Message) -> bool:
    kind, disposition = part.get_content_type(), part.get_content_disposition()
    if kind in IGNORED_TYPES:
        return False  # what mail programs tell each other
    if part.get("Content-ID") and disposition != "attachment":
        return (
            kind.startswith("image/") and len(str(part.get_payload())) > SIGNATURE_PICTURE
        )  # photos that a phone puts inline
    return (
        disposition == "attachment"
        or not kind.startswith(("text/", "multipart/"))
        or bool(part.get_filename())
    )


def _name(part: Message) -> str:
    name = _on_one_line(part.get_filename() or "")
    return name.replace("/", "_")[:80] or {"message/rfc822": "a forwarded email"}.get(
        part.get_content_type(), "a file"
    )


def _content(part: Message) -> bytes:
    if part.get_content_maintype() == "message":
        return part.as_bytes()
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _decoded(part: Message) -> str:
    content = _content(part)
    declared = str(part.get_content_charset() or "").lower()
    for charset in (CHARSETS.get(declared, declared), "utf-8", "cp1252"):
        try:
            codecs.lookup(charset)
            return clean(content.decode(charset))
        except (LookupError, UnicodeError, ValueError):
            continue
    return clean(content.decode("latin-1"))


def _unflowed(part: Message, text: str) -> str:
    """Paragraphs as they were written (RFC 3676): a line that ends with a space goes on in the next."""
    if str(part.get_param("format", "")).lower() != "flowed":
        return text
    joint = 1 if str(part.get_param("delsp", "")).lower() == "yes" else 0
    lines: list[list[str]] = []
    open_depth = None  # of quoting, of a line that goes on
    for line in text.split("\n"):
        words = line.lstrip(">")
        depth = len(line) - len(words)
        words = words[1:] if words.startswith(" ") else words
        goes_on = words.endswith(" ") and words != "-- "
        said = words[:-1] if goes_on and joint else words
        if open_depth == depth and words != "-- ":
            lines[-1].append(said)
        else:
            lines.append([f"{'>' * depth}{' ' if depth else ''}{said}"])
        open_depth = depth if goes_on else None
    return "\n".join("".join(line) for line in lines)
