"""Write everything of a person into one zip: rows as JSON, conversations as pages, and files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from wellchat.accounts.models import User
from wellchat.accounts.personal_data import rows_of_person
from wellchat.attachments.models import SHOWN, Attachment
from wellchat.attachments.serializers import File
from wellchat.attachments.storage import Missing, get_store, key_of
from wellchat.config import setting
from wellchat.db import db, release_connection
from wellchat.i18n import direction, force_language, format_date, gettext, language
from wellchat.messaging.models import Message, Thread
from wellchat.privacy.archive import Archive, Target, safe_name
from wellchat.privacy.transcript import as_html, lines, messages_in, title_of

PACKED = ("text/", "application/json", "application/xml")  # types that become smaller when compressed
FILES_PAGE = 500
Tick = Callable[[int], None]
"""(how many messages and files have been written since the last call)"""


class Talk(NamedTuple):
    """A conversation of the export: its row, its title, and the name of its folder."""

    thread: Thread
    title: str
    folder: str

    @property
    def address(self) -> str:
        """Return the address of its page, as `index.html` links to it."""
        return quote(f"threads/{self.folder}/index.html")


def count_all(user: User) -> int:
    """Return how many messages and files the export will hold, for its progress."""
    of_them = or_(Thread.client_id == user.id, Thread.professional_id == user.id)
    threads = select(Thread.id).where(of_them)
    messages = select(func.count()).select_from(Message).where(Message.thread_id.in_(threads))
    files = select(func.count()).select_from(Attachment).where(*_of(user))
    return sum(db.session.execute(query).scalar_one() for query in (messages, files))


def build(user: User, target: Target, *, now: datetime, tick: Tick) -> None:
    """Write the zip into `target`, in the person's language. Memory does not grow with what it holds."""
    archive = Archive(target)
    with force_language(user.language):
        talks = _talks(user)
        archive.add("README.txt", [_page("README.txt", user, talks, now)], at=now)
        archive.add("index.html", [_page("index.html", user, talks, now)], at=now)
        for name, found in rows_of_person(user.id):
            archive.add(f"data/{safe_name(name)}.json", _as_json(found), at=now)
        for talk in talks:
            _add_talk(archive, user, talk, tick)
    folders = {talk.thread.id: talk.folder for talk in talks}
    for file in _files(user):
        _add_file(archive, file, folders)
        tick(1)
    archive.close()
    target.close()


def _talks(user: User) -> list[Talk]:
    query = (
        select(Thread)
        .where(or_(Thread.client_id == user.id, Thread.professional_id == user.id))
        .order_by(Thread.created_at, Thread.id)
        .options(joinedload(Thread.client), joinedload(Thread.professional), joinedload(Thread.subject))
    )
    talks = []
    for number, thread in enumerate(db.session.execute(query).scalars(), 1):
        title = title_of(user, thread)
        # The number keeps two people of one name apart.
        talks.append(Talk(thread, title, f"{number:03} {safe_name(title)}"))
    return talks


def _page(name: str, user: User, talks: list[Talk], now: datetime) -> bytes:
    there = now.astimezone(ZoneInfo(user.time_zone))
    context = {
        "person": user,
        "talks": talks,
        "day": f"{format_date(there, 'long')} {there.year}",
        "installation": setting("NAME"),
        "url": setting("BASE_URL"),
        "html_lang": language(),
        "html_dir": direction(),
    }
    page = current_app.jinja_env.get_template(f"privacy/export/{name}")
    # Half a surrogate pair in somebody's name must not stop the whole copy.
    return page.render(context).encode(errors="replace")


def _as_json(found: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    yield b"["
    for number, row in enumerate(found):
        text = json.dumps(row, ensure_ascii=False)
        yield (b",\n" if number else b"\n") + text.encode(errors="replace")
    yield b"\n]\n"


def _add_talk(archive: Archive, user: User, talk: Talk, tick: Tick) -> None:
    thread = talk.thread

    def counted() -> Iterator[Message]:
        for message in messages_in(thread.id):
            yield message
            tick(1)

    def address(message: Message, place: int, file: File) -> str:
        return quote(f"../../{_path(talk.folder, message.seq, place, file['name'])}")

    shown = lines(user, thread, counted(), address)
    page = as_html(user, thread, shown, back="../../index.html")
    archive.add(f"threads/{talk.folder}/index.html", page, at=thread.updated_at)


def _path(folder: str, seq: int, place: int, name: str) -> str:
    """Return the path of a file. Numbers keep files of one name apart."""
    return f"files/{folder}/{seq:06}-{place} {safe_name(name)}"


def _of(user: User) -> tuple[Any, ...]:
    return (or_(Attachment.owner_id == user.id, Attachment.reader_id == user.id), Attachment.state.in_(SHOWN))


def _files(user: User) -> Iterator[Attachment]:
    last, size = "", FILES_PAGE
    while size == FILES_PAGE:
        # By id, not by OFFSET: a file that is deleted meanwhile makes no other one be left out.
        query = select(Attachment).where(*_of(user), Attachment.id > last).order_by(Attachment.id)
        found = db.session.execute(query.limit(FILES_PAGE)).scalars().all()
        size, last = len(found), found[-1].id if found else last
        yield from found


def _add_file(archive: Archive, file: Attachment, folders: dict[str, str]) -> None:
    """Copy the bytes of a file. One that is missing from the store leaves a note in its place."""
    folder = folders.get(file.thread_id or "")
    if folder is None:
        path = f"files/{file.id} {safe_name(file.name)}"
    else:
        path = _path(folder, file.message_seq or 0, file.position + 1, file.name)
    media_type = file.media_type
    # A slow bucket must not hold a database connection.
    release_connection()
    try:
        chunks = get_store().read(key_of(file.id))
    except Missing:
        note = gettext("This file is missing from the store.")
        archive.add(f"{path}.missing.txt", [note.encode()], at=file.created_at)
        return
    archive.add(path, chunks, at=file.created_at, packed=media_type.startswith(PACKED))
