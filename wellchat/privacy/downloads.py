"""Name a file that is downloaded."""

from __future__ import annotations

from urllib.parse import quote


def attachment_header(name: str) -> str:
    """Return Content-Disposition (RFC 6266): the name in ASCII for old clients, and in UTF-8."""
    plain = "".join(c if c.isascii() and c not in '"\\%;' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
