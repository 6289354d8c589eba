"""Gather the content of digests: the messages of their threads, in order, as they are at sending."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, and_, or_, select

from wellchat.accounts.models import SYSTEM_ID, User, label_of
from wellchat.attachments.serializers import files_summary
from wellchat.branding import is_sensitive
from wellchat.config import setting
from wellchat.db import db
from wellchat.digests import hooks
from wellchat.digests.decide import DigestDecision, switched_off
from wellchat.digests.queries import UnreadMessage, thread_rows, unread_messages
from wellchat.digests.recipients import Recipient, Waiting
from wellchat.graphemes import cut
from wellchat.i18n import N_, force_language, format_date, format_time, gettext, ngettext
from wellchat.mail.compose import NotNow, NotWanted
from wellchat.mail.models import Mail
from wellchat.mail.palette import oklch
from wellchat.messaging.models import AUTOMATIC, Membership, Message
from wellchat.notifications.models import Preferences
from wellchat.notifications.queries import PREFERENCE_COLUMNS, EffectivePreferences, preferences_from_row
from wellchat.notifications.quiet_hours import quiet_for
from wellchat.notifications.unsubscribe import unsubscribe_path
from wellchat.subjects.kinds import kind_of
from wellchat.templating import hue, initials

MAX_SHOWN = 50  # messages of one thread; the earlier ones are counted
MIN_SHOWN = 3  # of one thread, however many there are
MAX_TOTAL = 150  # messages of one mail; mail programs cut longer mails off
MAX_LENGTH = 2_000  # characters of one message

Key = tuple[str, str]  # user, thread
Ends = Mapping[Key, tuple[str, str]]  # -> label, path


def content(mail: Mail, now: datetime) -> dict[str, Any]:
    """Return the context of templates/emails/digest, without what was read, deleted or muted since the claim.

    Raises NotWanted if nothing is left, and NotNow if quiet hours have begun.
    """
    reader = _reader(mail.user_id)
    if reader is None:
        raise NotWanted(N_("The account is gone."))
    prefs = preferences_from_row(reader)
    if refusal := switched_off(prefs):
        raise NotWanted(refusal)
    if until := quiet_for(prefs, now):
        raise NotNow(until)
    parts = _still_unread(reader.id, mail.covers, now)
    return _content(reader.id, reader.name, prefs, parts, _ends(rows for _, _, rows in parts))


def contents(decisions: Iterable[tuple[Recipient, DigestDecision]]) -> dict[str, dict[str, Any]]:
    """Return user id -> context of templates/emails/digest, for people decided on in this snapshot."""
    # Two statements for everybody. Each condition is wider than what is needed: of_them pairs every person
    # with every thread, but only memberships that exist match.
    due_threads = {recipient.user_id: (recipient, decision.threads) for recipient, decision in decisions}
    if not due_threads:
        return {}
    thread_ids = {thread.thread_id for _, threads in due_threads.values() for thread in threads}
    of_them = and_(Membership.user_id.in_(due_threads), Membership.thread_id.in_(thread_ids))
    latest = and_(Message.seq > Membership.mailed_seq, Message.seq > Membership.last_seq - MAX_SHOWN)
    threads_by_key, messages = thread_rows(of_them), unread_messages(and_(of_them, latest))
    messages = {**messages, **_earlier_messages(due_threads, messages)}
    ends = _ends(messages.values())
    return {
        user_id: _content(
            user_id,
            recipient.name,
            recipient.prefs,
            [
                (each, threads_by_key[user_id, each.thread_id], messages[user_id, each.thread_id])
                for each in threads
            ],
            ends,
        )
        for user_id, (recipient, threads) in due_threads.items()
    }


def _earlier_messages(
    due_threads: Mapping[str, tuple[Recipient, tuple[Waiting, ...]]], messages: Mapping[Key, Any]
) -> Mapping[Key, Any]:
    """Return the messages of those threads whose latest messages are not among the waiting ones.

    `contents` reads only the last MAX_SHOWN messages of a thread. Where all of those are the reader's own or
    deleted, this reads the stretch that ends with the last waiting message. Keys are (user id, thread id).
    """
    missing = [
        and_(
            Membership.user_id == user_id,
            Membership.thread_id == each.thread_id,
            Message.seq > Membership.mailed_seq,
            Message.seq.between(each.last_seq - MAX_SHOWN + 1, each.last_seq),
        )
        for user_id, (_, threads) in due_threads.items()
        for each in threads
        if (user_id, each.thread_id) not in messages
    ]
    return unread_messages(or_(*missing)) if missing else {}


def _reader(user_id: str | None) -> Any:
    query = select(User.id, User.name, *PREFERENCE_COLUMNS).outerjoin(
        Preferences, Preferences.user_id == User.id
    )
    return db.session.execute(query.where(User.id == user_id)).one_or_none()


# what waits in a thread; its row of thread_rows; its rows of unread_messages
Part = tuple[Waiting, Row[Any], list[UnreadMessage]]


def _still_unread(user_id: str, covers: list[dict[str, Any]], now: datetime) -> list[Part]:
    """Return the covered threads without what was read, deleted, muted or snoozed; longest waiting first.

    Raises NotWanted if nothing is left.
    """
    mine = Membership.user_id == user_id
    threads_by_key = thread_rows(and_(mine, Membership.thread_id.in_([c["thread_id"] for c in covers])))
    audible = [
        c
        for c in covers
        if (thread_row := threads_by_key.get((user_id, c["thread_id"]))) and not _is_silenced(thread_row, now)
    ]
    if not audible:
        raise NotWanted(N_("The conversation was muted before this was sent."))
    # Only what the mail covered when it was claimed: a later message is in the next mail.
    stretches = [
        and_(Message.thread_id == c["thread_id"], Message.seq.between(c["first_seq"], c["last_seq"]))
        for c in audible
    ]
    messages = unread_messages(and_(mine, or_(*stretches)))
    if not messages:
        raise NotWanted(N_("Everything was read or deleted before this was sent."))
    parts = [
        (_waiting(threads_by_key[key], rows), threads_by_key[key], rows) for key, rows in messages.items()
    ]
    return sorted(parts, key=lambda part: part[0].oldest_at)


def _is_silenced(thread_row: Row[Any], now: datetime) -> bool:
    return any(
        until is not None and until > now for until in (thread_row.muted_until, thread_row.snoozed_until)
    )


def _waiting(thread_row: Row[Any], rows: list[UnreadMessage]) -> Waiting:
    return Waiting(
        thread_id=thread_row.thread_id,
        top_seq=thread_row.last_seq,
        read_seq=thread_row.last_read_seq,
        mailed_seq=thread_row.mailed_seq,
        muted_until=thread_row.muted_until,
        snoozed_until=thread_row.snoozed_until,
        count=len(rows),
        first_seq=rows[0].seq,
        last_seq=rows[-1].seq,
        oldest_at=rows[0].created_at,
    )


def _ends(messages: Iterable[list[UnreadMessage]]) -> Ends:
    """Return where automatic messages can be ended: (user id, thread id) -> (label, path)."""
    automatic = {
        (row.user_id, row.thread_id, row.seq) for rows in messages for row in rows if row.via == AUTOMATIC
    }
    found = hooks.ways_to_end(automatic) if automatic else []
    return {place: way for each in found for place, way in each.items()}


def _content(
    user_id: str, name: str, prefs: EffectivePreferences, parts: list[Part], ends: Ends
) -> dict[str, Any]:
    """Build the context in the reader's language, because days and plurals are part of it."""
    with force_language(prefs.language):
        return _in_their_language(user_id, name, prefs, parts, ends)


