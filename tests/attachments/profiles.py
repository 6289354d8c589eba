"""Colour profiles (ICC.1:2001) whose effect nobody overlooks: linear light, and red for green."""

from __future__ import annotations

import struct
from collections.abc import Sequence

# The primaries of sRGB, adapted to D50.
RED, GREEN, BLUE = (0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)
WHITE = (0.9642, 1.0, 0.8249)


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"


def _profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    name = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(78 + 1)
    every = {b"desc": name, b"cprt": b"text\0\0\0\0none\0\0\0\0", b"wtpt": _xyz(WHITE)} | tags
    table, body, start = struct.pack(">I", len(every)), b"", 132 + 12 * len(every)
    for tag, content in every.items():
        padded = content + bytes(-len(content) % 4)
        table += struct.pack(">4sII", tag, start + len(body), len(content))
        body += padded
    head = struct.pack(">I4sI4s4s4s", start + len(body), bytes(4), 0x02100000, b"mntr", space, b"XYZ ")
    head += struct.pack(">6H", 2026, 11, 30, 0, 0, 0) + b"acsp" + bytes(28) + _xyz(WHITE)[8:]
    return head.ljust(128, b"\0") + table + body


def of_grey(gamma: float = 1.0) -> bytes:
    """Return a profile of grey pictures."""
    return _profile(b"GRAY", {b"kTRC": _curve(gamma)})


def of_colours(gamma: float = 1.0) -> bytes:
    """Return a profile of RGB pictures whose red is the green of sRGB, and the other way round."""
    primaries = {b"rXYZ": _xyz(GREEN), b"gXYZ": _xyz(RED), b"bXYZ": _xyz(BLUE)}
    return _profile(b"RGB ", primaries | {tag: _curve(gamma) for tag in (b"rTRC", b"gTRC", b"bTRC")})
