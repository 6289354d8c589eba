"""The JSON calls of the bell and the preferences."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from wellchat import clock
from wellchat.changes.queries import cursor_now
from wellchat.notifications import actions, queries
from wellchat.notifications.answers import NotificationPage, PreferencesAnswer, UnreadAnswer
from wellchat.notifications.forms import ListNotifications, PatchNotifications, PatchPreferences
from wellchat.web import signed_in, viewer

api = APIBlueprint("notifications_api", __name__, url_prefix="/api", tag="Notifications")

Answer = tuple[dict[str, Any], int]


@api.get("/notifications")
@signed_in
@api.input(ListNotifications, location="query", arg_name="page")
@api.output(NotificationPage)
def list_notifications(page: ListNotifications) -> Answer:
    """My bell, latest first. `cursor` was read before the list: go on from it with /api/updates."""
    user = viewer()
    cursor = cursor_now(user.id)
    found, following = queries.page(user, before=page.before, limit=page.limit, unread=page.unread)
    return {
        "notifications": [queries.notification_json(n) for n in found],
        "next": following,
        "unread": queries.unread_count(user.id),
        "cursor": str(cursor),
    }, 200


@api.patch("/notifications")
@signed_in
@api.input(PatchNotifications, location="json", arg_name="wish")
@api.output(UnreadAnswer)
def patch_notifications(wish: PatchNotifications) -> Answer:
    """Mark some or all of my notifications read or unread."""
    user = viewer()
    actions.mark_read(viewer=user, ids=wish.ids, everything=wish.all, read=wish.read, now=clock.now())
    return {"unread": queries.unread_count(user.id)}, 200


@api.get("/preferences")
@signed_in
@api.output(PreferencesAnswer)
def get_preferences() -> Answer:
    """How and when I want to be told."""
    return {"preferences": queries.preferences_json(queries.preferences(viewer().id))}, 200


@api.patch("/preferences")
@signed_in
@api.input(PatchPreferences, location="json", arg_name="wish")
@api.output(PreferencesAnswer)
def patch_preferences(wish: PatchPreferences) -> Answer:
    """Change any of my preferences; what is not named stays as it is."""
    actions.save_preferences(user=viewer(), now=clock.now(), **wish.given())
    return get_preferences()
