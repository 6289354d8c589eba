"""The page of a thread, and the forms on it that work without script."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as BaseResponse

from wellchat import clock
from wellchat.accounts.models import User
from wellchat.accounts.queries import person_json
from wellchat.attachments.actions import MAX_FILES, accept_upload
from wellchat.attachments.uploads import raise_body_limit, uploaded_files
from wellchat.db import new_id
from wellchat.errors import Invalid, TooLarge
from wellchat.forms import read_form, read_query
from wellchat.messaging import files, memberships, messages, navigation, queries, receipts
from wellchat.messaging.forms import (
    MAX_BODY,
    MarkRead,
    PostMembership,
    PostMessage,
    ThreadQuery,
)
from wellchat.messaging.models import EDIT_WITHIN, Message
from wellchat.messaging.pages.inbox import shell
from wellchat.messaging.serializers import message_json, thread_json
from wellchat.subjects.queries import (
    subject_by_id,
    subject_json,
    subject_with_people,
    subjects_between,
)
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("messaging", __name__)

PAGE_SIZE = 50  # messages a thread opens with
MAX_PAGE_SIZE = 300  # and no more than these, to reach back from the end to the first unread one


@pages.get("/threads/<thread_id>")
@signed_in
def thread(thread_id: str) -> BaseResponse | str:
    if (day := read_query(ThreadQuery).day) is not None:
        seq = navigation.first_of_day(viewer(), thread_id, day)
        return redirect(
            url_for("messaging.thread", thread_id=thread_id, at=seq, _anchor=str(seq) if seq else None)
        )
    return _thread_page(thread_id)


def _thread_page(thread_id: str, *, body: str = "", errors: dict[str, str] | None = None) -> str:
    user, query = viewer(), read_query(ThreadQuery)
    beside = shell()  # reads the cursor first, then the state it goes with
    view = queries.thread_for(user, thread_id)
    first_unread = view.mine.read_up_to + 1 if view.unread else None
    found = _messages_at(view, query, first_unread)
    subjects = list(subjects_between(view.thread.client_id, view.thread.professional_id))
    if view.thread.subject_id and view.thread.subject_id not in {s.id for s in subjects}:
        subjects.insert(0, subject_with_people(view.thread.subject_id))  # whoever else it is for by now
    return render_template(
        "messaging/thread.html",
        **beside,
        thread=thread_json(view, user, now=clock.now()),
        messages=[message_json(message, user.id) for message in found],
        has_earlier=bool(found) and found[0].seq > 1,
        has_later=bool(found) and found[-1].seq < view.thread.last_seq,
        first_unread_seq=first_unread,
        client_key=new_id(),
        about=subject_json(subject_by_id(user, query.about), user) if query.about else None,
        replied_to=_replied_to(thread_id, query.reply_to or _posted_reply_to(errors or {})),
        pins=[message_json(message, user.id) for message in queries.pins_of(user, thread_id)],
        panel={
            "person": person_json(view.other),
            "subjects": [subject_json(s, user) for s in subjects],
            **files.panel_files(user, thread_id),
        },
        body=body,
        errors=errors or {},
        max_body=MAX_BODY,
        edit_within=EDIT_WITHIN // timedelta(milliseconds=1),
    )


def _replied_to(thread_id: str, seq: int | None) -> dict[str, Any] | None:
    user = viewer()
    return message_json(queries.message_for(user, thread_id, seq), user.id) if seq else None


def _posted_reply_to(errors: dict[str, str]) -> int | None:
    """What a message that was refused was to answer, unless that is why."""
    return None if "reply_to" in errors else request.form.get("reply_to", type=int)


def _messages_at(view: queries.ThreadView, query: ThreadQuery, first_unread: int | None) -> list[Message]:
    """The stretch of a thread that its page opens with: what the query asks for, else the end.

    The end reaches back to the first unread message with a few before it; where that is too far, it begins there.
    """
    user, thread_id = viewer(), view.thread.id
    if query.at is not None:
        return navigation.messages_around(user, thread_id, query.at, limit=PAGE_SIZE)[0]
    if query.after is not None:
        return queries.messages_of(user, thread_id, after=query.after, limit=PAGE_SIZE)[0]
    if query.before is not None:
        return queries.messages_of(user, thread_id, before=query.before, limit=PAGE_SIZE)[0]
    reach = view.thread.last_seq - first_unread + 10 if first_unread else 0
    if first_unread and reach > MAX_PAGE_SIZE:
        return navigation.messages_around(user, thread_id, first_unread, limit=PAGE_SIZE)[0]
    return queries.messages_of(user, thread_id, limit=max(PAGE_SIZE, reach))[0]


@pages.post("/threads/<thread_id>/messages")
@signed_in
@limiter.limit("20/second;300/minute")
def send(thread_id: str) -> BaseResponse | tuple[str, int]:
    """The composer without script: what was typed comes back with the reason where it could not be sent."""
    user = viewer()
    try:
        uploads = uploaded_files()[:MAX_FILES]
        form = read_form(PostMessage, files=len(uploads))
        about = subject_by_id(user, form.subject) if form.subject else None
        message, _ = messages.send_message(
            sender=user,
            thread_id=thread_id,
            body=form.body,
            client_key=form.client_key,
            attachments=_accept_uploads(user, thread_id, form.client_key, uploads),
            subject=(about.kind, about.external_id) if about else None,
            reply_to=form.reply_to,
            now=clock.now(),
        )
    except (Invalid, TooLarge) as refusal:
        queries.thread_for(user, thread_id)
        errors = refusal.errors or {"file": refusal.detail}
        return _thread_page(thread_id, body=request.form.get("body", ""), errors=errors), refusal.status
    if form.seen:
        receipts.mark_read(viewer=user, thread_id=thread_id, seq=min(form.seen, message.seq), now=clock.now())
    return redirect(url_for("messaging.thread", thread_id=thread_id, _anchor=str(message.seq)), 303)


def _accept_uploads(user: User, thread_id: str, client_key: str, uploads: list[FileStorage]) -> list[str]:
    """Ids of the files that came with a message; of those that it already has, where it was sent before."""
    if not uploads:
        return []
    queries.thread_for(user, thread_id)
    if (before := files.sent_with_key(user, thread_id, client_key)) is not None:
        return before
    return [
        accept_upload(owner=user, name=each.filename or "", content=each.read(), now=clock.now()).id
        for each in uploads
    ]


@pages.url_value_preprocessor
def _room_for_files(endpoint: str | None, _values: object) -> None:
    if endpoint == "messaging.send":
        raise_body_limit()


@pages.post("/threads/<thread_id>/read")
@signed_in
def read(thread_id: str) -> BaseResponse:
    """Without script there is nobody to notice what was shown: the reader says so."""
    receipts.mark_read(viewer=viewer(), thread_id=thread_id, seq=read_form(MarkRead).seq, now=clock.now())
    return redirect(url_for("messaging.thread", thread_id=thread_id), 303)


@pages.post("/threads/<thread_id>/membership")
@signed_in
def change_membership(thread_id: str) -> BaseResponse:
    user = viewer()
    changes = read_form(PostMembership).as_patch().given(now=clock.now(), zone=user.time_zone)
    memberships.change_membership(viewer=user, thread_id=thread_id, changes=changes)
    if changes.get("archived") or changes.get("snoozed_until"):
        return redirect(url_for("inbox.inbox"), 303)
    return redirect(url_for("messaging.thread", thread_id=thread_id), 303)


@pages.get("/chat/<thread_id>")
@signed_in
def chat(thread_id: str) -> BaseResponse:
    """The address other systems of the field use."""
    return redirect(url_for("messaging.thread", thread_id=queries.thread_for(viewer(), thread_id).thread.id))


def message_url(thread_id: str, seq: int, last_seq: int | None = None) -> str:
    """Where a message of a thread is seen, also by who has no script to bring what the page does not open with.

    That is its end, for what is near `last_seq`, where that is known.
    """
    at = None if last_seq is not None and seq > last_seq - PAGE_SIZE else seq
    return url_for("messaging.thread", thread_id=thread_id, at=at, _anchor=str(seq))
