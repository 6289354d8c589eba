"""Say what was done where it was done: a message that stands in its section of the page that opens next."""

from __future__ import annotations

from flask import flash, redirect
from werkzeug.wrappers import Response


def flash_at(address: str, text: str, kind: str = "good") -> None:
    """Flash `text` for the section that `address` names, as /path#section.

    The page says it by `ui.flashes_at(section)`. Any other page says it at its top, as every message.
    """
    flash(text, f"{kind} {address}")


def lead_back(address: str, text: str, kind: str = "good") -> Response:
    """Redirect to the section that `address` names, as /path#section, and say `text` there."""
    flash_at(address, text, kind)
    return redirect(address, 303)
