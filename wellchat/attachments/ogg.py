"""Ogg files with Opus in them (RFC 3533, RFC 7845)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

MARK = b"OggS"
OPUS_RATE = 48_000  # of granule positions, whatever the input had (RFC 7845, 4)


class Page(NamedTuple):
    head: int
    body: int
    end: int
    granule: int
    serial: int


def _pages(content: bytes) -> Iterator[Page]:
    at = 0
    while content[at : at + 4] == MARK and at + 27 <= len(content):
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
    """Return the recording without its comments, which name programs, devices and titles."""
    made = bytearray(content)
    for index, page in enumerate(_pages(content)):
        if index == 0:
            continue
        # The comments are on the pages behind the first; audio begins a page of its own (RFC 7845, 3).
        if index == 1 and content[page.body : page.body + 8] == b"OpusTags":
            size = page.end - page.body
            # No vendor and no comments; what follows them is padding (RFC 7845, 5.2).
            made[page.body : page.end] = (b"OpusTags" + bytes(size))[:size]
        elif page.granule == 0:
            made[page.body : page.end] = bytes(page.end - page.body)
        else:
            break
        made[page.head + 22 : page.head + 26] = bytes(4)
        made[page.head + 22 : page.head + 26] = struct.pack("<I", _ogg_checksum(made[page.head : page.end]))
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
