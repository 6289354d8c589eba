"""Recordings as browsers and phones make them, byte by byte."""

from __future__ import annotations

import struct

from wellchat.attachments.ogg import _ogg_checksum


def ogg_page(body: bytes, *, number: int, granule: int = 0, serial: int = 7) -> bytes:
    table = bytes([255] * (len(body) // 255) + [len(body) % 255])
    head = b"OggS" + struct.pack("<BBqIII", 0, 0, granule, serial, number, 0) + bytes([len(table)]) + table
    whole = bytearray(head + body)
    whole[22:26] = struct.pack("<I", _ogg_checksum(whole))
    return bytes(whole)


def ogg(seconds: float = 2.5, *, vendor: bytes = b"SecretPhone 12", codec: bytes = b"OpusHead") -> bytes:
    """As Firefox records."""
    head = codec + struct.pack("<BBHIhB", 1, 1, 312, 48_000, 0, 0)
    comment = b"TITLE=At home"
    tags = (
        b"OpusTags" + struct.pack("<I", len(vendor)) + vendor + struct.pack("<II", 1, len(comment)) + comment
    )
    pages = [ogg_page(head, number=0), ogg_page(tags, number=1)]
    return b"".join([*pages, ogg_page(b"\xfc" * 300, number=2, granule=int(seconds * 48_000) + 312)])


def element(name: int, body: bytes, *, unknown: bool = False) -> bytes:
    tag = name.to_bytes((name.bit_length() + 7) // 8, "big")
    size = b"\x01" + b"\xff" * 7 if unknown else b"\x08" + len(body).to_bytes(4, "big")
    if not unknown:
        size = (len(body) | 1 << 28).to_bytes(4, "big")
    return tag + size + body


def webm(seconds: float = 2.5, *, codec: bytes = b"A_OPUS", kind: int = 2, extra: bytes = b"") -> bytes:
    """As Chromium records: of unknown size, and without a duration."""
    programs = element(0x4D80, b"SecretPhone") + element(0x5741, b"SecretPhone")
    info = element(0x1549A966, element(0x2AD7B1, (1_000_000).to_bytes(3, "big")) + programs)
    track = element(0xAE, element(0x83, bytes([kind])) + element(0x86, codec))
    last = int(seconds * 1000) - 60
    blocks = b"".join(
        element(0xA3, b"\x81" + struct.pack(">h", at) + b"\x80\xfc") for at in range(0, last + 1, 60)
    )
    cluster = element(0x1F43B675, element(0xE7, b"\x00") + blocks, unknown=True)
    head = element(0x1A45DFA3, element(0x4282, b"webm"))
    segment = info + element(0x1654AE6B, track) + extra + cluster
    return head + element(0x18538067, segment, unknown=True)


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def m4a(seconds: float = 2.5, *, pieces: bool = False) -> bytes:
    """As phones record; in `pieces`, as Safari does while it records."""
    whole = 0 if pieces else int(seconds * 1000)
    moov = box(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 1000, whole))
    if not pieces:
        return box(b"ftyp", b"M4A \0\0\2\0isommp42") + box(b"moov", moov) + box(b"mdat", bytes(64))
    media = box(b"trak", box(b"mdia", box(b"mdhd", struct.pack(">IIIII", 0, 0, 0, 48_000, 0))))
    usual = box(b"mvex", box(b"trex", struct.pack(">IIIIII", 0, 1, 1, 1024, 0, 0)))
    count = int(seconds * 48_000 / 1024)
    runs = box(b"tfhd", struct.pack(">II", 0, 1)) + box(b"trun", struct.pack(">II", 0, count))
    return (
        box(b"ftyp", b"iso5\0\0\2\0isommp42")
        + box(b"moov", moov + media + usual)
        + box(b"moof", box(b"traf", runs))
        + box(b"mdat", bytes(64))
    )
