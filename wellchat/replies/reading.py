"""Read a mail as it came: its author, its text, its files.

It takes whatever mail programs write or break. It never fails; it finds less.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from email import message_from_bytes, policy
from email.message import Message
from email.parser import BytesHeaderParser
from functools import cached_property
from typing import NamedTuple

from wellchat.replies.bodies import Body, clean, content_of, is_words, leaves, read_body
from wellchat.replies.mailtext import (
    Reply,
    decode,
    decode_header,
    pictures_in,
    split_reply,
    with_plain_headers,
    without_marks,
)
from wellchat.replies.mailtext.armor import ENCRYPTED as ARMOR
from wellchat.replies.mailtext.marks import UNREAD

MAX_BYTES = 25 * 1024 * 1024  # of a mail with its files
ENCRYPTED = {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
# Parts that mail programs write for each other, and that hold nothing of their author's.
IGNORED_TYPES = {
    "application/pgp-keys", "application/pgp-signature", "application/pkcs7-signature",
    "application/x-pkcs7-signature", "application/pgp-encrypted", "text/x-amp-html",
}  # fmt: skip
UNNAMED = {
    "message/rfc822": "a forwarded email", "application/ms-tnef": "winmail.dat",
    "text/calendar": "invitation.ics", "text/vcard": "contact.vcf", "text/x-vcard": "contact.vcf",
}  # fmt: skip
DECORATION = 2_000  # bytes; a smaller picture in the text is an icon or a spacer

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\((?:[^()\\]|\\.)*\)')
_IN_ADDRESS = r"[^\s<>,;:\"()\[\]]"
# The lookbehind makes it try each address from its beginning only; without it a long header takes seconds.
_ADDRESS = re.compile(rf"(?<!{_IN_ADDRESS}){_IN_ADDRESS}+@{_IN_ADDRESS}+")
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_BODY = re.compile(rb"\r?\n\r?\n")


class Attachment(NamedTuple):
    """A file in a mail."""

    name: str
    content_type: str
    content: bytes


class Incoming:
    """One mail. `raw` may be only the beginning of it, if all of it is too large."""

    def __init__(self, raw: bytes, *, sender: str | None = None) -> None:
        self.is_too_large = len(raw) > MAX_BYTES
        raw = with_plain_headers(raw)
        # Names and addresses that only our own mails have: what holds one was not written in a reply.
        self.ours: Sequence[str] = ()
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
        sealed = any(
            part.get_content_type() in ENCRYPTED and not _is_signed(part) for part in self.message.walk()
        )
        return sealed or ARMOR in self._body.plain

    @property
    def is_signed_whole(self) -> bool:
        """Return whether the words are inside an S/MIME signature (RFC 8551, section 3.5.2)."""
        return any(_is_signed(part) for part in self.message.walk())

    @property
    def text(self) -> str:
        """Return what the author wrote, without quotes and signature."""
        return self.reply.words

    @cached_property
    def reply(self) -> Reply:
        """Return what the author wrote, and what is left out of the mail's text."""
        chosen = self._split.plain if self._says_plain else self._split.html
        words = without_marks(chosen.words)
        for part in self._pictures:
            words = _without_placeholder(words, part)
        if ARMOR in words:
            words = ""
        return Reply(_tidied(words), _tidied(without_marks(chosen.left_out)))

    @property
    def is_read_whole(self) -> bool:
        """Return whether all of what the author wrote was read. Nobody writes so much that it is not."""
        return UNREAD not in (self._split.plain if self._says_plain else self._split.html).words

    @property
    def attachments(self) -> list[Attachment]:
        """Return the files in the mail, without signatures and the pictures of signatures and quotes."""
        return [
            Attachment(self._name(part), part.get_content_type(), content)
            for part, around in leaves(self.message)
            if self._is_attachment(part, around) and ((content := content_of(part)) or part.get_filename())
        ]

    @cached_property
    def _body(self) -> Body:
        return read_body(self.message)

    @cached_property
    def _split(self) -> _Split:
        return _Split(*(split_reply(text, self.ours) for text in self._body))

    @property
    def _says_plain(self) -> bool:
        """Return whether the plain rendition is the one to read."""
        if not without_marks(self._split.plain.words):
            return not without_marks(self._split.html.words)
        return not (without_marks(self._split.html.words) and self._body.differ())

    @property
    def _pictures(self) -> list[Message]:
        return [part for part, around in leaves(self.message) if _is_inline_picture(part)]

    def _is_attachment(self, part: Message, around: Message | None) -> bool:
        kind = part.get_content_type()
        if kind in IGNORED_TYPES or is_words(part):
            return False
        is_rendition = around is not None and around.get_content_type() == "multipart/alternative"
        if is_rendition and part.get_content_maintype() == "text":
            # The same words once more, such as an invitation as text/calendar.
            return part.get_content_disposition() == "attachment"
        if kind in ENCRYPTED:
            return False
        return not _is_inline_picture(part) or self._is_picture_of_words(part)

    def _is_picture_of_words(self, part: Message) -> bool:
        """Return whether a picture in the text is one that its author put there, not a logo or an icon."""
        content_id = _content_id(part)
        is_named = content_id in self._body.html
        return len(content_of(part)) >= DECORATION and (
            not is_named or content_id in pictures_in(self._split.html.words)
        )

    def _name(self, part: Message) -> str:
        name = _on_one_line(_filename(part)).replace("/", "_")
        if len(name) > 80:
            # The ending says what it is.
            stem, dot, ending = name.rpartition(".")
            name = f"{stem[: 79 - len(ending)]}{dot}{ending}" if dot and len(ending) < 12 else name[:80]
        return name or UNNAMED.get(part.get_content_type(), "a file")


