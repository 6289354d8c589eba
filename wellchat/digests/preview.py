"""Preview a person's next email, and when it would come. Nothing here counts as mailed."""

from __future__ import annotations

from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from wellchat.accounts.models import User
from wellchat.db import new_id
from wellchat.digests.decide import DigestDecision
from wellchat.digests.recipients import Recipient, load_recipient
from wellchat.digests.render import colours, contents, day_of, discreet_line
from wellchat.digests.runs import forecast
from wellchat.errors import NotFound
from wellchat.i18n import N_, force_language, format_time, gettext
from wellchat.mail import actions as mail
from wellchat.mail import compose
from wellchat.mail.models import Mail
from wellchat.notifications.queries import preferences
from wellchat.notifications.unsubscribe import unsubscribe_path


class Preview(NamedTuple):
    """A mail as it would look, and what a run would decide now."""

    message: EmailMessage
    is_sample: bool  # nothing waits, so an example stands for it
    forecast: DigestDecision | None  # None: nothing waits


def preview(viewer: User, now: datetime) -> Preview:
    """Return the email that the unread messages would make, whenever it may be due.

    If there are none, return an example.
    """
    recipient = _recipient(viewer, now)
    waiting = [each for each in recipient.waiting if each.count and not each.is_muted(now)]
    waiting.sort(key=lambda each: each.oldest_at)
    if waiting:
        content = contents([(recipient, DigestDecision(threads=tuple(waiting)))])[viewer.id]
        return Preview(_compose(recipient, "digest", content, now), False, forecast(recipient, now))
    return Preview(_compose(recipient, "test", sample(recipient, now), now), True, None)


def send_test(*, user: User, now: datetime) -> Mail:
    """Queue an example email to the person's own address."""
    return mail.queue_mail(
        user_id=user.id,
        address=user.email,
        name="test",
        context={"name": user.name},
        reason=N_("You asked for this test."),
        now=now,
    )


def test_content(row: Mail, now: datetime) -> dict[str, Any]:
    """Return the context of templates/emails/test. Raises NotWanted if the account is gone."""
    recipient = load_recipient(row.user_id or "", now)
    if recipient is None:
        raise compose.NotWanted(N_("The account is gone."))
    return sample(recipient, now)


def sample(recipient: Recipient, now: datetime) -> dict[str, Any]:
    """Return the context of an example email, with an example conversation, in the reader's language."""
    with force_language(recipient.prefs.language):
        return _sample(recipient, now)


def _sample(recipient: Recipient, now: datetime) -> dict[str, Any]:
    zone = ZoneInfo(recipient.prefs.time_zone)
    examples = [
        (gettext("Good morning! Thank you for yesterday."), 40),
        (gettext("Shall we meet again on Thursday at nine?"), 35),
    ]
    messages = [
        {"lines": [text], "time": format_time((now - timedelta(minutes=ago)).astimezone(zone)), "about": None}
        for text, ago in examples
    ]
    other = {
        "name": "Alex Example",
        "label": gettext("Somebody you know"),
        "initials": "AE",
        "face": colours(200),
    }
    thread = {
        "other": other,
        "about": None,
        "path": "/",
        "covers": {"thread_id": None},  # nobody can answer it
        "count": len(examples),
        "earlier": 0,
        "end": None,
        "days": [{"day": day_of(now - timedelta(minutes=40), zone), "messages": messages}],
    }
    return {
        "name": recipient.name,
        "threads": [thread],
        "count": len(examples),
        "zone": recipient.prefs.time_zone,
        "language": recipient.prefs.language,
        "cadence": recipient.prefs.cadence,
        "unsubscribe_path": unsubscribe_path(recipient.user_id),
        "covers": [],
        "discreet": preferences(recipient.user_id).discreet,
        "discreet_line": discreet_line(len(examples)),
        "test": True,
    }


def _recipient(viewer: User, now: datetime) -> Recipient:
    recipient = load_recipient(viewer.id, now)
    if recipient is None:
        raise NotFound
    return recipient


def _compose(recipient: Recipient, name: str, content: dict[str, Any], now: datetime) -> EmailMessage:
    row = Mail(
        id=new_id(), user_id=recipient.user_id, address=recipient.address, name=name, context={}, covers=[]
    )
    return message_from_bytes(compose.render(row, now=now, content=content).content, policy=default)


def describe(found: Preview, zone: str) -> str:
    """Return a sentence: when the email comes, or why it does not. `zone` is a name like "Europe/Berlin"."""
    there = ZoneInfo(zone)
    if found.forecast is None:
        return gettext("You have no unread messages, so no email is planned. This is an example.")
    if found.forecast.skip:
        return gettext("It will not be sent: %(why)s", why=gettext(found.forecast.skip))
    until = found.forecast.wait_until
    if until is None:
        return gettext("It will be sent in a moment, unless you read the messages before.")
    at = until.astimezone(there)
    why = found.forecast.why.replace("The reader is here.", N_("You are here right now."))
    when = {"day": day_of(until, there), "time": format_time(at)}
    text = gettext(
        "It will be sent on %(day)s at %(time)s at the earliest, unless you read the messages before.", **when
    )
    return f"{text} {gettext(why)}".rstrip()
