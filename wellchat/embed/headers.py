"""The headers of the pages that stand in frames of other sites. Every other page forbids that."""

from __future__ import annotations

from flask import Response, g

from wellchat.config import setting


def policy(*, own: bool = False) -> str:
    """Return the Content-Security-Policy of a frame. `own`: the page inside it, whose parent is the frame.

    Pictures come with the access token, as blobs: nothing is fetched by an address alone.
    """
    around = " ".join((*(("'self'",) if own else ()), *setting("EMBED_ORIGINS")))
    parts = {
        "default-src": "'self'",
        "img-src": "blob: data:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": around,
    }
    return "; ".join(f"{name} {value}" for name, value in parts.items())


def mark(*, own: bool = False) -> None:
    """Let the answer to this request stand in a frame of the sites of the setting."""
    g.is_frame = policy(own=own)


def dress(response: Response) -> Response:
    """Give a marked answer its headers, in place of those of every page."""
    if response.status_code == 200:
        response.headers["Content-Security-Policy"] = g.is_frame
        # A host with Cross-Origin-Embedder-Policy takes only what says this.
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers["Referrer-Policy"] = "origin"
        # It knows no list of sites; frame-ancestors says it all (CSP Level 3, 6.4.2.2).
        for name in ("X-Frame-Options", "Reporting-Endpoints"):
            response.headers.pop(name, None)
    return response
