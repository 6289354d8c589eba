"""The JSON calls for notifications and preferences."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from wellchat import clock
from wellchat.changes.queries import cursor_now
from wellchat.notifications import actions, queries
from wellchat.notifications.forms import ListNotifications, PatchNotifications, PatchPreferences, PutTimeZone
from wellchat.notifications.preferences import save_preferences, set_browser_time_zone
from wellchat.notifications.schemas import NotificationPage, PreferencesAnswer, UnreadAnswer
from wellchat.web import json_response, signed_in, viewer

api = APIBlueprint(
    "notifications_api",
    __name__,
    url_prefix="/api",
    tag={"name": "Notifications", "description": "The bell, and what I want to be told."},
)


@api.get("/notifications")
@signed_in
@api.input(ListNotifications, location="query", arg_name="page")
@api.output(NotificationPage)
def list_notifications(page: ListNotifications) -> Response:
    """List my notifications, latest first.

    `cursor` was read before the list: go on from it with /api/updates.
    """
    user = viewer()
    cursor = cursor_now(user.id)
    found, following = queries.page(
        user, before=page.before, limit=page.limit, unread=page.unread, kind=page.kind
    )
    return json_response(
        {
            "notifications": [queries.notification_json(n) for n in found],
            "next": following,
            "unread": queries.unread_count(user.id),
            "cursor": str(cursor),
        }
    )


@api.patch("/notifications")
@signed_in
@api.input(PatchNotifications, location="json", arg_name="body")
@api.output(UnreadAnswer)
def mark_notifications(body: PatchNotifications) -> Response:
    """Mark some or all of my notifications read or unread."""
    user = viewer()
    actions.mark_read(viewer=user, ids=body.ids, everything=body.all, read=body.read, now=clock.now())
    return json_response({"unread": queries.unread_count(user.id)})


@api.get("/preferences")
@signed_in
@api.output(PreferencesAnswer)
def get_preferences() -> Response:
    """Get my preferences: how and when I am notified."""
    return _preferences()


def _preferences() -> Response:
    return json_response({"preferences": queries.preferences_json(queries.preferences(viewer().id))})


@api.patch("/preferences")
@signed_in
@api.input(PatchPreferences, location="json", arg_name="body")
@api.output(PreferencesAnswer)
def change_preferences(body: PatchPreferences) -> Response:
    """Change any of my preferences; fields that are missing stay as they are."""
    save_preferences(user=viewer(), now=clock.now(), **body.given())
    return _preferences()


@api.put("/time-zone")
@signed_in
@api.input(PutTimeZone, location="json", arg_name="body")
@api.output(PreferencesAnswer)
def report_time_zone(body: PutTimeZone) -> Response:
    """Report the time zone of this browser.

    It is used for people who never chose one, and changes nothing for others.
    """
    set_browser_time_zone(user_id=viewer().id, time_zone=body.time_zone, now=clock.now())
    return _preferences()
