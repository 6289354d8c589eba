"""Pages: a preview of the next email, and a test email."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from wellchat import clock
from wellchat.digests.preview import describe, preview, send_test
from wellchat.errors import Invalid
from wellchat.i18n import gettext
from wellchat.mail.pages import html_frame, part_of
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("digests", __name__, url_prefix="/settings/notifications")


@pages.get("/preview")
@signed_in
def show_preview() -> str:
    found = preview(viewer(), clock.now())
    return render_template(
        "digests/preview.html",
        message=found.message,
        forecast=describe(found, viewer().time_zone),
        text=part_of(found.message, "plain"),
    )


@pages.get("/preview/html")
@signed_in
def preview_frame() -> Response:
    return html_frame(part_of(preview(viewer(), clock.now()).message, "html"))


@pages.post("/test")
@signed_in
@limiter.limit("3/hour")
def test() -> BaseResponse:
    address = viewer().email
    if address is None:
        raise Invalid(
            {"email": gettext("We know no email address of yours. Enter one on the page Settings.")}
        )
    send_test(user=viewer(), now=clock.now())
    flash(gettext("A test email is on its way to %(address)s.", address=address), "good")
    return redirect(url_for("notifications.preferences"), 303)