class _Split(NamedTuple):
    plain: Reply
    html: Reply


class _Healing(policy.Compat32):
    """Headers whose raw bytes are read in the character set of the mail's own text."""

    label = ""

    def header_fetch_parse(self, name: str, value: str) -> str:
        try:
            value.encode()
        except UnicodeEncodeError:
            return decode(value.encode("utf-8", "surrogateescape"), self.label)
        return value


def _parsed(raw: bytes) -> Message:
    try:
        message = message_from_bytes(raw, policy=policy.compat32)
        parts = [*message.walk()]
    except RecursionError:
        # No person writes so many layers. The headers are enough to tell the sender.
        message = BytesHeaderParser(policy=policy.compat32).parsebytes(raw)
        message.set_payload("")
        parts = [message]
    labels = (part.get_content_charset() for part in parts if part.get_content_maintype() == "text")
    label = next(filter(None, labels), "")
    healing = _Healing(label=label)  # type: ignore[call-arg]  # it takes what its class has
    for part in parts:
        part.policy = healing
    return message


def _is_signed(part: Message) -> bool:
    return str(part.get_param("smime-type", "")).lower() == "signed-data"


def _is_inline_picture(part: Message) -> bool:
    return (
        part.get_content_maintype() == "image"
        and bool(part.get("Content-ID"))
        and part.get_content_disposition() != "attachment"
    )


def _content_id(part: Message) -> str:
    return str(part.get("Content-ID", "")).strip().strip("<>")[:200] or "-"


def _without_placeholder(words: str, part: Message) -> str:
    """Return words without what a program writes where a picture stands: "[image: a.png]", "[cid:x@y]"."""
    for name in (_on_one_line(_filename(part)), _content_id(part)):
        for form in (f"[image: {name}]", f"[Image: {name}]", f"[cid:{name}]", f"<{name}>", f"[{name}]"):
            words = words.replace(form, "") if name else words
    return words


def _tidied(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip()


def _filename(part: Message) -> str:
    """Return a file's name, in whatever character set it is written (RFC 2231). "": it has none."""
    for header, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        value = part.get_param(parameter, None, header)
        if isinstance(value, tuple):
            charset, _, coded = value
            return decode(str(coded).encode("latin-1", "replace"), charset or "")
        if value:
            return str(value)
    return ""


def _on_one_line(value: object) -> str:
    return " ".join(clean(decode_header(str(value))).split())
