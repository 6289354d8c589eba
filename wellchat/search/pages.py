"""Serve the search page: a form, and the results at an address with the whole query, its words sealed."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from wellchat import i18n
from wellchat.connections.queries import person_for
from wellchat.errors import Invalid, NotFound
from wellchat.forms import read_query
from wellchat.i18n import gettext
from wellchat.messaging.queries import thread_for
from wellchat.sealed_query import address, lead_to, query_args
from wellchat.search.api import search_json, search_limit
from wellchat.search.forms import MAX_QUERY_LENGTH, SearchQuery
from wellchat.search.matching import parts
from wellchat.subjects.queries import subject_by_id
from wellchat.web import signed_in, viewer

pages = Blueprint("search", __name__)

MAX_SUGGESTIONS = 6
FIELDS = ("q", "thread", "person", "subject", "from", "to", "has_file")
WORDS = ("q",)


@pages.post("/search")
@signed_in
@search_limit
def ask() -> Response:
    """Take a search, whose words must stand in no address, and lead to its results."""
    return lead_to("/search", FIELDS, words=WORDS)


@pages.get("/search")
@signed_in
@search_limit
def search() -> str | tuple[str, int]:
    """Show the results of the query in the address. Words that stand there openly are taken from links."""
    asked: dict[str, str] = {}
    try:
        given = query_args()
        asked = {name: value for name in FIELDS if (value := given.get(name, ""))}
        query = read_query(SearchQuery)
        query.names = True
        found = search_json(query)
    except Invalid as refusal:
        return _page(asked, errors=refusal.errors), 422
    for result in found["results"]:
        result["parts"] = parts(result["excerpt"], result["marks"])
    following = _address(asked | {"before": found["next"]}) if found["next"] else None
    suggestions = _suggestions(asked, found["results"])
    return _page(asked, found=found, following=following, is_first=not query.before, suggestions=suggestions)


def _address(asked: dict[str, str]) -> str:
    return address("/search", asked, words=WORDS)


def _page(asked: dict[str, str], **more: Any) -> str:
    narrowed = {name: value for name, value in asked.items() if name != "q"}
    return render_template(
        "search/index.html",
        asked=asked,
        narrowed=[
            (label, _address({n: v for n, v in asked.items() if n != name}))
            for name in narrowed
            if (label := _label(name, asked[name]))
        ],
        everywhere=_address({"q": asked.get("q", "")}),
        max_query_length=MAX_QUERY_LENGTH,
        **more,
    )


def _suggestions(asked: dict[str, str], results: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return (label, address) of people and subjects of the results, each to narrow the search to them."""
    found: dict[tuple[str, str], str] = {}
    for result in results:
        thread, subject = result["thread"], result["message"]["subject"] or result["thread"]["subject"]
        found[("person", thread["other"]["id"])] = gettext("With %(name)s", name=thread["other"]["name"])
        if subject:
            found[("subject", subject["id"])] = gettext("About %(title)s", title=subject["title"])
    people = sum(name == "person" for name, _ in found)
    return [
        (label, _address(asked | {name: value}))
        for (name, value), label in found.items()
        if name not in asked and (name == "subject" or (people > 1 and "thread" not in asked))
    ][:MAX_SUGGESTIONS]


def _label(name: str, value: str) -> str:
    """Return a filter in words, for the button that removes it. What the viewer may not see has no name."""
    user = viewer()
    try:
        if name == "thread":
            view = thread_for(user, value)
            if subject := view.thread.subject:
                return gettext("In: %(title)s, %(name)s", title=subject.title, name=view.other.shown_name)
            return gettext("With %(name)s", name=view.other.shown_name)
        if name == "person":
            return gettext("With %(name)s", name=person_for(user, value).shown_name)
        if name == "subject":
            return gettext("About %(title)s", title=subject_by_id(user, value).title)
    except NotFound:
        return gettext("Something that was not found")
    if name == "from":
        return gettext("From %(day)s", day=_day(value))
    if name == "to":
        return gettext("Until %(day)s", day=_day(value))
    return gettext("With files")


def _day(value: str) -> str:
    """Format a day; text that is no day, and was refused, stays as it is."""
    try:
        return i18n.format_date(date.fromisoformat(value), "year")
    except ValueError:
        return value
