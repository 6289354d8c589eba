"""The inbox page, and the list of conversations that stands beside a thread too."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, render_template, request

from wellchat import clock
from wellchat.changes.queries import cursor_now
from wellchat.forms import read_query
from wellchat.i18n import N_, gettext
from wellchat.messaging import queries
from wellchat.messaging.forms import ListThreads
from wellchat.messaging.serializers import thread_json
from wellchat.subjects.kinds import KINDS
from wellchat.web import signed_in, viewer

pages = Blueprint("inbox", __name__)

FILTERS = ("unread", "waiting", "snoozed", "archived", "kind", "q")


@pages.get("/")
@signed_in
def inbox() -> str:
    return render_template("messaging/inbox.html", **shell())


def badges() -> dict[str, Any]:
    """For every page of somebody signed in: the numbers on their badges, and the cursor read before them."""
    cursor = cursor_now(viewer().id)
    return {"cursor": str(cursor), "unread": queries.unread_counts(viewer().id)}


def shell() -> dict[str, Any]:
    """What every page with the list of conversations shows; the cursor is read before the state it goes with."""
    user, page, now = viewer(), read_query(ListThreads), clock.now()
    shown = badges()
    before = page.before if request.endpoint == "inbox.inbox" else None
    views, following = queries.inbox(user, before=before, limit=page.limit, **page.filters())
    return {
        **shown,
        "threads": [thread_json(view, user, now=now) for view in views],
        "has_threads": bool(views) or queries.has_threads(user),  # for an empty inbox
        "next": following,
        "archived": page.archived,
        "q": page.q,
        "filters": filters(page, queries.kinds_of(user)),
    }


def query_of(page: ListThreads, **changes: Any) -> str:
    """The query string of a list like `page`, changed; empty for the plain inbox."""
    wanted = {name: getattr(page, name) for name in FILTERS} | changes
    return urlencode({name: 1 if value is True else value for name, value in wanted.items() if value})


def _address(page: ListThreads, **changes: Any) -> str:
    query = query_of(page, **changes)
    return f"/?{query}" if query else "/"


def filters(page: ListThreads, kinds: Collection[str]) -> dict[str, Any]:
    """What the list's template shows of them: each with its address, and whether it holds now.

    They combine: an address puts one on top of those that hold, or takes it off. Of the kinds one holds at a time.
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
        for kind in KINDS.values()
        if kind.name in kinds or page.kind == kind.name
    ]
    return {
        "parts": parts,
        "on": sum(part["on"] for part in parts),
        "plain": _address(page, unread=False, waiting=False, snoozed=False, kind=None),
        "query": query_of(page),
        "without_q": _address(page, q=""),
        "inbox": _address(page, archived=False),
        "archive": _address(page, archived=True, snoozed=False),
        "unread": page.unread,
        "waiting": page.waiting,
        "snoozed": page.snoozed,
        "kind": page.kind,
        "hidden": [(name, getattr(page, name)) for name in FILTERS if name != "q" and getattr(page, name)],
    }
