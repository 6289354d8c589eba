"""Read saved replies. A professional sees their own and those of the installation."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, select

from wellchat.accounts.models import User
from wellchat.clock import iso
from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.messaging.queries import ThreadView
from wellchat.placeholders import fill_in, placeholders_in
from wellchat.saved_replies.filling import values_for
from wellchat.saved_replies.models import EVERYBODY, SavedReply, SavedReplyUse

PER_PAGE = 50
PREVIEW = 120  # characters of a text in a list


class Listed(NamedTuple):
    """A reply, with how often the viewer has used it, and when last."""

    reply: SavedReply
    used: int
    last_at: datetime | None


def only_professionals(viewer: User) -> None:
    """Raise NotFound for everybody else: they have no use for the menu."""
    if not viewer.is_professional:
        raise NotFound


def _listed(viewer: User, which: ColumnElement[bool]) -> Select[SavedReply, int, datetime]:
    same = and_(SavedReplyUse.reply_id == SavedReply.id, SavedReplyUse.user_id == viewer.id)
    columns = (SavedReply, func.coalesce(SavedReplyUse.count, 0), SavedReplyUse.last_at)
    return select(*columns).outerjoin(SavedReplyUse, same).where(which)


_BY_USE = (
    func.coalesce(SavedReplyUse.count, 0).desc(),
    SavedReplyUse.last_at.desc().nulls_last(),
    SavedReply.position,
    SavedReply.id,
)
_BY_ORDER = (SavedReply.position, SavedReply.id)


def _with_words(found: Iterable[Listed], words: str) -> list[Listed]:
    """Return those that have every one of the words in the title or the text."""
    # Not in SQL: SQLite folds the letters of ASCII alone, and there are few rows.
    wanted = _folded(words).split()
    texts = ((each, _folded(f"{each.reply.title}\n{each.reply.body}")) for each in found)
    return [each for each, text in texts if all(word in text for word in wanted)]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def usable(viewer: User, words: str = "", limit: int = 100) -> list[Listed]:
    """Return what the viewer may put into a message, what they use most first. Raises NotFound."""
    only_professionals(viewer)
    query = _listed(viewer, SavedReply.shelf.in_((viewer.id, EVERYBODY)))
    rows = map(Listed._make, db.session.execute(query.order_by(*_BY_USE)))
    return _with_words(rows, words)[:limit]


def page_of(
    viewer: User, shelf: str, *, words: str, by_use: bool, page: int
) -> tuple[list[Listed], int, bool]:
    """Return (PER_PAGE replies of a shelf, how many there are in all, whether more follow)."""
    order = _BY_USE if by_use else _BY_ORDER
    query = _listed(viewer, SavedReply.shelf == shelf).order_by(*order)
    found = [Listed._make(row) for row in db.session.execute(query)]
    shown = _with_words(found, words)[(page - 1) * PER_PAGE :]
    return shown[:PER_PAGE], len(found), len(shown) > PER_PAGE


def all_of(shelf: str) -> Sequence[SavedReply]:
    """Return every reply of a shelf, in its order."""
    return (
        db.session.execute(select(SavedReply).where(SavedReply.shelf == shelf).order_by(*_BY_ORDER))
        .scalars()
        .all()
    )


def reply_on(shelf: str, reply_id: str) -> SavedReply:
    """Return a reply of a shelf. Raises NotFound."""
    found = db.session.get(SavedReply, reply_id, populate_existing=True)
    if found is None or found.shelf != shelf:
        raise NotFound
    return found


def usable_reply(viewer: User, reply_id: str) -> SavedReply:
    """Return a reply that the viewer may put into a message. Raises NotFound."""
    only_professionals(viewer)
    query = select(SavedReply).where(SavedReply.id == reply_id, SavedReply.shelf.in_((viewer.id, EVERYBODY)))
    found = db.session.execute(query).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


def reply_json(listed: Listed) -> dict[str, Any]:
    """Return a reply as schemas.SavedReplyShape."""
    reply = listed.reply
    return {
        "id": reply.id,
        "title": reply.title,
        "body": reply.body,
        "mine": reply.shelf != EVERYBODY,
        "used": listed.used,
        "last_used_at": iso(listed.last_at),
        "changed_at": iso(reply.changed_at),
    }


def menu_json(
    viewer: User, view: ThreadView, listed: Sequence[Listed], now: datetime
) -> list[dict[str, Any]]:
    """Return what the menu of a thread shows of each (schemas.MenuReply)."""
    values = values_for(viewer, view, [each.reply.body for each in listed], now)
    return [
        {
            "id": each.reply.id,
            "title": each.reply.title,
            "preview": " ".join(fill_in(each.reply.body, values).text.split())[:PREVIEW],
            "missing": [name for name in placeholders_in(each.reply.body) if not values.get(name)],
        }
        for each in listed
    ]
