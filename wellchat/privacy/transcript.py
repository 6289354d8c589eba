"""Write one conversation as a page, as text or as JSON, message by message: for its two people alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from wellchat.accounts.models import SYSTEM_ID, User
from wellchat.attachments.serializers import File
from wellchat.clock import iso
from wellchat.config import setting
from wellchat.db import db, release_connection
from wellchat.errors import NotFound
from wellchat.i18n import direction, format_date, format_time, gettext, language
from wellchat.messaging.models import Message, Thread
from wellchat.messaging.shown import Hidden, hidden_in, shown_body, shown_preview, something_hides
from wellchat.messaging.words import deleted_words

PAGE = 500  # messages of one statement


class Line(NamedTuple):
    """One message as a transcript shows it."""

    seq: int
    day: str
    time: str
    at: str
    name: str
    mine: bool
    system: bool  # nobody wrote it but this installation
    automatic: bool  # nobody has just sent it: the platform, or what its sender set up
    body: str | None  # None: deleted
    deleted: str
    edited: bool
    quote: str | None
    reactions: str
    files: list[dict[str, Any]]


def thread_of(viewer: User, thread_id: str) -> Thread:
    """Return a thread of the viewer's, with its people and subject. Raises NotFound."""
    query = select(Thread).where(
        Thread.id == thread_id, (Thread.client_id == viewer.id) | (Thread.professional_id == viewer.id)
    )
    loaded = joinedload(Thread.client), joinedload(Thread.professional), joinedload(Thread.subject)
    found = db.session.execute(query.options(*loaded)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


def other_of(viewer: User, thread: Thread) -> User:
    """Return the other person of a thread of the viewer's."""
    return thread.professional if viewer.id == thread.client_id else thread.client


def title_of(viewer: User, thread: Thread) -> str:
    """Return the name of the other person, and what the thread is about."""
    about = f" - {thread.subject.title}" if thread.subject else ""
    return other_of(viewer, thread).name + about


def messages_in(thread_id: str) -> Iterator[Message]:
    """Yield the messages of a thread in order, PAGE at a time, without keeping them."""
    last, size = 0, PAGE
    while size == PAGE:
        query = select(Message).where(Message.thread_id == thread_id, Message.seq > last)
        found = db.session.execute(query.order_by(Message.seq).limit(PAGE)).scalars().all()
        # Whoever reads slowly holds no connection meanwhile.
        release_connection()
        yield from found
        size, last = len(found), found[-1].seq if found else last


def with_hidden(messages: Iterable[Message]) -> Iterator[tuple[Message, Hidden]]:
    """Yield messages, each with what of it and its quote is hidden. One statement for PAGE of them."""
    if not something_hides():
        yield from ((each, {}) for each in messages)
        return
    left = iter(messages)
    while some := list(islice(left, PAGE)):
        hidden = hidden_in([*some, *(each.quoted for each in some)])
        release_connection()
        yield from ((each, hidden) for each in some)


FilePath = Callable[[Message, int, File], str | None]
"""(message, place in it, file) -> its address in the page; None: only its name is shown."""


def lines(
    viewer: User, thread: Thread, messages: Iterable[Message], file_path: FilePath = lambda *_: None
) -> Iterator[Line]:
    """Yield messages as a transcript shows them, in the current language and the viewer's time zone."""
    zone = ZoneInfo(viewer.time_zone)
    names = {thread.client.id: thread.client.name, thread.professional.id: thread.professional.name}
    names[SYSTEM_ID] = setting("NAME")
    for each, hidden in with_hidden(messages):
        there = each.created_at.astimezone(zone)
        quoted = shown_preview(each.quoted, viewer.id, hidden) if each.quoted else None
        yield Line(
            seq=each.seq,
            day=format_date(there, "long") + f" {there.year}",
            time=format_time(there),
            at=iso(each.created_at) or "",
            name=names.get(each.sender_id, ""),
            mine=each.sender_id == viewer.id,
            system=each.is_system,
            automatic=each.via is not None,
            body=shown_body(each, viewer.id, hidden) if each.deleted_at is None else None,
            deleted=deleted_words({"removed_by": each.removed_by}),
            edited=each.edited_at is not None and each.deleted_at is None,
            quote=(quoted or gettext("Message deleted")) if each.reply_to else None,
            reactions=" ".join(reaction["emoji"] for reaction in each.reactions or ()),
            files=[
                {"name": file["name"], "size": file["size"], "picture": file["width"] is not None,
                 "path": file_path(each, place, file)}
                for place, file in enumerate(each.files or (), 1)
            ],
        )  # fmt: skip


def as_html(viewer: User, thread: Thread, shown: Iterable[Line], *, back: str = "") -> Iterator[bytes]:
    """Yield a page that needs nothing but itself. `back`: a link to the page of all conversations."""
    context = {
        "title": title_of(viewer, thread),
        "other": other_of(viewer, thread),
        "lines": shown,
        "back": back,
        "zone": viewer.time_zone,
        "installation": setting("NAME"),
        "html_lang": language(),
        "html_dir": direction(),
    }
    page = current_app.jinja_env.get_template("privacy/export/thread.html")
    stream = page.stream(context)
    # Otherwise each small piece of the template is a chunk of its own.
    stream.enable_buffering(100)
    for chunk in stream:
        yield chunk.encode(errors="replace")


def as_text(viewer: User, thread: Thread, shown: Iterable[Line]) -> Iterator[bytes]:
    """Yield plain text in UTF-8."""
    yield f"{title_of(viewer, thread)}\n".encode(errors="replace")
    day = ""
    for line in shown:
        if line.day != day:
            day = line.day
            yield f"\n{day} ({viewer.time_zone})\n\n".encode()
        automatic = f" ({gettext('sent automatically')})" if line.automatic else ""
        yield f"{line.time}  {line.name}{automatic}: {_words(line)}\n".encode(errors="replace")


def _words(line: Line) -> str:
    if line.body is None:
        return f"[{line.deleted}]"
    files = [f"[{file['name']}]" for file in line.files]
    return "\n       ".join([*line.body.splitlines(), *files])


def as_json(viewer: User, thread: Thread, messages: Iterable[Message]) -> Iterator[bytes]:
    """Yield one JSON object: the thread, its people by id, and its messages. Times are in UTC."""
    head = {
        "thread": {"id": thread.id, "created_at": iso(thread.created_at)},
        "people": {each.id: {"name": each.name} for each in (thread.client, thread.professional)},
        "subject": {"kind": thread.subject.kind, "title": thread.subject.title} if thread.subject else None,
    }
    yield json.dumps(head, ensure_ascii=False)[:-1].encode(errors="replace") + b', "messages": ['
    for number, (each, hidden) in enumerate(with_hidden(messages)):
        message = {
            "seq": each.seq,
            "sender_id": each.sender_id,
            "body": shown_body(each, viewer.id, hidden),
            "reply_to": each.reply_to,
            "created_at": iso(each.created_at),
            "edited_at": iso(each.edited_at),
            "deleted": each.deleted_at is not None,
            "removed_by": each.removed_by,
            "system": each.is_system,
            "via": each.via,
            "reactions": each.reactions or [],
            "attachments": [{"name": file["name"], "size": file["size"]} for file in each.files or ()],
        }
        separator = b",\n" if number else b"\n"
        yield separator + json.dumps(message, ensure_ascii=False).encode(errors="replace")
    yield b"\n]}\n"
