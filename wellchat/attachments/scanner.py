"""Ask the virus scanner of the installation about a file: clamd, or a command (the setting SCANNER).

Every answer that is not clear counts as ScannerAway: a scanner that fails opens no door.
"""

from __future__ import annotations

import socket
import struct
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from tempfile import TemporaryFile
from urllib.parse import urlsplit

from prometheus_client import Counter

TIMEOUT = 30.0  # seconds that clamd may be silent; a command may take as long in all
MAX_PIECE = 128 * 1024  # bytes
MAX_ANSWER = 4096  # bytes
CLAMD_PORT = 3310
SCANS = Counter("wellchat_files_scanned", "Scans of files, by outcome: clean, bad or away", ["outcome"])


class ScannerAway(Exception):
    """The scanner did not say whether a file is good. The text says why, for the log."""


def scan(scanner: str, content: Iterable[bytes]) -> str | None:
    """Return the name of what was found in a file, or None if it is clean. Raises ScannerAway.

    `scanner`: the setting, such as `clamd://127.0.0.1:3310`.
    """
    try:
        found = _ask(scanner, content)
    except ScannerAway:
        SCANS.labels("away").inc()
        raise
    SCANS.labels("bad" if found else "clean").inc()
    return found


def check(scanner: str) -> str:
    """Return a line for `wellchat doctor`. Raises ScannerAway."""
    found = _ask(scanner, [b"wellchat asks whether the scanner works\n"])
    if found:
        raise ScannerAway(f"it finds {found} in harmless words")
    return f"{scanner} scans"


def _ask(scanner: str, content: Iterable[bytes]) -> str | None:
    try:
        if scanner.startswith("command:"):
            return _ask_command(scanner.removeprefix("command:"), content)
        return _ask_clamd(scanner, content)
    except OSError as error:
        raise ScannerAway(f"{type(error).__name__}: {error}") from None


def _ask_clamd(url: str, content: Iterable[bytes]) -> str | None:
    """Speak clamd's INSTREAM: pieces with their length in front, and an empty one at the end (clamd(8))."""
    with _connect(url) as line:
        # clamd ends the connection when a file is larger than it takes. Its reason can be read all the same.
        with suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(b"zINSTREAM\0")
            for piece in _pieces(content):
                line.sendall(struct.pack("!I", len(piece)) + piece)
            line.sendall(struct.pack("!I", 0))
        answer = b""
        while not answer.endswith(b"\0") and len(answer) < MAX_ANSWER and (more := line.recv(MAX_ANSWER)):
            answer += more
    words = answer.rstrip(b"\0\n").decode("utf-8", "replace")
    if words == "stream: OK":
        return None
    if words.startswith("stream: ") and words.endswith(" FOUND"):
        return _name(words.removeprefix("stream: ").removesuffix(" FOUND"))
    # Also for an error of its own, such as a file over its limit: what was not read is not clean.
    raise ScannerAway(f"clamd said {words[:200]!r}")


def _connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    if parts.hostname:
        return socket.create_connection((parts.hostname, parts.port or CLAMD_PORT), timeout=TIMEOUT)
    line = socket.socket(socket.AF_UNIX)
    try:
        line.settimeout(TIMEOUT)
        line.connect(parts.path)
    except OSError:
        line.close()
        raise
    return line


def _pieces(content: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in content:
        for start in range(0, len(chunk), MAX_PIECE):
            yield chunk[start : start + MAX_PIECE]


def _ask_command(path: str, content: Iterable[bytes]) -> str | None:
    """Run the command with the file as its standard input: status 0 is clean, 1 is bad, as of clamdscan."""
    with TemporaryFile() as file:
        for chunk in content:
            file.write(chunk)
        file.seek(0)
        try:
            run = subprocess.run(  # noqa: S603 - the operator's own
                [path],
                stdin=file,
                capture_output=True,
                timeout=TIMEOUT,
                check=False,
                # Not our own environment, which holds the secrets of the settings.
                env={"PATH": "/usr/bin:/bin"},
            )
        except subprocess.TimeoutExpired:
            raise ScannerAway(f"{path} took longer than {TIMEOUT:g} s") from None
    if run.returncode == 0:
        return None
    if run.returncode == 1:
        lines = run.stdout.decode("utf-8", "replace").split("\n")
        return _name(lines[0])
    raise ScannerAway(f"{path} ended with status {run.returncode}")


def _name(text: str) -> str:
    return "".join(filter(str.isprintable, text)).strip()[:80] or "something"
