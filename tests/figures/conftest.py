"""Five months of two professionals, written out by hand: 29 messages, 11 bookings, two zones, a clock change.

Pia is in Berlin, where the clocks go back on 25 October 2026 at 01:00 UTC; Noa is in New York.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from wellchat.accounts.actions import create_user
from wellchat.accounts.models import User
from wellchat.clock import moment
from wellchat.connections.actions import connect
from wellchat.db import transaction
from wellchat.figures import measuring, series
from wellchat.messaging.messages import send_message
from wellchat.messaging.threads import open_thread
from wellchat.subjects.actions import put_subject

BEGAN = moment("2026-05-01T00:00:00Z")
SEEN = moment("2026-11-12T12:00:00Z")

# When (UTC), who to whom. A number is a client; "coupon" is a thread of its own.
MESSAGES = """
06-01T08:00 2>pia
06-01T10:00 pia>2
07-10T08:00 3>pia
07-10T09:00 pia>3
08-10T08:00 1>pia
08-10T09:00 pia>1
09-15T10:00 1>pia
09-15T10:30 1>pia
09-15T12:00 pia>1
09-15T12:01 pia>1
09-30T21:59 4>pia
09-30T22:01 pia>4
10-05T08:00 2>pia
10-06T08:00 pia>2
10-10T12:00 1>noa
10-10T13:00 noa>1
10-11T12:00 6>noa
10-11T12:10 noa>6
10-12T03:30 6>noa
10-20T09:00 1>pia coupon
10-24T21:30 1>pia
10-25T00:30 pia>1
10-25T01:30 pia>1
10-25T22:59 1>pia
10-25T23:00 5>pia
10-27T12:00 pia>5
10-31T22:59 1>pia
10-31T23:00 pia>1
11-02T09:00 5>pia
"""

# When it begins, whose, the status; put when; cancelled when.
BOOKINGS = """
07-20T10:00 3>pia completed 07-11T00:00
08-20T10:00 1>pia completed 08-15T00:00
09-10T10:00 7>pia completed 09-01T00:00
09-20T10:00 1>pia completed 09-16T00:00
10-08T10:00 7>pia completed 10-01T00:00
10-11T20:00 6>noa completed 10-11T13:00
10-12T10:00 2>pia no_show 10-06T09:00
10-15T10:00 4>pia cancelled 10-02T00:00 10-10T00:00
10-25T00:30 1>pia confirmed 10-20T00:00
10-29T09:00 5>pia cancelled 10-27T13:00 10-28T20:00
10-31T22:30 4>pia confirmed 10-20T00:00
"""


def at(text: str) -> datetime:
    return moment(f"2026-{text}:00Z")


@dataclass
class Practice:
    pia: User
    noa: User
    ada: User
    clients: dict[str, User]

    def person(self, name: str) -> Any:
        return self.clients.get(name) or getattr(self, name)

    def say(self, text: str) -> None:
        """`say("10-05T08:00 2>pia")`"""
        when, pair, *more = text.split()
        sender, other = (self.person(name) for name in pair.split(">"))
        about: dict[str, Any] = {"with_id": other.id}
        if more:
            put_subject(kind="coupon", external_id="c", title="C", professional_id=other.id, now=at(when))
            about = {"with_id": None, "subject": ("coupon", "c")}
        thread_id, _ = open_thread(viewer=sender, now=at(when), **about)
        send_message(sender=sender, thread_id=thread_id, body="hi", client_key=text, now=at(when))

    def book(self, text: str) -> None:
        """`book("10-08T10:00 7>pia completed 10-01T00:00")`"""
        begins, pair, status, put, *cancelled = text.split()
        client, professional = (self.person(name) for name in pair.split(">"))
        subject = put_subject(
            kind="booking", external_id=begins + pair, title="B", professional_id=professional.id,
            client_id=client.id, status=status, starts_at=at(begins), now=at(put),
        )  # fmt: skip
        if cancelled:
            with transaction():
                subject.cancelled_at = at(cancelled[0])


def gather() -> Practice:
    def person(name: str, role: str, zone: str) -> User:
        email = f"{name}@practice.example"
        return create_user(email=email, name=name.title(), role=role, time_zone=zone, now=BEGAN)

    found = Practice(
        person("pia", "professional", "Europe/Berlin"),
        person("noa", "professional", "America/New_York"),
        person("ada", "admin", "Europe/Berlin"),
        {str(n): person(f"client{n}", "client", "Asia/Tokyo") for n in range(1, 8)},
    )
    for client in found.clients.values():
        for professional in (found.pia, found.noa):
            connect(client_id=client.id, professional_id=professional.id, now=BEGAN)
    return found


@pytest.fixture
def practice(app: Any) -> Practice:
    """The fixture, put in and not measured."""
    found = gather()
    for text in MESSAGES.strip().splitlines():
        found.say(text)
    for text in BOOKINGS.strip().splitlines():
        found.book(text)
    return found


@pytest.fixture
def measured(practice: Practice) -> Practice:
    """The same, with every day measured."""
    series.begin_missing(SEEN)
    measuring.measure(SEEN, 10_000)
    return practice
