"""Replay a talk line by line, each at its own moment in the past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wellchat.accounts.models import User
from wellchat.demo.files import draw
from wellchat.demo.scene import Scene
from wellchat.demo.story import Line, Talk
from wellchat.messaging import memberships, messages, receipts
from wellchat.messaging.dispatch import notify_recipient
from wellchat.messaging.threads import open_thread

A_GLANCE = timedelta(seconds=8)  # between reading the last message and answering it
NOTIFY_SINCE = timedelta(days=10)  # older messages were read long ago, and their notifications cleared
IN_TIME = timedelta(hours=2)  # within which people read, if they do not answer
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)

TimedLine = tuple[Line, datetime]


def replay(talk: Talk, scene: Scene) -> str:
    """Replay a talk, up to who has not read its end. Return the thread's id."""
    lines = scene.timed_lines(talk)
    thread_id = _open(talk, scene, lines[0][1] - A_GLANCE)
    for seq, (line, at) in enumerate(lines, start=1):
        # Old lines need no notification: it would be cleared again at once.
        is_news = at > scene.now - NOTIFY_SINCE
        if is_news and seq > 1:
            _meanwhile(talk, thread_id, seq - 1, lines[seq - 2], (line, at), scene)
        _say(line, scene.users[line.who], thread_id, seq, at, scene)
        if is_news:
            _notify(scene.users[_other(talk, line.who)], thread_id, at)
    for reader in (talk.client, talk.professional):
        _leave(talk, reader, thread_id, scene)
    return thread_id


def _open(talk: Talk, scene: Scene, at: datetime) -> str:
    client = scene.users[talk.client]
    if talk.subject is None:
        return open_thread(viewer=client, now=at, with_id=scene.users[talk.professional].id)[0]
    return open_thread(viewer=client, now=at, subject=scene.reference(talk.subject))[0]


def _say(line: Line, sender: User, thread_id: str, seq: int, at: datetime, scene: Scene) -> None:
    messages.send_message(
        sender=sender,
        thread_id=thread_id,
        body=line.text,
        client_key=f"demo-{seq}",
        subject=scene.reference(line.about) if line.about else None,
        attachments=[draw(name, sender, at) for name in line.files],
        now=at,
    )


def _meanwhile(
    talk: Talk, thread_id: str, seq: int, last: TimedLine, coming: TimedLine, scene: Scene
) -> None:
    """Mark the last line as read before the next one, by who answers it, or who let some hours pass."""
    (line, at), (answer, answered_at) = last, coming
    if at <= scene.now - NOTIFY_SINCE:
        for who in (talk.client, talk.professional):
            _read(scene.users[who], thread_id, min(seq, _seen(talk, who)), answered_at - A_GLANCE)
        return
    reader = _other(talk, line.who)
    if reader == answer.who:
        _read(scene.users[reader], thread_id, seq, answered_at - A_GLANCE)
    elif answered_at - at > 2 * IN_TIME and seq <= _seen(talk, reader):
        _read(scene.users[reader], thread_id, seq, at + IN_TIME)


def _read(reader: User, thread_id: str, seq: int, at: datetime) -> None:
    receipts.mark_read(viewer=reader, thread_id=thread_id, seq=seq, now=at)
    _notify(reader, thread_id, at)


def _notify(recipient: User, thread_id: str, at: datetime) -> None:
    """Decide about notifications as the worker would at that moment; nothing is left for it to do later."""
    notify_recipient(thread_id=thread_id, recipient_id=recipient.id, now=at, away_after=timedelta())


def _leave(talk: Talk, reader: str, thread_id: str, scene: Scene) -> None:
    """Leave the thread as the story says: the end read or not, archived or muted."""
    seen = _seen(talk, reader)
    user, lines = scene.users[reader], scene.timed_lines(talk)
    if seen:
        _read(user, thread_id, seen, min(lines[seen - 1][1] + timedelta(minutes=2), scene.now))
    _notify(user, thread_id, lines[-1][1])
    changes = {
        **({"archived": True} if reader in talk.archived_by else {}),
        **({"muted_until": FOREVER} if reader in talk.muted_by else {}),
    }
    if changes:
        memberships.change_membership(viewer=user, thread_id=thread_id, changes=changes)


def _seen(talk: Talk, who: str) -> int:
    """Return the seq of the last line that this person has seen."""
    return len(talk.lines) - talk.unread.get(who, 0)


def _other(talk: Talk, who: str) -> str:
    return talk.professional if who == talk.client else talk.client
