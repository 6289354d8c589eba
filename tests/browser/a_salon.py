"""Paul's salon of three hundred conversations, for tests/browser/test_day.py."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from tests.attachments.files import picture, send, take
from tests.cast import Talk
from wellchat.accounts.actions import create_user
from wellchat.attachments.processing import process
from wellchat.check_ins.actions import make_rule, note_birthday
from wellchat.clock import now as clock_now
from wellchat.connections.actions import connect
from wellchat.db import transaction
from wellchat.figures.measuring import measure
from wellchat.figures.series import begin_missing
from wellchat.messaging.messages import pin, send_message
from wellchat.messaging.receipts import mark_read
from wellchat.messaging.threads import open_thread
from wellchat.saved_replies.actions import make_reply
from wellchat.saved_replies.forms import SavedReplyForm
from wellchat.scheduled.actions import schedule_message
from wellchat.scheduled.models import MINE
from wellchat.subjects.actions import put_subject

CLIENTS, WAITING = 299, 40
ASKED = ("Do you have a place on Thursday?", "How much is a cut?", "Thank you, see you then!")


def furnish(talk: Talk) -> Any:
    """Cara, who has a booking tomorrow and sent two pictures, and 299 others, of whom forty wait."""
    now = clock_now()
    with transaction():  # one commit for all of them
        for number in range(CLIENTS):
            _client(talk, number, now - timedelta(minutes=15 * (CLIENTS - number) + 60))
    subject = put_subject(
        kind="booking",
        external_id="tomorrow",
        title="Cut and colour",
        professional_id=talk.paul.id,
        client_id=talk.cara.id,
        status="confirmed",
        starts_at=now + timedelta(days=1),
        notify=False,
        now=now,
    )
    files = [take(talk.cara, now, picture(size=(300, 240), color=each)) for each in ("teal", "orange")]
    send(talk, talk.cara, files, "This is how it looks now.")
    for each in files:
        process(attachment_id=each.id, now=now)
    talk.says(talk.cara, "Could it be a little warmer next time?", now=now)
    pin(viewer=talk.paul, thread_id=talk.id, seq=1, on=True, now=now)
    make_reply(
        shelf=talk.paul.id,
        form=SavedReplyForm(title="Thanks", body="Thank you, {first_name}. See you on {booking_time}."),
        now=now,
    )
    birthday = now + timedelta(days=8)
    make_rule(
        viewer=talk.paul,
        name="Birthday",
        occasion="birthday",
        days=0,
        hour=10,
        body="All the best, {first_name}!",
        now=now,
    )
    note_birthday(viewer=talk.paul, thread_id=talk.id, month=birthday.month, day=birthday.day)
    schedule_message(
        author=talk.paul,
        thread_id=talk.id,
        body="How is the colour?",
        client_key="week",
        send_at=now + timedelta(days=7),
        zone_of=MINE,
        now=now,
    )
    begin_missing(now)
    measure(now, 1000)
    return SimpleNamespace(subject=subject.id)


def _client(talk: Talk, number: int, at: Any) -> None:
    client = create_user(email=f"n{number}@example.com", name=f"Nora Number {number}", role="client", now=at)
    connect(client_id=client.id, professional_id=talk.paul.id, now=at)
    thread_id, _ = open_thread(viewer=client, with_id=talk.paul.id, now=at)
    body = ASKED[number % len(ASKED)]
    send_message(sender=client, thread_id=thread_id, body=body, client_key="q", now=at)
    if number % (CLIENTS // WAITING):
        mark_read(viewer=talk.paul, thread_id=thread_id, seq=1, now=at)
        send_message(sender=talk.paul, thread_id=thread_id, body="Gladly.", client_key="a", now=at)
