"""The button of a professional who says that a message holds no contact data."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.i18n import gettext
from wellchat.masking import showing
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("masking", __name__, url_prefix="/threads/<thread_id>")


@pages.post("/messages/<int:seq>/not-contact")
@signed_in
@limiter.limit("10/minute;60/day")
def not_contact(thread_id: str, seq: int) -> Response:
    """Show what was hidden in the message, and lead back to it."""
    showing.dispute(viewer=viewer(), thread_id=thread_id, seq=seq, now=clock.now())
    flash(gettext("The whole message is shown now."), "good")
    return redirect(url_for("messages.message", thread_id=thread_id, seq=seq), 303)
