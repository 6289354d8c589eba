"""Metadata of recordings: boxes of MP4 and QuickTime files, and the tags of MP3 files."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

MAX_BOXES = 100_000  # that are looked at in one file
_CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf")
_DROPPED = (b"udta", b"meta", b"uuid")  # names, places, devices; uuid is where XMP stands
_UNUSED = (b"free", b"skip")  # where editors leave what they replaced
_TIMED = (
    b"meta",
    b"camm",
    b"gpmd",
)  # handlers of tracks that hold places and sensors, and not sound or picture


class Box(NamedTuple):
    """A box of an MP4 file (ISO 14496-12, 4.2): its content is from `start` to `end`."""

    kind: bytes
    head: int
    start: int
    end: int


def boxes(content: bytes | bytearray, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two positions, up to one that cannot be."""
    position = start
    while position + 8 <= end:
        size, kind = struct.unpack_from(">I4s", content, position)
        head = 8
        # 1: the length follows as 64 bits. 0: up to the end (ISO 14496-12, 4.2).
        if size == 1 and position + 16 <= end:
            (size,) = struct.unpack_from(">Q", content, position + 8)
            head = 16
        elif size == 0:
            size = end - position
        if size < head or position + size > end:
            return
        yield Box(kind, position, position + head, position + size)
        position += size


def without_media_metadata(content: bytes) -> bytes:
    """Return an MP4, M4A or QuickTime file of the same size whose metadata is blank.

    Boxes of metadata become `free` boxes full of zeros, so that every offset in the file stays right. Tracks
    of places and sensors become such boxes too, and their samples are zeros.
    """
    made = bytearray(content)
    left = MAX_BOXES
    # A list, not recursion: how deep the boxes are nested is up to whoever made the file.
    open_ranges = [(0, len(made))]
    while open_ranges:
        for box in boxes(made, *open_ranges.pop()):
            left -= 1
            if left < 0:
                return bytes(made)
            if box.kind in _DROPPED:
                _blank(made, box)
            elif box.kind == b"trak" and _handler(made, box) in _TIMED:
                _blank_samples(made, box)
                _blank(made, box)
            elif box.kind in _UNUSED:
                made[box.start : box.end] = bytes(box.end - box.start)
            elif box.kind in _CONTAINERS:
                open_ranges.append((box.start, box.end))
    return bytes(made)


def _blank(made: bytearray, box: Box) -> None:
    made[box.head + 4 : box.head + 8] = b"free"
    made[box.start : box.end] = bytes(box.end - box.start)


def _blank_samples(made: bytearray, track: Box) -> None:
    # A table of a few bytes could name the same gigabytes again and again.
    left = len(made)
    for start, end in _samples(made, track):
        left -= end - start
        if left < 0:
            return
        made[start:end] = bytes(end - start)


def child(content: bytes | bytearray, box: Box, *path: bytes) -> Box | None:
    """Return the box at the end of a path of kinds below a box, or None."""
    for kind in path:
        found = next((each for each in boxes(content, box.start, box.end) if each.kind == kind), None)
        if found is None:
            return None
        box = found
    return box


def _handler(content: bytearray, track: Box) -> bytes:
    """Return what a track is for: `vide`, `soun`, `meta` ..."""
    box = child(content, track, b"mdia", b"hdlr")
    return bytes(content[box.start + 8 : box.start + 12]) if box else b""


def _samples(content: bytearray, track: Box) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each chunk of samples of a track (ISO 14496-12, 8.7), within the file."""
    table = child(content, track, b"mdia", b"minf", b"stbl")
    if table is None:
        return
    sizes, runs = child(content, table, b"stsz"), child(content, table, b"stsc")
    offsets = child(content, table, b"stco") or child(content, table, b"co64")
    if sizes is None or runs is None or offsets is None:
        return
    each, number = struct.unpack_from(">II", content, sizes.start + 4)
    lengths = iter([each] * min(number, MAX_BOXES) if each else _numbers(content, sizes, 12, number, 4))
    (changes,) = struct.unpack_from(">I", content, runs.start + 4)
    steps = list(_numbers(content, runs, 8, changes * 3, 4))
    per_chunk = dict(zip(steps[::3], steps[1::3], strict=False))
    (chunks,) = struct.unpack_from(">I", content, offsets.start + 4)
    current = 0
    for index, start in enumerate(
        _numbers(content, offsets, 8, chunks, 8 if offsets.kind == b"co64" else 4), 1
    ):
        current = per_chunk.get(index, current)
        # `lengths` last, or zip would take one more than this chunk has.
        end = start + sum(length for _, length in zip(range(current), lengths, strict=False))
        yield min(start, len(content)), min(end, len(content))


def _numbers(content: bytearray, box: Box, skip: int, number: int, width: int) -> Iterator[int]:
    position = box.start + skip
    for _ in range(min(number, MAX_BOXES)):
        if position + width > box.end:
            return
        yield int.from_bytes(content[position : position + width], "big")
        position += width


def without_tags(content: bytes) -> bytes:
    """Return an MP3 file without its tags: ID3v2 in front, ID3v1 and APEv2 at the end."""
    start, end = 0, len(content)
    while content[start : start + 3] == b"ID3" and start + 10 <= end:
        # Seven bits of each byte count (ID3v2.4, 6.2).
        size = sum(
            (byte & 0x7F) << shift
            for byte, shift in zip(content[start + 6 : start + 10], (21, 14, 7, 0), strict=True)
        )
        # A flag says that the head is repeated at the end of the tag (ID3v2.4, 3.1).
        start = min(end, start + 10 + size + (10 if content[start + 5] & 0x10 else 0))
    # Some programs leave room behind the tag.
    while start < end and content[start] == 0:
        start += 1
    # Both kinds may stand there, in any order, until neither is found.
    while (before := end) > start:
        if end - start >= 128 and content[end - 128 : end - 125] == b"TAG":
            end -= 128
        elif end - start >= 32 and content[end - 32 : end - 24] == b"APETAGEX":
            size, _, flags = struct.unpack_from("<III", content, end - 20)
            end = max(start, end - size - (32 if flags & 0x80000000 else 0))
        if end == before:
            break
    return content[start:end]
