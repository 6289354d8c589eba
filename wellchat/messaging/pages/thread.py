"""The page of a thread, and the forms on it that work without script."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as BaseResponse

from wellchat import clock
from wellchat.accounts.models import User
from wellchat.accounts.queries import person_json
from wellchat.attachments.actions import MAX_FILES, accept_upload
from wellchat.attachments.uploads import raise_body_limit, uploaded_files
from wellchat.db import new_id
from wellchat.errors import CannotWrite, Invalid, TooLarge
from wellchat.feature import load_panels
from wellchat.forms import read_form, read_query
from wellchat.messaging import files, memberships, messages, navigation, queries, receipts
from wellchat.messaging.closing import check_may_write
from wellchat.messaging.forms import (
    MAX_BODY,
    MarkRead,
    PostMembership,
    PostMessage,
    ThreadQuery,
)
from wellchat.messaging.models import EDIT_WITHIN, Message
from wellchat.messaging.pages.inbox import badges, lone_thread, shell
from wellchat.messaging.serializers import message_json, messages_json, thread_json
from wellchat.security_headers import MICROPHONE
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
def thread(thread_id: str) -> BaseResponse:
    """Show a thread; redirect to the first message of a day if the query names one."""
    if (day := read_query(ThreadQuery).day) is not None:
        seq = navigation.first_of_day(viewer(), thread_id, day)
        return redirect(
            url_for("messaging.thread", thread_id=thread_id, at=seq, _anchor=str(seq) if seq else None)
        )
    return _thread_page(thread_id)


def _thread_page(thread_id: str, *, body: str = "", errors: dict[str, str] | None = None) -> Response:
    user, query = viewer(), read_query(ThreadQuery)
    is_alone = lone_thread() == thread_id
    # Both read the cursor first, then the state it goes with.
    beside = {**badges(), "is_alone": True} if is_alone else shell()
    view = queries.thread_for(user, thread_id)
    first_unread = view.mine.read_up_to + 1 if view.unread else None
    found = _messages_at(view, query, first_unread)
    subjects = list(subjects_between(view.thread.client_id, view.thread.professional_id))
    if view.thread.subject_id and view.thread.subject_id not in {s.id for s in subjects}:
        subjects.insert(0, subject_with_people(view.thread.subject_id))  # whoever else it is for by now
    page = render_template(
        "messaging/thread.html",
        **beside,
        thread=thread_json(view, user, now=clock.now()),
        messages=messages_json(found, user.id),
        has_earlier=bool(found) and found[0].seq > 1,
        has_later=bool(found) and found[-1].seq < view.thread.last_seq,
        first_unread_seq=first_unread,
        client_key=new_id(),
        about=subject_json(subject_by_id(user, query.about), user, view.trade) if query.about else None,
        replied_to=_replied_to(thread_id, query.reply_to or _posted_reply_to(errors or {})),
        pins=messages_json(queries.pins_of(user, thread_id), user.id),
        panel={
            "person": person_json(view.other, view.trade),
            "subjects": [subject_json(s, user, view.trade) for s in subjects],
            **files.panel_files(user, thread_id),
            "sections": load_panels("thread_panels", user, view, clock.now()),
        },
        body=body,
        errors=errors or {},
        max_body=MAX_BODY,
        edit_within=EDIT_WITHIN // timedelta(milliseconds=1),
    )
    response = make_response(page)
    response.headers.set(*MICROPHONE)
    return response


def _replied_to(thread_id: str, seq: int | None) -> dict[str, Any] | None:
    user = viewer()
    return message_json(queries.message_for(user, thread_id, seq), user.id) if seq else None


def _posted_reply_to(errors: dict[str, str]) -> int | None:
    """Return the seq that a refused message replied to; None if that was the reason."""
    return None if "reply_to" in errors else request.form.get("reply_to", type=int)


def _messages_at(view: queries.ThreadView, query: ThreadQuery, first_unread: int | None) -> list[Message]:
    """Return the messages with which the page opens: at the position in the query, else at the end.

    The end reaches back to ten messages before the first unread one. If that is more than MAX_PAGE_SIZE, the
    page opens at the first unread message instead.
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
def send(thread_id: str) -> BaseResponse | tuple[Response, int]:
    """Send a message without script. If it is refused, show the page again with the text and the reason."""
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
    except (Invalid, TooLarge, CannotWrite) as refusal:
        # The form may be refused before access was checked. This raises NotFound, so strangers see no page.
        queries.thread_for(user, thread_id)
        errors = refusal.errors or {"body" if isinstance(refusal, CannotWrite) else "file": refusal.detail}
        return _thread_page(thread_id, body=request.form.get("body", ""), errors=errors), refusal.status
    if form.seen:
        receipts.mark_read(viewer=user, thread_id=thread_id, seq=min(form.seen, message.seq), now=clock.now())
    return redirect(url_for("messaging.thread", thread_id=thread_id, _anchor=str(message.seq)), 303)


def _accept_uploads(user: User, thread_id: str, client_key: str, uploads: list[FileStorage]) -> list[str]:
    """Store the uploads of a message and return their ids; those of the first message if this is a retry."""
    if not uploads:
        return []
    # Access and the key are checked before anything is stored: strangers store nothing, retries store nothing
    # twice.
    queries.thread_for(user, thread_id)
    if (before := files.sent_with_key(user, thread_id, client_key)) is not None:
        return before
    check_may_write(user, thread_id, clock.now())
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
    """Mark messages as read without script, by a button."""
    receipts.mark_read(viewer=viewer(), thread_id=thread_id, seq=read_form(MarkRead).seq, now=clock.now())
    return redirect(url_for("messaging.thread", thread_id=thread_id), 303)


@pages.post("/threads/<thread_id>/membership")
@signed_in
def change_membership(thread_id: str) -> BaseResponse:
    """Press a button of the thread's menu. Archiving and snoozing lead back to the inbox."""
    user = viewer()
    changes = read_form(PostMembership).as_patch().given(now=clock.now(), zone=user.time_zone)
    memberships.change_membership(viewer=user, thread_id=thread_id, changes=changes)
    if changes.get("archived") or changes.get("snoozed_until"):
        return redirect(url_for("inbox.inbox"), 303)
    return redirect(url_for("messaging.thread", thread_id=thread_id), 303)


@pages.get("/chat/<thread_id>")
@signed_in
def chat(thread_id: str) -> BaseResponse:
    """Redirect from the address that other messaging systems use."""
    return redirect(url_for("messaging.thread", thread_id=queries.thread_for(viewer(), thread_id).thread.id))


def message_url(thread_id: str, seq: int, last_seq: int | None = None) -> str:
    """Return the path of a message on its thread's page.

    The page opens at the end and holds PAGE_SIZE messages. `at` is added for older messages only, which needs
    `last_seq` of the thread. So the path also works without script.
    """
    at = None if last_seq is not None and seq > last_seq - PAGE_SIZE else seq
    return url_for("messaging.thread", thread_id=thread_id, at=at, _anchor=str(seq))
