"""Keep what was left out of a mail, for the two people who may want to look, as long as a setting says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, exists, select

from wellchat.config import setting
from wellchat.db import db, insert, new_id, transaction
from wellchat.messaging.models import Message
from wellchat.messaging.shown import something_hides
from wellchat.replies.models import LeftOutText

MAX_LENGTH = 100_000  # characters; a quote of a quote of a quote is cut there


def keep_left_out(*, thread_id: str, seq: int, text: str, now: datetime) -> None:
    """Keep what stood around the words of a mail. It joins the transaction that sends the message."""
    if text and setting("QUOTED_TEXT_DAYS"):
        values = {"thread_id": thread_id, "seq": seq, "text": text[:MAX_LENGTH], "kept_at": now}
        db.session.execute(insert(LeftOutText).values(id=new_id(), **values).on_conflict_do_nothing())


def left_out_of(message: Mapping[str, Any], mine: bool) -> str | None:
    """Return what was left out of a message that came by email. None: nothing, or it is not kept any more.

    Where parts of texts are hidden from the other person, only the author may look: signatures hold numbers.
    """
    if not message["by_email"] or message["deleted"] or (something_hides() and not mine):
        return None
    query = select(LeftOutText.text).where(
        LeftOutText.thread_id == message["thread_id"], LeftOutText.seq == message["seq"]
    )
    return db.session.execute(query).scalar_one_or_none()


def forget_deleted(now: datetime) -> int:
    """Delete what was left out of messages that are deleted. Return how many."""
    same = and_(Message.thread_id == LeftOutText.thread_id, Message.seq == LeftOutText.seq)
    with transaction() as session:
        gone = session.execute(
            delete(LeftOutText)
            .where(exists().where(same, Message.deleted_at.is_not(None)))
            .execution_options(synchronize_session=False)
        )
    return int(gone.rowcount)  # type: ignore[attr-defined]
