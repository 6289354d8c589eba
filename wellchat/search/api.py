"""Serve the JSON call of search."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from wellchat import clock
from wellchat.accounts.queries import person_json
from wellchat.feature import registry
from wellchat.i18n import gettext
from wellchat.messaging.serializers import messages_json, threads_json
from wellchat.search import queries
from wellchat.search.forms import SearchBody, SearchQuery, next_token
from wellchat.search.names import NameMatches, find_by_name
from wellchat.search.schemas import SearchAnswer
from wellchat.web import json_response, limiter, signed_in, viewer

api = APIBlueprint(
    "search_api",
    __name__,
    url_prefix="/api",
    tag={"name": "Search", "description": "Find messages, threads and people."},
)
MAX_OTHERS = 5  # things of each search source
search_limit = limiter.shared_limit("10/second;240/minute", scope="search")


@api.get("/search")
@signed_in
@search_limit
@api.input(SearchQuery, location="query", arg_name="query")
@api.output(SearchAnswer)
def search_messages(query: SearchQuery) -> Response:
    """Find messages in my threads, or in one of them, newest first.

    All words must match, each as the beginning of a word. Case and accents do not matter. If no message has
    the words, typing slips in words of five letters and more are allowed. `names` also returns threads and
    people of that name.
    """
    return json_response(search_json(query))


@api.post("/search")
@signed_in
@search_limit
@api.input(SearchBody, location="json", arg_name="body")
@api.output(SearchAnswer)
def post_search(body: SearchBody) -> Response:
    """Find messages as `GET /api/search` does, with the query in the body.

    So the words stand in no address, and in no log of a proxy.
    """
    return json_response(search_json(body))


def _others(query: SearchQuery) -> list[dict[str, Any]]:
    if not query.names or query.before or not query.q:
        return []
    found = ((source, source.find(viewer(), query.q, MAX_OTHERS)) for source in registry().search_sources)
    return [
        {"label": gettext(source.label), "hits": [hit._asdict() for hit in hits]}
        for source, hits in found
        if hits
    ]


def search_json(query: SearchQuery) -> dict[str, Any]:
    """Return the response to a search, with the keys of schemas.SearchAnswer. Raises Invalid."""
    user, now = viewer(), clock.now()
    question, before = query.question(user.time_zone)
    answer = queries.search(user, question, now=now, before=before, limit=query.limit)
    names = find_by_name(user, query.q) if query.names and not before else NameMatches([], [])
    messages = messages_json([found.message for found in answer.hits], user.id)
    threads = threads_json([found.view for found in answer.hits], user, now=now)
    return {
        "results": [
            {
                "message": message,
                "thread": thread,
                "excerpt": found.excerpt.text,
                "marks": found.excerpt.highlights,
            }
            for found, message, thread in zip(answer.hits, messages, threads, strict=True)
        ],
        "next": next_token(answer.next_position, fuzzy=answer.fuzzy) if answer.next_position else None,
        "close": answer.fuzzy and bool(answer.hits),
        "threads": threads_json(names.threads, user, now=now),
        "people": [person_json(person) for person in names.people],
        "others": _others(query),
    }
