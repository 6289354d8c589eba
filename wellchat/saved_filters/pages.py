"""The chips of saved filters above the list of conversations, and the form that keeps one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

from flask import Blueprint, flash, redirect
from pydantic import Field, StringConstraints
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.errors import Conflict, Invalid
from wellchat.forms import Form, Text, read_form, read_query
from wellchat.i18n import gettext
from wellchat.messaging.forms import ListThreads
from wellchat.messaging.pages.inbox import address_of
from wellchat.saved_filters.actions import filters_of, forget_filter, save_filter
from wellchat.saved_filters.models import MAX_NAME
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("saved_filters", __name__)

KEPT = {"unread", "waiting", "snoozed", "archived", "kind", "subject", "sort", "q"}


class SaveFilter(ListThreads):
    """A name, and the filter that is on."""

    name: Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME)] = (
        Field()
    )


class Forget(Form):
    """The button that removes a filter."""


def _kept(page: ListThreads) -> dict[str, Any]:
    """Return the fields of a filter that are not as in the plain inbox."""
    return {name: value for name in KEPT if (value := getattr(page, name))}


def saved_context(facts: Collection[str]) -> dict[str, Any]:
    """Return {"saved": the viewer's filters with address and whether on, "fields": what is on now}.

    `facts` says whether the viewer has any: without, none are read.
    """
    now_on = _kept(read_query(ListThreads))
    saved = [
        {"id": each.id, "name": each.name, "on": each.query == now_on, "href": _address(each.query)}
        for each in (filters_of(viewer()) if "saved_filters" in facts else ())
    ]
    return {
        "saved": saved,
        "fields": now_on,
        "is_new": bool(now_on) and not any(each["on"] for each in saved),
    }


def _address(query: dict[str, Any]) -> str:
    return address_of(ListThreads.model_validate(query))


@pages.post("/filters")
@signed_in
@limiter.limit("30/minute")
def save() -> Response:
    """Keep the filter that is on under a name, and lead back to it."""
    form = read_form(SaveFilter)
    query = _kept(form)
    if not query:
        raise Invalid({"name": gettext("Choose a filter first.")})
    try:
        save_filter(viewer=viewer(), name=form.name, query=query, now=clock.now())
    except Conflict as refusal:
        flash(refusal.detail, "danger")
    return redirect(_address(query), 303)


@pages.post("/filters/<filter_id>/forget")
@signed_in
@limiter.limit("30/minute")
def forget(filter_id: str) -> Response:
    """Remove a saved filter, and lead to the plain inbox."""
    forget_filter(viewer=viewer(), filter_id=filter_id)
    return redirect("/", 303)
