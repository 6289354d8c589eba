"""Say which user of this machine is at the other end of a connection over loopback.

Loopback alone tells no user of a shared machine from another. The kernel does: /proc/net/tcp has the owner of
each socket (proc(5)). Where there is none, as on macOS, nobody is known.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))


def is_own_peer(environ: Mapping[str, Any]) -> bool:
    """Return whether the user of this process, or root, sent the request. Both can read its files anyway."""
    return _owner(environ) in (os.geteuid(), 0)


def _owner(environ: Mapping[str, Any]) -> int | None:
    try:
        port, our_port = int(environ["REMOTE_PORT"]), int(environ["SERVER_PORT"])
        theirs = {f"{address}:{port:04X}" for address in _in_hex(environ["REMOTE_ADDR"])}
    except (KeyError, TypeError, ValueError):
        return None
    for table in TABLES:
        try:
            lines = table.read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            # Their end of the connection: its local address is the one that we see as remote.
            if fields[1] in theirs and fields[2].endswith(f":{our_port:04X}"):
                return int(fields[7])
    return None


def _in_hex(address: str) -> Iterator[str]:
    """Yield the forms of an address in the tables: 32-bit words in the order of the machine."""
    found = ip_address(address)
    forms = [found.packed]
    if found.version == 4:
        forms.append(bytes(10) + b"\xff\xff" + found.packed)
    for packed in forms:
        words = (packed[i : i + 4] for i in range(0, len(packed), 4))
        yield "".join(f"{socket.ntohl(int.from_bytes(word, 'big')):08X}" for word in words)
