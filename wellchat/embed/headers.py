"""The policy of the pages that stand in frames of other sites. Every other page forbids that."""

from __future__ import annotations

from wellchat.config import setting


def policy(*, own: bool = False) -> str:
    """Return the Content-Security-Policy of a frame. `own`: of the page inside it, whose parent is the frame.

    Pictures come with the access token, as blobs: nothing is fetched by an address alone.
    """
    around = " ".join((*(("'self'",) if own else ()), *setting("EMBED_ORIGINS")))
    parts = {
        "default-src": "'self'",
        "img-src": "blob: data:",
        "media-src": "blob:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": around,
    }
    return "; ".join(f"{name} {value}" for name, value in parts.items())
