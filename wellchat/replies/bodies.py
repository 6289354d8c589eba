"""Find the words of a mail among its parts (RFC 2046): as plain text, and as what HTML says, with marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from email.message import Message
from typing import NamedTuple

from wellchat.replies.mailtext import decode, decode_html, html_to_text, without_marks

# Kinds of text that are words; others are files. A multipart that is a leaf lost its boundary: it is text.
_PLAIN = {
    "text/plain", "text/enriched", "text/richtext", "text/markdown", "multipart/alternative",
    "multipart/mixed", "multipart/related",
}  # fmt: skip
_TAGS_OF_ENRICHED = re.compile(r"<(?!<)/?[\w-]{1,60}>")
_INVISIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff]")
_TOKEN = re.compile(r"\w{2,}")
MAX_LAYERS = 50  # of parts within parts; deeper ones are read as if they stood beside each other
MIN_TOKENS, MAX_TOKENS = 5, 2_000


class Body(NamedTuple):
    """The words of a mail in its two renditions. "": it has no such one."""

    plain: str
    html: str  # as html_to_text made it, with marks

    def differ(self) -> bool:
        """Return whether the plain rendition says something else: "This mail needs a program that ..."."""
        plain, html = (
            set(_TOKEN.findall(without_marks(text[:100_000]).lower())[:MAX_TOKENS]) for text in self
        )
        return bool(len(plain) >= MIN_TOKENS and html) and len(plain & html) * 3 < min(len(plain), len(html))


def clean(text: str) -> str:
    """Return text without characters that no database or screen can hold, and with one kind of line break."""
    return _INVISIBLE.sub(
        "", text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    )


def is_words(part: Message) -> bool:
    """Return whether a leaf is what a person wrote, not a file."""
    if part.get_content_disposition() == "attachment" or part.get_filename():
        return False
    return part.get_content_type() in _PLAIN or part.get_content_type() == "text/html"


def children(part: Message) -> list[Message] | None:
    """Return the parts of a part. None: it is a leaf; a mail within the mail is one."""
    inner = part.get_payload() if part.get_content_maintype() == "multipart" else None
    return [each for each in inner if isinstance(each, Message)] if isinstance(inner, list) else None


def leaves(part: Message) -> list[tuple[Message, Message | None]]:
    """Return the leaves of a tree of parts in order, each with the part that it stands in."""
    found: list[tuple[Message, Message | None]] = []
    waiting: list[tuple[Message, Message | None]] = [(part, None)]
    while waiting:
        each, around = waiting.pop()
        inner = children(each)
        if inner is None:
            found.append((each, around))
        else:
            waiting += [(child, each) for child in reversed(inner)]
    return found


def read_body(part: Message, layers: int = MAX_LAYERS) -> Body:
    """Return the words of a part and of those within it."""
    inner = children(part)
    if inner is None:
        return _read_leaf(part) if is_words(part) else Body("", "")
    if not layers:
        return _one_after_another([_read_leaf(each) for each, _ in leaves(part) if is_words(each)])
    bodies = [read_body(each, layers - 1) for each in inner]
    if part.get_content_type() == "multipart/alternative":
        return Body(_joined(body.plain for body in bodies), _joined(body.html for body in bodies))
    return _one_after_another(bodies)


def _one_after_another(bodies: Sequence[Body]) -> Body:
    # One of them may have only one rendition: it stands in both.
    plain = _joined(body.plain or body.html for body in bodies) if any(body.plain for body in bodies) else ""
    html = _joined(body.html or body.plain for body in bodies) if any(body.html for body in bodies) else ""
    return Body(plain, html)


def _joined(texts: Iterable[str]) -> str:
    return "\n".join(text for text in texts if text)


def _read_leaf(part: Message) -> Body:
    content, label = content_of(part), str(part.get_content_charset() or "")
    if part.get_content_type() == "text/html":
        return Body("", html_to_text(clean(decode_html(content, label))))
    text = without_marks(clean(decode(content, label)))
    if part.get_content_type() in ("text/enriched", "text/richtext"):
        text = _TAGS_OF_ENRICHED.sub("", text).replace("<<", "<")
    return Body(_unflowed(part, text), "")


def content_of(part: Message) -> bytes:
    """Return the bytes that a leaf holds, decoded from what they travel in."""
    if part.get_content_maintype() == "message":
        return part.as_bytes()
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


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
