"""Find the messages that others reply to: in the same chat, or in another one of the same two people."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from wellchat.db import db
from wellchat.imports.judging import Judged
from wellchat.imports.models import ImportedChat, ImportedMessage


class Replies:
    """What the messages of one slice may reply to: those before it, and those of the slice so far."""

    def __init__(self, new: Sequence[Judged]) -> None:
        wanted = {each.content["reply_to"] for each in new} - {None}
        self.in_chat: dict[tuple[str, str, str], int] = {}
        # (thread, source, id) -> the chats and numbers that it has there
        self.in_thread: dict[tuple[str, str, str], list[int]] = {}
        self.wanted = wanted
        if wanted:
            for thread_id, source, chat, source_id, seq in _known({each.thread.id for each in new}, wanted):
                self._add(thread_id, (source, chat, source_id), seq)

    def _add(self, thread_id: str, key: tuple[str, str, str], seq: int) -> None:
        self.in_chat[key] = seq
        self.in_thread.setdefault((thread_id, key[0], key[2]), []).append(seq)

    def target(self, message: Judged) -> int | None:
        """Return the number of what a message with its own number replies to. None: nothing, or not known.

        Call it in the order of the messages.
        """
        found, reply_to = None, message.content["reply_to"]
        source, chat, own_id = message.key
        if reply_to is not None:
            others = self.in_thread.get((message.thread.id, source, reply_to), [])
            # Of the same id in several other chats none can be told to be the right one.
            found = self.in_chat.get((source, chat, reply_to)) or (others[0] if len(others) == 1 else None)
        if own_id in self.wanted:
            self._add(message.thread.id, message.key, message.seq)
        return found


def _known(thread_ids: set[str], wanted: set[str]) -> list[tuple[str, str, str, str, int]]:
    chats = db.session.execute(
        select(ImportedChat.source, ImportedChat.chat).where(ImportedChat.thread_id.in_(thread_ids))
    ).all()
    found = select(
        ImportedMessage.thread_id,
        ImportedMessage.source,
        ImportedMessage.chat,
        ImportedMessage.source_id,
        ImportedMessage.seq,
    ).where(
        # the columns of the primary key
        ImportedMessage.source.in_({source for source, _ in chats}),
        ImportedMessage.chat.in_({chat for _, chat in chats}),
        ImportedMessage.source_id.in_(wanted),
        ImportedMessage.thread_id.in_(thread_ids),
    )
    return [tuple(each) for each in db.session.execute(found)]  # type: ignore[misc]
