"""Read headers as mail programs write them: encoded words (RFC 2047), raw bytes, lines that are no header."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode

from wellchat.replies.mailtext.charsets import codec_of, decode

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]{0,20000}?)\?=")
_BETWEEN = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
_NAMED = re.compile(rb"[!-9;-~]{1,100}[ \t]*:")
MAX_HEADERS = 1_000_000  # bytes; mail servers take far less


def decode_header(value: str) -> str:
    """Return a header's text: its encoded words decoded, and its raw bytes (surrogates) as what they are.

    It never fails: a word that cannot be decoded stays as it was written.
    """
    words = _WORD.split(_BETWEEN.sub(r"\1", readable(value)))
    found, waiting, charset = [words[0]], b"", ""
    for index in range(1, len(words), 4):
        label, kind, coded, after = words[index : index + 4]
        # A letter of several bytes may begin in one word and end in the next.
        if waiting and label.lower() != charset.lower():
            found.append(decode(waiting, charset))
            waiting = b""
        content = _decoded_word(kind, coded)
        if content is None or codec_of(label.partition("*")[0]) is None:
            found += [decode(waiting, charset), f"=?{label}?{kind}?{coded}?="]
            waiting = b""
        else:
            waiting, charset = waiting + content, label.partition("*")[0]
        if after:
            found += [decode(waiting, charset) if waiting else "", after]
            waiting = b""
    found.append(decode(waiting, charset) if waiting else "")
    return "".join(found)


def _decoded_word(kind: str, coded: str) -> bytes | None:
    """Return the bytes of one encoded word. None: they cannot be told."""
    try:
        raw = coded.encode("ascii")
        if kind in "bB":
            return b64decode(raw + b"=" * (-len(raw.rstrip(b"=")) % 4))
        return binascii.a2b_qp(raw, header=True)
    except (binascii.Error, UnicodeError, ValueError):
        return None


def readable(value: str) -> str:
    """Return a header whose raw bytes the parser has kept as surrogates, with the letters that they are."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return decode(value.encode("utf-8", "surrogateescape"))
    return value


def with_plain_headers(raw: bytes) -> bytes:
    """Return a mail that begins with its headers, without lines among them that are none.

    A byte order mark, empty lines, an mbox file's "From " and lines without a colon would end the headers
    for a parser, and with them the author would be lost (RFC 5322 has no such lines).
    """
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    end = min((at for at in (raw.find(b"\n\n"), raw.find(b"\n\r\n")) if at >= 0), default=len(raw))
    if end > MAX_HEADERS:
        return raw
    lines = raw[:end].split(b"\n")
    last = max((n for n, line in enumerate(lines) if _NAMED.match(line)), default=-1)
    kept = [
        line
        for n, line in enumerate(lines)
        if n > last or _NAMED.match(line) or (line.startswith((b" ", b"\t")) and n)
    ]
    return b"\n".join(kept) + raw[end:] if len(kept) < len(lines) else raw
