"""The inbox page, and the list of conversations that is also shown beside a thread."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.changes.queries import cursor_now
from wellchat.config import setting
from wellchat.feature import registry
from wellchat.forms import read_query
from wellchat.i18n import N_, gettext
from wellchat.messaging import queries
from wellchat.messaging.forms import ListThreads
from wellchat.messaging.hooks import tag_named
from wellchat.messaging.memberships import only_thread
from wellchat.messaging.serializers import threads_json
from wellchat.sealed_query import address, lead_to
from wellchat.subjects.kinds import kinds as all_kinds
from wellchat.web import signed_in, viewer

pages = Blueprint("inbox", __name__)

FILTERS = ("unread", "waiting", "snoozed", "archived", "kind", "tag", "q")
WORDS = ("q",)


@pages.get("/")
@signed_in
def inbox() -> str | Response:
    """Show the conversations. A client with one alone is led to it, where the operator wants that."""
    if not request.args and (thread_id := lone_thread()) is not None:
        return redirect(url_for("messaging.thread", thread_id=thread_id))
    return render_template("messaging/inbox.html", **shell())


@pages.post("/")
@signed_in
def find() -> Response:
    """Take the words that a list is narrowed by, which must stand in no address, and lead to it."""
    return lead_to("/", FILTERS, words=WORDS)


def lone_thread() -> str | None:
    """Return the id of the viewer's one conversation, if it is shown without a list; else None."""
    user = viewer()
    if not user.is_client or setting("CLIENT_VIEW") != "one-thread":
        return None
    return only_thread(user)


def badges() -> dict[str, Any]:
    """Return the template context {"cursor", "unread"} of every page for a signed-in person.

    The cursor is read before the counts. A change in between is then sent again by the first update, not
    lost.
    """
    cursor = cursor_now(viewer().id)
    return {"cursor": str(cursor), "unread": queries.unread_counts(viewer().id)}


def shell() -> dict[str, Any]:
    """Return the template context of every page with the list of conversations, `badges` included."""
    user, page, now = viewer(), read_query(ListThreads), clock.now()
    shown = badges()
    before = page.before if request.endpoint == "inbox.inbox" else None
    views, following = queries.inbox(user, before=before, limit=page.limit, **page.filters())
    return {
        **shown,
        "threads": threads_json(views, user, now=now),
        "has_threads": bool(views) or queries.has_threads(user),  # for an empty inbox
        "next": following,
        "archived": page.archived,
        "q": page.q,
        "filters": filters(page, queries.kinds_of(user)),
    }


def query_of(page: ListThreads, **changes: Any) -> str:
    """Return the query string of a list like `page` with these changes; "" for the plain inbox."""
    return _address(page, **changes).partition("?")[2]


def _address(page: ListThreads, **changes: Any) -> str:
    wanted = {name: getattr(page, name) for name in FILTERS} | changes
    return address(
        "/", {n: 1 if value is True else value for n, value in wanted.items() if value}, words=WORDS
    )


def _tag_chip(page: ListThreads) -> list[dict[str, Any]]:
    """Return the chip of the tag that is filtered by, with its name; else the one that leads to the tags."""
    if page.tag is None:
        choose = registry().handlers.get(tag_named.name) and viewer().is_professional
        return [{"label": gettext("Tags"), "on": False, "href": "/tags"}] if choose else []
    name = next(iter(tag_named(viewer(), page.tag)), None)
    label = name or gettext("Something that was not found")
    return [{"label": label, "on": True, "href": _address(page, tag=None)}]


def filters(page: ListThreads, kinds: Collection[str]) -> dict[str, Any]:
    """Return what the template shows of the filters.

    Each filter has its address and whether it is on. Filters combine: the address of one adds it to the
    others or removes it. Only one kind of subject can be chosen at a time.
    """
    names = [
        (name, label)
        for name, label in (
            ("unread", N_("Unread")),
            ("waiting", N_("Waiting on me")),
            ("snoozed", N_("Snoozed")),
        )
        if not (name == "snoozed" and page.archived)
    ]
    parts = [
        {"label": gettext(label), "on": (on := getattr(page, name)), "href": _address(page, **{name: not on})}
        for name, label in names
    ] + [
        {
            "label": gettext(kind.label),
            "on": (on := page.kind == kind.name),
            "href": _address(page, kind=None if on else kind.name),
        }
        for kind in all_kinds().values()
        if kind.name in kinds or page.kind == kind.name
    ]
    parts += _tag_chip(page)
    return {
        "parts": parts,
        "on": sum(part["on"] for part in parts),
        "plain": _address(page, unread=False, waiting=False, snoozed=False, kind=None, tag=None),
        "query": query_of(page),
        "without_q": _address(page, q=""),
        "inbox": _address(page, archived=False),
        "archive": _address(page, archived=True, snoozed=False),
        "unread": page.unread,
        "waiting": page.waiting,
        "snoozed": page.snoozed,
        "kind": page.kind,
        "tag": page.tag,
        "hidden": [(name, getattr(page, name)) for name in FILTERS if name != "q" and getattr(page, name)],
    }
