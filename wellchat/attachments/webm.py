"""WebM files with Opus in them (RFC 8794, RFC 9559)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

MARK = b"\x1a\x45\xdf\xa3"
_SEGMENT, _INFO, _TRACKS, _TRACK, _CLUSTER = (0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0x1F43B675)
_GROUP, _BLOCK, _SIMPLE_BLOCK, _TIME, _BLOCK_DURATION = (0xA0, 0xA1, 0xA3, 0xE7, 0x9B)
_SCALE, _DURATION, _TRACK_TYPE, _CODEC, _DOC_TYPE = (0x2AD7B1, 0x4489, 0x83, 0x86, 0x4282)
_MUXER, _WRITER, _VOID, _TAGS, _ATTACHED = (0x4D80, 0x5741, 0xEC, 0x1254C367, 0x1941A469)
_OPEN = (_SEGMENT, _CLUSTER, _GROUP, _TRACKS, _TRACK, _INFO)  # looked into
MAX_ELEMENTS = 200_000
AUDIO = 2  # of TrackType


class _Element(NamedTuple):
    id: int
    head: int
    start: int
    end: int


def _number(content: bytes, at: int, *, keep_mark: bool) -> tuple[int, int]:
    """Return (number of variable length, its length). Without its mark, all ones is -1: unknown."""
    first = content[at]
    length = 9 - first.bit_length()
    if length > 8:
        raise IndexError(at)
    value = int.from_bytes(content[at : at + length], "big")
    if keep_mark:
        return value, length
    value &= (1 << 7 * length) - 1
    return (-1 if value == (1 << 7 * length) - 1 else value), length


def _elements(content: bytes, at: int = 0) -> Iterator[_Element]:
    """Yield the elements of a file, and what is in those that hold others, in their order."""
    for _ in range(MAX_ELEMENTS):
        if at + 2 > len(content):
            return
        name, length = _number(content, at, keep_mark=True)
        size, more = _number(content, at + length, keep_mark=False)
        start = at + length + more
        # A recorder does not know the size of a segment or cluster: it ends where the next one begins.
        end = len(content) if size < 0 else start + size
        if end > len(content):
            return
        yield _Element(name, at, start, end)
        at = start if name in _OPEN else end


def _uint(content: bytes, element: _Element) -> int:
    return int.from_bytes(content[element.start : element.end], "big")


def is_opus_webm(content: bytes) -> bool:
    """Return whether this is one track of Opus, and nothing else."""
    tracks, codecs = [], []
    try:
        head = next(_elements(content))
        if b"webm" not in content[head.start : min(head.end, head.start + 128)]:
            return False
        for each in _elements(content, head.end):
            if each.id == _TRACK_TYPE:
                tracks.append(_uint(content, each))
            elif each.id == _CODEC:
                codecs.append(content[each.start : each.end].rstrip(b"\0"))
            elif each.id == _CLUSTER:
                break
    except (IndexError, StopIteration):
        return False
    return tracks == [AUDIO] and codecs == [b"A_OPUS"]


def webm_duration(content: bytes) -> int | None:
    """Return the duration in milliseconds; None of an empty one. Raises IndexError for a damaged file."""
    scale, base, last, step = 1_000_000, 0, 0, 0
    head = next(_elements(content))
    for each in _elements(content, head.end):
        if each.id == _SCALE:
            scale = _uint(content, each) or scale
        elif each.id == _TIME:
            base = _uint(content, each)
        elif each.id in (_SIMPLE_BLOCK, _BLOCK):
            _, length = _number(content, each.start, keep_mark=False)
            (offset,) = struct.unpack_from(">h", content, each.start + length)
            step = base + offset - last if 0 < base + offset - last < 200 else step
            last = max(last, base + offset)
        elif each.id == _BLOCK_DURATION:
            step = _uint(content, each)
    # The last block lasts as long as the one before.
    return (last + step) * scale // 1_000_000 if last or step else None


def plain_webm(content: bytes) -> bytes:
    """Return the recording without names of programs, tags and attached files, and with its duration."""
    made = bytearray(content)
    spare: list[_Element] = []
    told, scale = False, 1_000_000
    head = next(_elements(content))
    for each in _elements(content, head.end):
        if each.id in (_MUXER, _WRITER):
            spare.append(each)
        elif each.id in (_TAGS, _ATTACHED):
            _void(made, each.head, each.end)
        elif each.id == _DURATION:
            told = True
        elif each.id == _SCALE:
            scale = _uint(content, each) or scale
    duration = None if told else webm_duration(content)
    _name_no_program(made, spare, duration * 1_000_000 / scale if duration else None)
    return bytes(made)


def _name_no_program(made: bytearray, spare: list[_Element], duration: float | None) -> None:
    """Empty the names of programs. Where both stand together, their room takes the duration.

    Without it a browser cannot tell how long the recording is, nor go to a place in it.
    """
    if len(spare) == 2 and spare[0].end == spare[1].head and duration:
        start, end = spare[0].head, spare[1].end
        new = b"\x4d\x80\x80\x57\x41\x80\x44\x89\x84" + struct.pack(">f", duration)
        if end - start - len(new) >= 2:
            made[start : start + len(new)] = new
            _void(made, start + len(new), end)
            return
    for each in spare:
        made[each.start : each.end] = bytes(each.end - each.start)


def _void(made: bytearray, start: int, end: int) -> None:
    """Put an element between two places that means nothing, full of zeros (RFC 8794, 11.3.2)."""
    size = end - start
    if size < 10:
        made[start:end] = bytes([_VOID, 0x80 | (size - 2)]) + bytes(size - 2)
        return
    made[start:end] = bytes([_VOID, 0x01]) + (size - 9).to_bytes(7, "big") + bytes(size - 9)
