"""The inbox page, and the list of conversations that is also shown beside a thread."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts.models import User
from wellchat.changes.queries import cursor_now
from wellchat.config import setting
from wellchat.feature import registry
from wellchat.forms import read_query
from wellchat.i18n import N_, gettext
from wellchat.messaging import queries
from wellchat.messaging.forms import ListThreads
from wellchat.messaging.groups import groups_of
from wellchat.messaging.hooks import TAGGED, tag_named, tags_among
from wellchat.messaging.memberships import only_thread
from wellchat.messaging.queries import Sort
from wellchat.messaging.unread import counts
from wellchat.messaging.worklist import list_threads
from wellchat.sealed_query import address, lead_to
from wellchat.subjects.kinds import find_kind
from wellchat.subjects.kinds import kinds as all_kinds
from wellchat.web import signed_in, viewer

pages = Blueprint("inbox", __name__)

FILTERS = ("unread", "waiting", "snoozed", "archived", "kind", "tag", "subject", "sort", "q")
WORDS = ("q",)
LANDING = "landing"  # in the cookie of a session that has shown no page yet


@pages.get("/")
@signed_in
def inbox() -> str | Response:
    """Show the conversations. A client with one alone is led to it after signing in, or always.

    The operator decides that it is always so (CLIENT_VIEW). Otherwise the list stays a tap away.
    """
    landing = session.pop(LANDING, False)
    if not request.args and (thread_id := lone_thread(landing=landing)) is not None:
        return redirect(url_for("messaging.thread", thread_id=thread_id))
    return render_template("messaging/inbox.html", **shell())


@pages.post("/")
@signed_in
def find() -> Response:
    """Take the words that a list is narrowed by, which must stand in no address, and lead to it."""
    return lead_to("/", FILTERS, words=WORDS)


def note_landing(user: User, now: datetime) -> None:
    """Remember that this session has just begun; `inbox` asks for it once."""
    if user.is_client:
        session[LANDING] = True


def lone_thread(*, landing: bool = False) -> str | None:
    """Return the id of the viewer's one conversation, if it is shown without a list; else None.

    With `landing` return it wherever there is one alone.
    """
    user = viewer()
    if not user.is_client or not (landing or setting("CLIENT_VIEW") == "one-thread"):
        return None
    return only_thread(user)


def badges() -> dict[str, Any]:
    """Return the template context {"cursor", "unread", "in_inbox"} of every page for a signed-in person.

    The cursor is read before the counts. A change in between is then sent again by the first update, not
    lost.
    """
    cursor = cursor_now(viewer().id)
    unread, in_inbox = counts(viewer().id)
    return {"cursor": str(cursor), "unread": unread, "in_inbox": in_inbox}


def shell() -> dict[str, Any]:
    """Return the template context of every page with the list of conversations, `badges` included."""
    user, page, now = viewer(), read_query(ListThreads), clock.now()
    shown = badges()
    before = page.before if request.endpoint == "inbox.inbox" else None
    kinds, facts = queries.facts_of(user)
    threads, following = list_threads(user, page, sort=order_of(page), before=before, now=now)
    given = page.model_fields_set - {"limit", "before"}
    if TAGGED in facts:
        _add_tags(user, threads)
    # One conversation is no list to be worked off.
    is_plain = user.is_client and len(threads) < 2 and not given and not any(shown["in_inbox"].values())
    return {
        **shown,
        "is_plain": is_plain and only_thread(user) is not None,
        "threads": threads,
        "has_threads": bool(threads) or queries.has_threads(user),  # for an empty inbox
        "next": following,
        "archived": page.archived,
        "q": page.q,
        "filters": filters(page, kinds, shown["in_inbox"]),
        "facts": facts,
        "groups": groups(page),
    }


def _add_tags(user: User, threads: list[dict[str, Any]]) -> None:
    """Put the viewer's own tags beside whom they are on, with one statement for all rows."""
    for found in tags_among(user, [thread["other"]["id"] for thread in threads]):
        for thread in threads:
            thread["tags"] = found.get(thread["other"]["id"], [])


def order_of(page: ListThreads) -> Sort:
    """Return how the page is sorted: who waits is worked off from the one who waits longest."""
    return page.sort or ("longest" if page.waiting else "latest")


