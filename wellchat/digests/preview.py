"""How somebody's next email would look, and when it would come. Nothing here counts as mailed."""

from __future__ import annotations

from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from wellchat.accounts.models import User
from wellchat.db import new_id
from wellchat.digests.decide import Decision, Standing, standing_of
from wellchat.digests.render import colours, contents, day_of
from wellchat.digests.runs import foresee
from wellchat.errors import NotFound
from wellchat.i18n import N_, force_language, format_time, gettext
from wellchat.mail import actions as mail
from wellchat.mail import compose
from wellchat.mail.models import Mail
from wellchat.notifications.unsubscribe import unsubscribe_path


class Preview(NamedTuple):
    message: EmailMessage
    is_sample: bool  # nothing waits, so an example stands for it
    foreseen: Decision | None  # None: nothing waits


def preview(viewer: User, now: datetime) -> Preview:
    """The email that what waits now would make, whenever it may come."""
    standing = _standing(viewer, now)
    waiting = [each for each in standing.waiting if each.count and not each.is_muted(now)]
    waiting.sort(key=lambda each: each.oldest_at)
    if waiting:
        content = contents([(standing, Decision(threads=tuple(waiting)))])[viewer.id]
        return Preview(_compose(standing, "digest", content, now), False, foresee(standing, now))
    return Preview(_compose(standing, "test", sample(standing, now), now), True, None)


def send_test(*, user: User, now: datetime) -> Mail:
    """An example of what emails look like, to the person's own address."""
    return mail.queue_mail(
        user_id=user.id,
        address=user.email,
        name="test",
        context={"name": user.name},
        reason=N_("A test, as you asked for."),
        now=now,
    )


def test_content(row: Mail, now: datetime) -> dict[str, Any]:
    """For templates/emails/test."""
    standing = standing_of(row.user_id or "", now)
    if standing is None:
        raise compose.NotWanted(N_("The account is gone."))
    return sample(standing, now)


def sample(standing: Standing, now: datetime) -> dict[str, Any]:
    """A conversation that nobody had."""
    with force_language(standing.prefs.language):
        return _sample(standing, now)


def _sample(standing: Standing, now: datetime) -> dict[str, Any]:
    zone = ZoneInfo(standing.prefs.time_zone)
    said = [
        (gettext("Good morning! Thank you for yesterday."), 40),
        (gettext("Shall we meet again on Thursday at nine?"), 35),
    ]
    messages = [
        {"lines": [words], "time": format_time((now - timedelta(minutes=ago)).astimezone(zone)), "about": None}
        for words, ago in said
    ]
    other = {"name": "Alex Example", "label": gettext("Somebody you know"), "initials": "AE", "face": colours(200)}
    thread = {
        "other": other,
        "about": None,
        "path": "/",
        "covers": {"thread_id": None},  # nobody can answer it
        "count": len(said),
        "earlier": 0,
        "days": [{"day": day_of(now - timedelta(minutes=40), zone), "messages": messages}],
    }
    return {
        "name": standing.name,
        "threads": [thread],
        "count": len(said),
        "zone": standing.prefs.time_zone,
        "language": standing.prefs.language,
        "cadence": standing.prefs.cadence,
        "unsubscribe_path": unsubscribe_path(standing.user_id),
        "covers": [],
        "test": True,
    }


def _standing(viewer: User, now: datetime) -> Standing:
    standing = standing_of(viewer.id, now)
    if standing is None:
        raise NotFound
    return standing


def _compose(standing: Standing, name: str, content: dict[str, Any], now: datetime) -> EmailMessage:
    row = Mail(id=new_id(), user_id=standing.user_id, address=standing.address, name=name, context={}, covers=[])
    return message_from_bytes(compose.render(row, now=now, content=content).content, policy=default)


def in_words(found: Preview, zone: str) -> str:
    """When it comes, or why it does not."""
    there = ZoneInfo(zone)
    if found.foreseen is None:
        return gettext("Nothing waits for you, so no email is planned. This is an example of how one looks.")
    if found.foreseen.skip:
        return gettext("It does not come: %(why)s", why=gettext(found.foreseen.skip))
    until = found.foreseen.wait_until
    if until is None:
        return gettext("It goes out in a moment, unless you read what waits.")
    at = until.astimezone(there)
    why = found.foreseen.why.replace("The reader is here.", N_("You are here right now."))
    when = {"day": day_of(until, there), "time": format_time(at)}
    words = gettext("It comes on %(day)s at %(time)s at the earliest, unless you read what waits.", **when)
    return f"{words} {gettext(why)}".rstrip()
