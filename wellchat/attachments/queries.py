"""Read files that a person may see: sent by them, or sent to them."""

from __future__ import annotations

from sqlalchemy import or_, select, tuple_

from wellchat.accounts.models import User
from wellchat.attachments.models import SHOWN, Attachment
from wellchat.db import db
from wellchat.errors import Invalid, NotFound
from wellchat.i18n import gettext


def file_for(viewer: User, attachment_id: str) -> Attachment:
    """Return a file that the viewer may see. Raises NotFound otherwise, also for a withdrawn one."""
    # populate_existing: a file withdrawn a moment ago must not be served from the session.
    found = db.session.get(Attachment, attachment_id, populate_existing=True)
    if found is None or not found.is_for(viewer.id):
        raise NotFound
    return found


def files_of(
    viewer: User, thread_id: str, *, kind: str | None, before: str | None, limit: int
) -> tuple[list[Attachment], str | None]:
    """Return (files, token of the next page or None) of one thread, latest first.

    `kind` is `picture`, any other text for all other files, or None for all.
    """
    query = select(Attachment).where(
        Attachment.thread_id == thread_id,
        or_(Attachment.owner_id == viewer.id, Attachment.reader_id == viewer.id),
        Attachment.state.in_(SHOWN),
    )
    if kind:
        query = query.where(
            Attachment.width.is_not(None) if kind == "picture" else Attachment.width.is_(None)
        )
    order = tuple_(Attachment.message_seq, Attachment.position)
    if before:
        query = query.where(order < tuple_(*_parse_token(before)))
    # One more than asked for tells whether there is a next page.
    query = query.order_by(Attachment.message_seq.desc(), Attachment.position.desc()).limit(limit + 1)
    found = list(db.session.execute(query).scalars())
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], f"{last.message_seq}.{last.position}"


def _parse_token(token: str) -> tuple[int, int]:
    seq, _, position = token.partition(".")
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in (seq, position)):
        raise Invalid({"before": gettext("There is no such page of this list. Start from the beginning.")})
    return int(seq), int(position)
