"""A server that speaks clamd's INSTREAM on the loopback, and calls files bad that hold a word of ours."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BAD = b"this word stands for harm"


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server: Clamd = self.server  # type: ignore[assignment]
        assert self.rfile.read(len(b"zINSTREAM\0")) == b"zINSTREAM\0"
        if server.says is not None:
            self.wfile.write(server.says)
            return
        content = b""
        while size := struct.unpack("!I", self.rfile.read(4))[0]:
            content += self.rfile.read(size)
        server.seen.append(content)
        self.wfile.write(b"stream: Test.Harm-1 FOUND\0" if BAD in content else b"stream: OK\0")


class Clamd(socketserver.ThreadingTCPServer):
    """`seen`: the files it was given. `says`: answers this, and reads nothing."""

    allow_reuse_address = True
    daemon_threads = True
    says: bytes | None = None

    def __init__(self, address: tuple[str, int] | str) -> None:
        if isinstance(address, str):
            self.address_family = socket.AF_UNIX
        super().__init__(address, _Handler)
        self.seen: list[bytes] = []

    @property
    def url(self) -> str:
        if isinstance(self.server_address, str):
            return f"clamd://{self.server_address}"
        return f"clamd://127.0.0.1:{self.server_address[1]}"


@contextmanager
def clamd(socket_path: Path | None = None) -> Iterator[Clamd]:
    with Clamd(str(socket_path) if socket_path else ("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