def groups(page: ListThreads) -> list[dict[str, Any]]:
    """Return the subjects that conversations of the chosen kind are about, each as a filter of its own."""
    kind = find_kind(page.kind) if page.kind else None
    if kind is None or kind.scope == "connection":
        return []
    return [
        each
        | {"on": (on := each["id"] == page.subject)}
        | {"href": address_of(page, subject=None if on else each["id"])}
        for each in groups_of(viewer(), kind.name, archived=page.archived)
    ]


def query_of(page: ListThreads, **changes: Any) -> str:
    """Return the query string of a list like `page` with these changes; "" for the plain inbox."""
    return address_of(page, **changes).partition("?")[2]


def address_of(page: ListThreads, **changes: Any) -> str:
    """Return the address of a list like `page` with these changes; words in it are sealed."""
    wanted = {name: getattr(page, name) for name in FILTERS} | changes
    return address(
        "/", {n: 1 if value is True else value for n, value in wanted.items() if value}, words=WORDS
    )


NONE_OF_THEM: dict[str, Any] = dict.fromkeys(("unread", "waiting", "snoozed", "archived"), False)
NONE_OF_THEM |= {"kind": None, "tag": None, "subject": None, "sort": None}
LABELS = {
    "unread": N_("Unread"),
    "waiting": N_("Waiting on me"),
    "snoozed": N_("Snoozed"),
    "archived": N_("Archived"),
}
COUNTED = ("waiting", "snoozed", "archived")


def _tag_chip(page: ListThreads) -> list[dict[str, Any]]:
    """Return the chip of the tag that is filtered by, with its name; else the one that leads to the tags."""
    chip = {"name": "tag", "count": None}
    if page.tag is None:
        choose = registry().handlers.get(tag_named.name) and viewer().is_professional
        return [chip | {"label": gettext("Tags"), "on": False, "href": "/tags"}] if choose else []
    name = next(iter(tag_named(viewer(), page.tag)), None)
    label = name or gettext("Something that was not found")
    return [chip | {"label": label, "on": True, "href": address_of(page, tag=None)}]


def _plain_chip(name: str, label: str, on: bool, href: str) -> dict[str, Any]:
    return {"name": name, "label": label, "count": None, "on": on, "href": href}


def filters(page: ListThreads, kinds: Collection[str], counts: Mapping[str, int]) -> dict[str, Any]:
    """Return what the template shows of the filters.

    Each filter has its address, whether it is on, and its number in `counts`: what waits, and what is unread
    where the plain list does not show it. Filters combine: the address of one adds it to the others or
    removes it. Only one kind of subject can be chosen at a time. In the archive all are alike, snoozed or
    not.
    """
    parts = [
        {
            "name": name,
            "label": gettext(label),
            "count": counts[name] if name in COUNTED else None,
            "on": (on := getattr(page, name)),
            "href": address_of(page, **_switched(name, not on)),
        }
        for name, label in LABELS.items()
        if not (name == "snoozed" and page.archived)
    ] + [
        {
            "name": "kind",
            "label": gettext(kind.label),
            "count": None,
            "on": (on := page.kind == kind.name),
            "href": address_of(page, kind=None if on else kind.name, subject=None),
        }
        for kind in all_kinds().values()
        if kind.name in kinds or page.kind == kind.name
    ]
    parts += _tag_chip(page)
    if page.waiting:
        by_score = page.sort == "priority"
        href = address_of(page, sort=None if by_score else "priority")
        parts.append(_plain_chip("sort", gettext("By priority"), by_score, href))
    return {
        "parts": parts,
        "on": sum(part["on"] for part in parts),
        "plain": address_of(page, **NONE_OF_THEM),
        "query": query_of(page),
        "without_q": address_of(page, q=""),
        "unread": page.unread,
        "waiting": page.waiting,
        "snoozed": page.snoozed,
        "kind": page.kind,
        "tag": page.tag,
        "subject": page.subject,
        "sort": order_of(page),
        "longest": order_of(page) != "latest",
        "hidden": [(name, getattr(page, name)) for name in FILTERS if name != "q" and getattr(page, name)],
    }


def _switched(name: str, on: bool) -> dict[str, bool]:
    """Return the changes that switch one filter: snoozed ones are not looked for in the archive."""
    return {name: on, "snoozed": False} if name == "archived" and on else {name: on}