def _in_their_language(
    user_id: str, name: str, prefs: EffectivePreferences, parts: list[Part], ends: Ends
) -> dict[str, Any]:
    zone = ZoneInfo(prefs.time_zone)
    # The more threads, the fewer messages of each.
    limit = min(MAX_SHOWN, max(MIN_SHOWN, MAX_TOTAL // len(parts)))
    count = sum(waiting.count for waiting, _, _ in parts)
    return {
        "name": name,
        "threads": [
            {
                **_thread(waiting, thread_row, rows[-limit:], zone),
                "end": _end(ends.get((user_id, waiting.thread_id))),
            }
            for waiting, thread_row, rows in parts
        ],
        "count": count,
        "senders": _senders(parts),
        "zone": prefs.time_zone,
        "language": prefs.language,
        "cadence": prefs.cadence,
        "discreet": is_discreet(prefs, [thread_row for _, thread_row, _ in parts]),
        "discreet_line": discreet_line(count),
        "unsubscribe_path": unsubscribe_path(user_id),
        "covers": [waiting.covers() for waiting, _, _ in parts],
    }


def _end(way: tuple[str, str] | None) -> dict[str, str] | None:
    return {"label": gettext(way[0]), "path": way[1]} if way else None


def _senders(parts: list[Part]) -> list[str]:
    """Return the names of those who wrote, the first who wrote first. What the site wrote is the site's."""
    names = (
        (setting("NAME"), SYSTEM_ID) if row.sender_id == SYSTEM_ID else (other.other_name, other.other_id)
        for _, other, rows in parts
        for row in rows
    )
    return [name for name, _ in dict.fromkeys(names)]


def is_discreet(prefs: EffectivePreferences, thread_rows: Iterable[Row[Any]]) -> bool:
    """Return whether a mail about these threads holds no names and no words."""
    return replace(prefs, sensitive=any(is_sensitive(row.trade) for row in thread_rows)).discreet


def discreet_line(count: int) -> str:
    """Return what a discreet mail about so many messages says."""
    if count == 1:
        return gettext("You have a new message")
    return ngettext("You have %(num)s new message", "You have %(num)s new messages", count)


def _thread(
    waiting: Waiting, thread_row: Row[Any], shown: list[UnreadMessage], zone: ZoneInfo
) -> dict[str, Any]:
    return {
        "other": avatar(thread_row),
        "about": gettext("Re: %(title)s", title=thread_row.about) if thread_row.about else None,
        "path": f"/threads/{waiting.thread_id}#{waiting.first_seq}",
        "covers": waiting.covers(),
        "count": waiting.count,
        "earlier": waiting.count - len(shown),
        "days": [
            {"day": day, "messages": [_message(message, zone) for message in of_day]}
            for day, of_day in groupby(shown, key=lambda message: day_of(message.created_at, zone))
        ],
    }


def avatar(thread_row: Row[Any]) -> dict[str, Any]:
    """Return the other person of a thread as a mail shows them: name, label, initials, face."""
    return {
        "name": thread_row.other_name,
        "label": label_of(thread_row.other_role, thread_row.other_role_label, thread_row.trade),
        "initials": initials(thread_row.other_name),
        "face": colours(hue(thread_row.other_id)),
    }


@lru_cache(maxsize=360)
def colours(of_hue: int) -> dict[str, str]:
    """Return the colours of a circle with initials, as in avatar.css: back, ink, dark_back, dark_ink."""
    return {
        "back": oklch(0.885, 0.062, of_hue),
        "ink": oklch(0.36, 0.095, of_hue),
        "dark_back": oklch(0.42, 0.072, of_hue),
        "dark_ink": oklch(0.93, 0.045, of_hue),
    }


def _message(message: UnreadMessage, zone: ZoneInfo) -> dict[str, Any]:
    body = message.body
    shown = body if len(body) <= MAX_LENGTH else cut(body, MAX_LENGTH).rstrip() + " …"
    return {
        # A message of the system is nobody's.
        "from": setting("NAME") if message.sender_id == SYSTEM_ID else None,
        "automatic": message.via is not None,
        "lines": [*shown.splitlines(), *filter(None, [files_summary(message.files or [])])],
        "time": format_time(message.created_at.astimezone(zone)),
        "about": f"{gettext(kind_of(message.kind).label)}: {message.title}" if message.kind else None,
    }


def day_of(moment: datetime, zone: ZoneInfo) -> str:
    """Return "Thursday 12 November". Never "today": a mail may be read on any day."""
    return format_date(moment.astimezone(zone), "long")
