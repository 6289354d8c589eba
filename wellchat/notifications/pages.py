"""The notifications page, the preferences, and unsubscribing from emails."""

from __future__ import annotations

from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wellchat import clock, i18n
from wellchat.accounts.forms import time_zones
from wellchat.changes.queries import cursor_now
from wellchat.errors import Invalid
from wellchat.forms import read_form, read_query
from wellchat.i18n import N_, gettext
from wellchat.notifications import actions, queries
from wellchat.notifications import preferences as preferences_actions
from wellchat.notifications.forms import ListNotifications, PatchPreferences, PostRead
from wellchat.notifications.hooks import wrote_at
from wellchat.notifications.kinds import OFFERED, OWN, find_kind, kind_of, kinds
from wellchat.notifications.quiet_suggestion import rare_hours
from wellchat.notifications.unsubscribe import parse_unsubscribe_token
from wellchat.web import csrf_exempt, safe_next, signed_in, viewer

WEEKDAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)

pages = Blueprint("notifications", __name__)


@pages.app_context_processor
def _kind_context() -> dict[str, Any]:
    """Give every page the kinds, for the notification centre in its header."""
    in_bell = {name: kind for name, kind in kinds().items() if kind.offers("bell")}
    return {"notification_kinds": in_bell, "notification_kind": kind_of}


@pages.get("/notifications")
@signed_in
def index() -> str:
    user, query = viewer(), read_query(ListNotifications)
    cursor = cursor_now(user.id)
    found, following = queries.page(
        user, before=query.before, limit=query.limit, unread=query.unread, kind=query.kind
    )
    return render_template(
        "notifications/index.html",
        notifications=[queries.notification_json(n) for n in found],
        next=following,
        before=query.before,
        only_unread=query.unread,
        only_kind=query.kind,
        cursor=str(cursor),
    )


@pages.post("/notifications/read")
@signed_in
def mark_read() -> Response:
    form = read_form(PostRead)
    ids = [form.id] if form.id else []
    actions.mark_read(viewer=viewer(), ids=ids, everything=form.all, read=form.read, now=clock.now())
    return redirect(safe_next(form.next or "/notifications"), 303)


@pages.get("/settings/notifications")
@signed_in
def preferences() -> str:
    # Kinds that the platform has added a moment ago are there, too.
    OWN.look()
    return _preferences_page(queries.preferences_json(queries.preferences(viewer().id)))


def _rare_hours(preferences: dict[str, Any]) -> tuple[str, str] | None:
    """Return the quiet hours to suggest to somebody who has none."""
    if preferences["quiet_from"] or preferences["quiet_to"]:
        return None
    moments = [moment for found in wrote_at(viewer(), clock.now()) for moment in found]
    return rare_hours(moments, ZoneInfo(viewer().time_zone))


@pages.post("/settings/notifications")
@signed_in
def save_preferences() -> Response | tuple[str, int]:
    try:
        form = _posted()
    except Invalid as refusal:
        return _preferences_page(_as_posted(), errors=refusal.errors), 422
    preferences_actions.save_preferences(user=viewer(), now=clock.now(), **form.given())
    flash(gettext("Saved."), "good")
    return redirect(url_for("notifications.preferences"), 303)


def _posted() -> PatchPreferences:
    """Return the form as the JSON call would send it: an empty time is None, an unchecked box is False."""
    quiet = {name: request.form.get(name) or None for name in ("quiet_from", "quiet_to")}
    if None in quiet.values() and any(quiet.values()):
        empty = next(name for name, value in quiet.items() if value is None)
        raise Invalid({empty: gettext("Fill in both times, or leave both empty.")})
    discreet = "discreet_mails" in request.form
    return read_form(PatchPreferences, **quiet, channels=_grid(), discreet_mails=discreet)


def _grid() -> dict[str, dict[str, bool]]:
    return {kind: {c: f"{kind}.{c}" in request.form for c in OFFERED} for kind in kinds()}


def _as_posted() -> dict[str, Any]:
    known = queries.preferences_json(queries.preferences(viewer().id))
    typed = {name: request.form[name] for name in known if name in request.form}
    discreet = "discreet_mails" in request.form
    return known | typed | {"channels": _grid(), "discreet_mails": discreet}


def _preferences_page(preferences: dict[str, Any], errors: dict[str, str] | None = None) -> str:
    rare = _rare_hours(preferences)
    fill = rare is not None and "rare_hours" in request.args
    if rare and fill:
        preferences = preferences | {"quiet_from": rare[0], "quiet_to": rare[1]}
    return render_template(
        "notifications/preferences.html",
        preferences=preferences,
        rare_hours=None if fill else rare and [i18n.format_time(time.fromisoformat(each)) for each in rare],
        kinds=kinds().values(),
        channels=OFFERED,
        zones=[(zone, zone.replace("_", " ")) for zone in sorted({*time_zones(), viewer().time_zone})],
        hours=[(hour, i18n.format_time(time(hour))) for hour in range(24)],
        weekdays=list(enumerate(map(gettext, WEEKDAYS))),
        errors=errors or {},
    )


@pages.get("/unsubscribe/<token>")
def unsubscribe(token: str) -> Response:
    """Show a button, and change nothing: mail scanners open every link of a mail before its reader does."""
    return _unsubscribe_page(parse_unsubscribe_token(token)[1], done=False)


@pages.post("/unsubscribe/<token>")
@csrf_exempt
def confirm_unsubscribe(token: str) -> Response:
    """Unsubscribe by one click, from the mail program (RFC 8058) or from our page: no cookie, no redirect."""
    user_id, what = parse_unsubscribe_token(token)
    preferences_actions.unsubscribe(user_id=user_id, now=clock.now(), kind=what if find_kind(what) else None)
    return _unsubscribe_page(what, done=True)


def _unsubscribe_page(what: str, *, done: bool) -> Response:
    response = make_response(
        render_template("notifications/unsubscribe.html", kind=find_kind(what), done=done)
    )
    response.headers["Referrer-Policy"] = "no-referrer"  # the address is the secret
    return response
