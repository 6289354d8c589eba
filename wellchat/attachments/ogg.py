"""Ogg files with Opus in them (RFC 3533, RFC 7845)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

MARK = b"OggS"
MAX_PAGES = 200_000  # of one file; a page is a second, as a rule
MAX_COMMENT_PAGES = 32  # two megabytes, with a picture
OPUS_RATE = 48_000  # of granule positions, whatever the input had (RFC 7845, 4)


class Page(NamedTuple):
    head: int
    body: int
    end: int
    granule: int
    serial: int


def _pages(content: bytes) -> Iterator[Page]:
    at = 0
    for _ in range(MAX_PAGES):
        if content[at : at + 4] != MARK or at + 27 > len(content):
            return
        granule, serial = struct.unpack_from("<qI", content, at + 6)
        table = content[at + 27 : at + 27 + content[at + 26]]
        body = at + 27 + len(table)
        page = Page(at, body, body + sum(table), granule, serial)
        if page.end > len(content):
            return
        yield page
        at = page.end


def is_opus_ogg(content: bytes) -> bool:
    """Return whether this is one stream of Opus, and nothing else."""
    if content[28:36] != b"OpusHead":
        return False
    serials, end = set(), 0
    for page in _pages(content):
        serials.add(page.serial)
        end = page.end
    # What stands behind the last page would be something else in the same file.
    return len(serials) == 1 and end == len(content)


def ogg_duration(content: bytes) -> int:
    """Return the duration in milliseconds. Raises struct.error for a damaged file."""
    (skip,) = struct.unpack_from("<H", content, 28 + 10)
    last = max((page.granule for page in _pages(content)), default=0)
    return int(last - skip) * 1000 // OPUS_RATE


def plain_ogg(content: bytes) -> bytes:
    """Return the recording without its comments, which name programs, devices and titles.

    Raises struct.error for a damaged file.
    """
    made = bytearray(content)
    # The comments follow the first page. They end with the first page whose position is 0 (RFC 7845, 4, 5.2);
    # those before it, on which no packet ends, have the position -1.
    for index, page in enumerate(islice(_pages(content), 1, None)):
        size = page.end - page.body
        begins = content[page.body : page.body + 8] == b"OpusTags"
        if begins != (index == 0) or index == MAX_COMMENT_PAGES:
            raise struct.error("comments are not where they belong")
        # No vendor and no comments; what follows them is padding (RFC 7845, 5.2).
        made[page.body : page.end] = (b"OpusTags" + bytes(size))[:size] if begins else bytes(size)
        made[page.head + 22 : page.head + 26] = bytes(4)
        made[page.head + 22 : page.head + 26] = struct.pack("<I", _ogg_checksum(made[page.head : page.end]))
        if page.granule == 0:
            break
    return bytes(made)


def _checksum_table() -> list[int]:
    table = []
    for value in range(256):
        value <<= 24
        for _ in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
        table.append(value & 0xFFFFFFFF)
    return table


_TABLE = _checksum_table()


def _ogg_checksum(page: bytes | bytearray) -> int:
    """Return the checksum of a page whose field for it is zero (RFC 3533, 6)."""
    value = 0
    for byte in page:
        value = ((value << 8) & 0xFFFFFFFF) ^ _TABLE[(value >> 24) ^ byte]
    return value
