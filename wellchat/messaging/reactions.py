"""Put reactions on messages, and take them away. A reaction is one emoji of one person."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select

from wellchat.accounts.models import User
from wellchat.db import db, transaction
from wellchat.errors import Invalid
from wellchat.i18n import gettext
from wellchat.messaging.models import MAX_EMOJI, Message, Reaction
from wellchat.messaging.mutation import lock_message, message_changed

MAX_REACTIONS = 12  # different emoji of one person on one message

# One emoji by the grammar of Unicode's UTS #51: a flag, a keycap, or pictures joined into one. The ranges are
# whole blocks in which Unicode puts its pictures, so emoji of later Unicode versions are accepted too.
_PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf"
    "\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f004\U0001f0cf\U0001f170\U0001f171\U0001f17e\U0001f17f"
    "\U0001f18e\U0001f191-\U0001f19a\U0001f201-\U0001f251\U0001f300-\U0001f3fa\U0001f400-\U0001f64f"
    "\U0001f680-\U0001f7f0\U0001f900-\U0001faff]"
)
_ELEMENT = _PICTURE + "(?:\ufe0f|[\U0001f3fb-\U0001f3ff])?(?:[\U000e0020-\U000e007e]{1,6}\U000e007f)?"
_EMOJI = re.compile(
    f"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{_ELEMENT}(?:\u200d{_ELEMENT}){{0,4}}"
)


def is_emoji(text: str) -> bool:
    """Return whether the text is exactly one emoji (UTS #51), of any Unicode version."""
    return len(text) <= MAX_EMOJI and _EMOJI.fullmatch(text) is not None


def react(*, viewer: User, thread_id: str, seq: int, emoji: str, on: bool, now: datetime) -> Message:
    """Put the viewer's emoji on a message (`on`) or take it away. Return the message.

    Twice is the same as once. Both people may react to every message of their thread. Raises NotFound,
    CannotWrite if nobody writes there, and Invalid if `emoji` is not one emoji, if the viewer has
    MAX_REACTIONS on the message already, or if the message is deleted.
    """
    with transaction() as session:
        thread, message = lock_message(viewer, thread_id, seq, now)
        there = reactions_to(message)
        # ❤ with and without its variation selector (U+FE0F) is one emoji. The spelling that came first is
        # kept.
        emoji = next((each.emoji for each in there if _plain(each.emoji) == _plain(emoji)), emoji)
        mine = {each.emoji: each for each in there if each.user_id == viewer.id}
        if on == (emoji in mine):
            return message
        if on:
            _check(message, emoji, len(mine))
            session.add(
                Reaction(thread_id=thread_id, seq=seq, user_id=viewer.id, emoji=emoji, created_at=now)
            )
        else:
            session.delete(mine[emoji])
        # message.reactions repeats the rows of the table, so that lists of messages need no second query. It
        # is written as a whole, which is safe under the lock of the thread.
        session.flush()
        message.reactions = gathered(reactions_to(message))
        message_changed(thread, message)
    return message


def _check(message: Message, emoji: str, mine: int) -> None:
    if not is_emoji(emoji):
        raise Invalid({"emoji": gettext("React with one emoji.")})
    if message.deleted_at is not None:
        raise Invalid({"emoji": gettext("This message was deleted.")})
    if mine >= MAX_REACTIONS:
        raise Invalid(
            {
                "emoji": gettext(
                    "Each of you can use at most %(num)s different emoji on a message.", num=MAX_REACTIONS
                )
            }
        )


def _plain(emoji: str) -> str:
    return emoji.replace("\ufe0f", "")


def reactions_to(message: Message) -> list[Reaction]:
    """Return the reactions to a message, oldest first."""
    query = select(Reaction).where(Reaction.thread_id == message.thread_id, Reaction.seq == message.seq)
    return list(
        db.session.execute(query.order_by(Reaction.created_at, Reaction.emoji, Reaction.user_id)).scalars()
    )


def gathered(reactions: Iterable[Reaction]) -> list[dict[str, Any]] | None:
    """Return [{"emoji": ..., "user_ids": [...]}, ...], emoji by first use; None if there are no reactions."""
    by_emoji: dict[str, list[str]] = {}
    for each in reactions:
        by_emoji.setdefault(each.emoji, []).append(each.user_id)
    return [{"emoji": emoji, "user_ids": user_ids} for emoji, user_ids in by_emoji.items()] or None
