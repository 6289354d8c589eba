"""Check the embed for `wellchat doctor`."""

from __future__ import annotations

from flask import Flask

from wellchat import clock
from wellchat.sso.keys import keys_in_order


def check(app: Flask) -> str:
    """Return which sites may show frames. Raises ValueError where no key can sign a token for them."""
    origins = app.config["EMBED_ORIGINS"]
    if not origins:
        return "off"
    if all(key.is_over(clock.now()) for key in keys_in_order()):
        raise ValueError("no key signs tokens for the frames; `wellchat sso-key create` makes one")
    return f"frames in pages of: {', '.join(origins)}"
