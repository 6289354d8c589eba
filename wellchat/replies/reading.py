"""Read a mail as it came: its author, its text, its files.

It takes whatever mail programs write or break. It never fails; it finds less.
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

from wellchat.replies.mailtext import extract_reply, html_to_text

MAX_BYTES = 25 * 1024 * 1024  # of a mail with its files
ENCRYPTED = {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
# Parts that mail programs write for each other.
IGNORED_TYPES = {
    "text/calendar", "application/pgp-keys", "application/pgp-signature", "application/pkcs7-signature",
    "application/x-pkcs7-signature", "application/ms-tnef", "text/x-amp-html", "text/vcard", "text/x-vcard",
}  # fmt: skip
# Names of character sets that mail programs use and Python does not know.
CHARSETS = {
    "ansi": "cp1252", "x-ansi": "cp1252", "iso-8859-8-i": "iso-8859-8", "utf8mb4": "utf-8",
    "gb18030-2000": "gb18030", "windows-874": "cp874", "x-sjis": "cp932", "x-gbk": "gbk",
    "x-mac-roman": "mac_roman", "unicode-1-1-utf-7": "utf-7",
}  # fmt: skip

SIGNATURE_PICTURE = 60_000  # characters in base64; a larger inline picture is a photo

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\((?:[^()\\]|\\.)*\)')
_IN_ADDRESS = r"[^\s<>,;:\"()\[\]]"
# The lookbehind makes it try each address from its beginning only; without it a long header takes seconds.
_ADDRESS = re.compile(rf"(?<!{_IN_ADDRESS}){_IN_ADDRESS}+@{_IN_ADDRESS}+")
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_BODY = re.compile(rb"\r?\n\r?\n")
_INVISIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff]")


class Attachment(NamedTuple):
    """A file in a mail."""

    name: str
    content_type: str
    content: bytes


class Incoming:
    """One mail. `raw` may be only the beginning of it, if all of it is too large."""

    def __init__(self, raw: bytes, *, sender: str | None = None) -> None:
        self.is_too_large = len(raw) > MAX_BYTES
        # A mail from an mbox file begins with a line "From ...", which is no header.
        if raw.startswith(b"From "):
            raw = raw.partition(b"\n")[2]
        self.message = _parsed(raw)
        self._sender = sender
        self._raw = raw

    def header(self, name: str) -> str:
        """Return a header on one line, its encoded words decoded (RFC 2047). "": there is none."""
        return _on_one_line(self.message.get(name, ""))

    def headers(self, name: str) -> list[str]:
        """Return all headers of this name, each as `header` does."""
        return [_on_one_line(value) for value in self.message.get_all(name, [])]

    @property
    def author(self) -> str | None:
        """Return the address in From, in lower case. None: there is none, or more than one."""
        values = self.message.get_all("From", [])
        # Of several, programs show one or another. Which one wrote it cannot be said.
        if len(values) != 1:
            return None
        # A name or a comment may hold what looks like an address.
        found = set(_ADDRESS.findall(_QUOTED.sub(" ", str(values[0]))))
        return found.pop().lower() if len(found) == 1 else None

    @property
    def envelope_sender(self) -> str | None:
        """Return the envelope sender. "": a bounce. None: not known."""
        if self._sender is not None:
            return "" if self._sender.upper() in ("<>", "MAILER-DAEMON") else self._sender.strip("<>")
        return self.header("Return-Path").strip("<> ") if "Return-Path" in self.message else None

    @property
    def message_id(self) -> str | None:
        """Return the Message-ID with its angle brackets. None: there is none."""
        found = _MESSAGE_ID.search(self.header("Message-ID"))
        return found[0] if found else None

    @property
    def replied_to(self) -> list[str]:
        """Return the Message-IDs that the mail replies to, oldest first."""
        return _MESSAGE_ID.findall(f"{self.header('In-Reply-To')} {self.header('References')}")

    @property
    def key(self) -> str:
        """Return a hash that is the same whenever and however this mail is handed over."""
        # Without an id: what no mail server changes on the way.
        essence = self.message_id or repr(
            [
                *(self.header(name) for name in ("From", "Date", "Subject")),
                _BODY.split(self._raw, 1)[-1][:100_000],
            ]
        )
        return hashlib.sha256(essence.encode(errors="replace")).hexdigest()

    @property
    def is_encrypted(self) -> bool:
        """Return whether the mail is encrypted (OpenPGP or S/MIME)."""
        return any(part.get_content_type() in ENCRYPTED for part in self.message.walk())

    @property
    def text(self) -> str:
        """Return what the author wrote, without quotes and signature."""
        plain, html = self._bodies()
        return extract_reply(plain) or extract_reply(html_to_text(html))

    @property
    def attachments(self) -> list[Attachment]:
        """Return the files in the mail, without signatures and pictures of signatures."""
        return [
            Attachment(_name(part), part.get_content_type(), content)
            for part in self._parts()
            if _is_attachment(part) and (content := _content(part))
        ]

    def _parts(self) -> list[Message]:
        """Return the leaves of the MIME tree, in order. A mail within the mail is one leaf."""
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
                # A multipart that is a leaf has no parts: its boundary is missing, and its payload is text.
                case "text/plain" | "multipart/alternative" | "multipart/mixed":
                    plain.append(_unflowed(part, _decoded(part)))
        return "\n".join(plain), "\n".join(html)


def _parsed(raw: bytes) -> Message:
    try:
        message = message_from_bytes(raw, policy=policy.compat32)
        _ = [*message.walk()]
    except RecursionError:
        # No person writes so many layers. The headers are enough to tell the sender.
        message = BytesHeaderParser(policy=policy.compat32).parsebytes(raw)
        message.set_payload("")
    return message


def clean(text: str) -> str:
    """Return text without characters that no database or screen can hold, and with one kind of line break."""
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
        return False
    if part.get("Content-ID") and disposition != "attachment":
        # Phones put photos inline.
        return kind.startswith("image/") and len(str(part.get_payload())) > SIGNATURE_PICTURE
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
    # What the mail declares, else what is usual; latin-1 below takes any byte.
    for charset in (CHARSETS.get(declared, declared), "utf-8", "cp1252"):
        try:
            codecs.lookup(charset)
            return clean(content.decode(charset))
        except (LookupError, UnicodeError, ValueError):
            continue
    return clean(content.decode("latin-1"))


def _unflowed(part: Message, text: str) -> str:
    """Return paragraphs as they were written (RFC 3676): a trailing space continues the line."""
    if str(part.get_param("format", "")).lower() != "flowed":
        return text
    joint = 1 if str(part.get_param("delsp", "")).lower() == "yes" else 0
    lines: list[list[str]] = []
    open_depth = None  # quoting depth of a line that continues in the next
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
