"""Make, change, order, import and use saved replies."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from wellchat.accounts.models import User
from wellchat.audit.actions import record
from wellchat.db import db, insert, new_id, transaction
from wellchat.errors import Invalid, NotFound
from wellchat.i18n import gettext
from wellchat.messaging.queries import ThreadView
from wellchat.placeholders import Filled, fill_in
from wellchat.saved_replies.csv_files import BadRow, read_rows
from wellchat.saved_replies.filling import values_for
from wellchat.saved_replies.forms import SavedReplyForm
from wellchat.saved_replies.models import EVERYBODY, MAX_REPLIES, SavedReply, SavedReplyUse
from wellchat.saved_replies.queries import all_of, reply_on, usable_reply


class Imported(NamedTuple):
    """How an import ended: how many were taken, and the rows that were not, by their number in the file."""

    taken: int
    refused: list[BadRow]


def full_sentence() -> str:
    """Return why there is no room for one more."""
    return gettext("There are %(num)s saved replies, and more are not kept.", num=MAX_REPLIES)


def taken_sentence() -> str:
    """Return why a title cannot be used."""
    return gettext("There is a saved reply with this title already.")


def make_reply(*, shelf: str, form: SavedReplyForm, now: datetime) -> SavedReply:
    """Put a new reply at the end of a shelf. Raises Invalid if its title is taken or the shelf is full."""
    with transaction():
        standing = _lock(shelf)
        if form.title in standing:
            raise Invalid({"title": taken_sentence()})
        if len(standing) >= MAX_REPLIES:
            raise Invalid({"form": full_sentence()})
        made = _put(shelf, form, _end(shelf), now)
        _note(shelf, "made", now)
    return made


def change_reply(*, shelf: str, reply_id: str, form: SavedReplyForm, now: datetime) -> SavedReply:
    """Change a reply. Raises NotFound, and Invalid if its title is taken."""
    with transaction():
        standing = _lock(shelf)
        reply = reply_on(shelf, reply_id)
        if standing.get(form.title, reply.id) != reply.id:
            raise Invalid({"title": taken_sentence()})
        if (reply.title, reply.body) != (form.title, form.body):
            reply.title, reply.body, reply.changed_at = form.title, form.body, now
            _note(shelf, "changed", now)
    return reply


def put_reply(*, viewer: User, form: SavedReplyForm, now: datetime) -> tuple[SavedReply, bool]:
    """Make the viewer's reply with this title, or give it this text. Return (it, whether it is new)."""
    with transaction():
        reply_id = _lock(viewer.id).get(form.title)
        if reply_id is None:
            return make_reply(shelf=viewer.id, form=form, now=now), True
        return change_reply(shelf=viewer.id, reply_id=reply_id, form=form, now=now), False


def delete_reply(*, shelf: str, reply_id: str, now: datetime) -> None:
    """Delete a reply, and how often it was used. Raises NotFound."""
    with transaction() as session:
        session.delete(reply_on(shelf, reply_id))
        _note(shelf, "deleted", now)


def move_reply(*, shelf: str, reply_id: str, to: str, now: datetime) -> None:
    """Move a reply `up` or `down` by one in its shelf, or make it the `first`. Raises NotFound."""
    with transaction():
        _lock(shelf)
        order = list(all_of(shelf))
        at = next((at for at, each in enumerate(order) if each.id == reply_id), None)
        if at is None:
            raise NotFound
        moved = order.pop(at)
        order.insert({"up": max(0, at - 1), "down": at + 1, "first": 0}[to], moved)
        for position, each in enumerate(order):
            if each.position != position:
                each.position = position
        _note(shelf, "moved", now)


def import_replies(*, shelf: str, content: bytes, good_only: bool, now: datetime) -> Imported:
    """Take replies from a CSV file. Nothing is taken if a row is refused, unless `good_only`.

    Raises Invalid for a file that cannot be read at all.
    """
    read, refused = read_rows(content)
    with transaction():
        standing = _lock(shelf)
        position, good = _end(shelf), []
        for number, form in read:
            if form.title in standing:
                refused.append(BadRow(number, taken_sentence()))
            elif len(standing) >= MAX_REPLIES:
                refused.append(BadRow(number, full_sentence()))
            else:
                # Known from here on, so that a title that is in the file twice is refused, too.
                standing[form.title] = ""
                good.append(form)
        if refused and not good_only:
            return Imported(0, sorted(refused))
        for ahead, form in enumerate(good):
            _put(shelf, form, position + ahead, now)
        if good:
            _note(shelf, "imported", now)
    return Imported(len(good), sorted(refused))


def use_reply(*, viewer: User, view: ThreadView, reply_id: str, now: datetime) -> Filled:
    """Return a reply filled in for a thread, and count the use. Raises NotFound."""
    reply = usable_reply(viewer, reply_id)
    filled = fill_in(reply.body, values_for(viewer, view, [reply.body], now))
    used = insert(SavedReplyUse).values(reply_id=reply.id, user_id=viewer.id, count=1, last_at=now)
    counted = {"count": SavedReplyUse.count + 1, "last_at": now}
    with transaction() as session:
        # Deleted a moment ago: a row of its use would have nothing to refer to.
        if session.execute(select(SavedReply.id).where(SavedReply.id == reply_id).with_for_update()).first():
            session.execute(used.on_conflict_do_update(index_elements=["reply_id", "user_id"], set_=counted))
    return filled


def _put(shelf: str, form: SavedReplyForm, position: int, now: datetime) -> SavedReply:
    owner_id = None if shelf == EVERYBODY else shelf
    made = SavedReply(id=new_id(), owner_id=owner_id, shelf=shelf, title=form.title, body=form.body)
    made.position, made.created_at, made.changed_at = position, now, now
    db.session.add(made)
    db.session.flush()
    return made


def _lock(shelf: str) -> dict[str, str]:
    """Return title -> id of a shelf, locked: changes come one after the other, so no limit is passed."""
    if shelf == EVERYBODY:
        # Nobody owns it. The rows are the lock; where there are none, no limit is near.
        db.session.execute(
            select(SavedReply.id).where(SavedReply.shelf == shelf).order_by(SavedReply.id).with_for_update()
        )
    else:
        db.session.execute(select(User.id).where(User.id == shelf).with_for_update())
    rows = db.session.execute(select(SavedReply.title, SavedReply.id).where(SavedReply.shelf == shelf))
    return {row.title: row.id for row in rows}


def _end(shelf: str) -> int:
    last = select(func.max(SavedReply.position)).where(SavedReply.shelf == shelf)
    found = db.session.execute(last).scalar_one()
    return 0 if found is None else found + 1


def _note(shelf: str, what: str, now: datetime) -> None:
    """Write into the security log what an administrator does for everybody. One's own texts are one's own."""
    if shelf == EVERYBODY:
        record("saved_replies.changed", now=now, detail={"what": what})
