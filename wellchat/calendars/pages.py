"""The page of the feed, the feed itself, and one appointment as a file."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from wellchat import clock
from wellchat.accounts.models import sha256_hex
from wellchat.booking.models import HELD, LAPSED, REQUESTED
from wellchat.booking.queries import booking_for
from wellchat.calendars import feed
from wellchat.calendars.events import event_of
from wellchat.calendars.ics import calendar
from wellchat.errors import NotFound
from wellchat.i18n import gettext
from wellchat.mail.compose import absolute_url
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("calendars", __name__)
PATH = "/settings/calendar"
ICS = "text/calendar; charset=utf-8"


@pages.get(PATH)
@signed_in
def show() -> str:
    """Show whether there is a feed, and how calendars take it in."""
    return _page(None)


def _page(address: str | None) -> str:
    return render_template("calendars/page.html", feed=feed.feed_of(viewer()), address=address)


@pages.post(PATH)
@signed_in
@limiter.limit("20/hour")
def make() -> str:
    """Make the address of the feed, or another one in its place, and show it this once."""
    busy_only = request.form.get("detail") == "busy"
    secret = feed.make_feed(viewer=viewer(), busy_only=busy_only, now=clock.now())
    return _page(absolute_url(f"/calendar/{secret}.ics"))


@pages.post(PATH + "/end")
@signed_in
def end() -> BaseResponse:
    """Take the feed away."""
    feed.end_feed(viewer=viewer())
    flash(gettext("The address leads nowhere any more."), "good")
    return redirect(PATH, 303)


def _by_address() -> str:
    return f"feed:{sha256_hex(request.path)}"


@pages.get("/calendar/<secret>.ics")
@limiter.limit("120/hour", key_func=_by_address)
def read(secret: str) -> Response:
    """Return the feed of whoever has this address; 304 where nothing has changed."""
    answer = Response(feed.read_feed(secret, clock.now()), content_type=ICS)
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


@pages.get("/sessions/<booking_id>/calendar.ics")
@signed_in
def one(booking_id: str) -> Response:
    """Return one appointment as a file, to be put into a calendar by hand."""
    booking = booking_for(viewer(), booking_id)
    if booking.state in (HELD, LAPSED, REQUESTED):
        raise NotFound
    content = calendar("PUBLISH", [event_of(booking, viewer())])
    answer = Response(content, content_type=ICS)
    answer.headers["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return answer
