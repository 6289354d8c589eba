"""The pages on which a conversation starts: people and subjects to write to, and a person's profile."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts.models import User
from wellchat.accounts.queries import person_json
from wellchat.connections.queries import (
    connection_between,
    may_write_first,
    person_for,
    trades_with,
)
from wellchat.feature import load_panels
from wellchat.forms import read_form, read_query
from wellchat.messaging import queries, threads
from wellchat.messaging.contacts import contacts
from wellchat.messaging.forms import FindPeople, StartThread
from wellchat.sealed_query import lead_to
from wellchat.subjects.queries import subject_json, subjects_between, subjects_of, visible_subject
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("start", __name__)


PEOPLE = 50  # of one page


@pages.get("/new")
@signed_in
def new() -> str:
    """Show the people and subjects that the viewer can write to, those of the last contact first."""
    user, query = viewer(), read_query(FindPeople)
    people, following = contacts(user, words=query.q, before=query.before, limit=PEOPLE)
    return render_template(
        "messaging/new.html",
        people=people,
        next=following,
        before=query.before,
        subjects=[] if query.q or query.before else _subjects_to_write_about(user),
        q=query.q,
    )


def _subjects_to_write_about(user: User) -> list[dict[str, Any]]:
    """Return what has a conversation of its own: coupons, leads. A booking's is that of its pair."""
    subjects = subjects_of(user, apart=True)
    others = {s.client_id if s.professional_id == user.id else s.professional_id for s in subjects}
    trades = trades_with(user.id, {other for other in others if other})
    cards = [
        subject_json(s, user, trades.get(s.professional_id) or trades.get(s.client_id or ""))
        for s in subjects
    ]
    return [card for card in cards if card["can_contact"] or card["can_claim"]]


@pages.post("/new")
@signed_in
def find_people() -> Response:
    """Take the words that the people are narrowed by, which must stand in no address, and lead to them."""
    return lead_to("/new", ("q",), words=("q",))


@pages.get("/people/<user_id>")
@signed_in
def person(user_id: str) -> str:
    """Show a person's profile, with the subjects that the viewer has in common with them."""
    user = viewer()
    other = person_for(user, user_id)
    connection = connection_between(user.id, other.id)
    opened = queries.pair_threads(user, [connection.id]) if connection else {}
    client_id, professional_id = (user.id, other.id) if user.is_client else (other.id, user.id)
    subjects = subjects_between(client_id, professional_id) if connection else []
    trade = connection.trade if connection else None
    return render_template(
        "connections/person.html",
        person=person_json(other, trade) | {"bio": other.bio if other.is_active else None},
        thread_id=opened.get(connection.id) if connection else None,
        can_message=other.id != user.id and may_write_first(user, other, connection),
        subjects=[subject_json(s, user, trade) for s in subjects],
        sections=load_panels("connection_panels", user, connection, clock.now()) if connection else [],
    )


@pages.post("/threads")
@signed_in
@limiter.limit("60/minute")
def start() -> Response:
    """Open the thread of a profile or a card, and redirect to it."""
    user, form = viewer(), read_form(StartThread)
    thread_id, _ = threads.open_thread(viewer=user, with_id=form.with_, subject=form.subject, now=clock.now())
    about = _card_in_pair_thread(user, form.subject) if form.subject else None
    return redirect(url_for("messaging.thread", thread_id=thread_id, about=about))


def _card_in_pair_thread(user: User, subject: tuple[str, str]) -> str | None:
    """Return the id of a subject that the pair's thread is used for, None if it has its own thread.

    The next message then mentions it.
    """
    found = visible_subject(user, *subject)
    return found.id if found.declared.scope == "connection" else None
