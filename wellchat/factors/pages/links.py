"""Serve the link in the mail that tells of a reset: it stops it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts import links
from wellchat.accounts.limits import count_link
from wellchat.factors import resets
from wellchat.i18n import gettext

pages = Blueprint("factors_links", __name__)


@pages.get("/stop-reset/<token>")
def stop_reset(token: str) -> str:
    """Show a button only: mail scanners open every link before the reader does. Raises DeadLink."""
    owner = links.link_owner(token, resets.STOP, now=clock.now())
    return render_template("factors/stop_reset.html", address=owner.email)


@pages.post("/stop-reset/<token>")
def post_stop_reset(token: str) -> Response:
    """Stop the reset. Raises DeadLink."""
    count_link()
    if resets.stop_by_link(token=token, now=clock.now()):
        flash(gettext("The reset is stopped. Your factors stay as they are."), "good")
    else:
        flash(gettext("No reset waits any more."), "message")
    return redirect("/sign-in", 303)
