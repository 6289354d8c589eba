"""Tell how long an MP4 is: from its head, or from its pieces where a recorder wrote them as they came."""

from __future__ import annotations

import struct

from wellchat.attachments.media_metadata import MAX_BOXES, Box, boxes, child


def mp4_duration(content: bytes) -> int | None:
    """Return the duration in milliseconds (ISO 14496-12, 8.2.2, 8.8); None if the file does not tell.

    Raises struct.error for a damaged one.
    """
    whole = Box(b"", 0, 0, len(content))
    head = child(content, whole, b"moov", b"mvhd")
    if head is None:
        return None
    scale, duration = _scale_and_duration(content, head)
    if duration and duration not in (2**32 - 1, 2**64 - 1):
        return duration * 1000 // scale
    media = child(content, whole, b"moov", b"trak", b"mdia", b"mdhd")
    if media is None:
        return None
    scale, _ = _scale_and_duration(content, media)
    usual = child(content, whole, b"moov", b"mvex", b"trex")
    default = struct.unpack_from(">I", content, usual.start + 12)[0] if usual else 0
    pieces = [box for box in boxes(content, 0, len(content)) if box.kind == b"moof"]
    return sum(_piece_duration(content, each, default) for each in pieces) * 1000 // scale


def _scale_and_duration(content: bytes, box: Box) -> tuple[int, int]:
    if content[box.start] == 1:
        scale, duration = struct.unpack_from(">IQ", content, box.start + 20)
    else:
        scale, duration = struct.unpack_from(">II", content, box.start + 12)
    return int(scale), int(duration)


def _piece_duration(content: bytes, piece: Box, default: int) -> int:
    """Return how long the samples of a piece are together, in units of its track."""
    track = child(content, piece, b"traf")
    if track is None:
        return 0
    total = 0
    for box in boxes(content, track.start, track.end):
        (flags,) = struct.unpack_from(">I", content, box.start)
        if box.kind == b"tfhd" and flags & 0x8:
            skipped = 8 + (8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0)
            (default,) = struct.unpack_from(">I", content, box.start + skipped)
        elif box.kind == b"trun":
            (count,) = struct.unpack_from(">I", content, box.start + 4)
            total += _run_duration(content, box, flags, min(count, MAX_BOXES), default)
    return total


def _run_duration(content: bytes, run: Box, flags: int, count: int, default: int) -> int:
    if not flags & 0x100:
        return count * default
    width = 4 * sum(bool(flags & each) for each in (0x100, 0x200, 0x400, 0x800))
    at = run.start + 8 + (4 if flags & 0x1 else 0) + (4 if flags & 0x4 else 0)
    count = min(count, (run.end - at) // width)
    return sum(struct.unpack_from(">I", content, at + index * width)[0] for index in range(count))
