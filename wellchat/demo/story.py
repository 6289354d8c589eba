"""Define the data of a demo story. `actions.load` turns it into rows.

Moments are text, relative to the moment of loading, on a person's wall clock: "-143d 09:12" (a time of day,
that many days ago), "+5d 10:30", "-95m", "-3h".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["client", "professional", "admin"]
Kind = Literal["booking", "session", "coupon", "lead"]


@dataclass(frozen=True, kw_only=True)
class Person:
    """A person of the story."""

    key: str
    name: str
    email: str
    role: Role
    word: str  # the trade's word for this role: "Coach", "Homeowner"
    time_zone: str
    bio: str
    main: bool = False  # first in the switcher
    away: bool = False  # away for a while: their unread messages are due by email


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A booking, session, coupon or lead of the story."""

    key: str
    kind: Kind
    external_id: str
    title: str
    professional: str
    client: str | None = None  # None: a coupon for everybody
    status: str
    starts_at: str = ""  # on the professional's wall clock
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A message."""

    who: str
    when: str  # on the professional's wall clock
    text: str
    about: str | None = None  # key of the message's subject
    files: tuple[str, ...] = ()  # names of its drawings


@dataclass(frozen=True, kw_only=True)
class Talk:
    """A thread. `subject` is the coupon or lead it is about, None for the pair's one thread.

    `unread` counts, per person, how many of the other's last messages they have not seen.
    """

    client: str
    professional: str
    lines: tuple[Line, ...]
    subject: str | None = None
    unread: Mapping[str, int] = field(default_factory=dict)
    archived_by: tuple[str, ...] = ()
    muted_by: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Story:
    """A story of one trade."""

    key: str
    trade: str
    hue: int  # degrees; the accent colour of the trade
    people: tuple[Person, ...]
    subjects: tuple[Subject, ...]
    talks: tuple[Talk, ...]
    also_connected: tuple[tuple[str, str], ...] = ()  # (client, professional) pairs without a talk

    def connections(self) -> Iterator[tuple[str, str]]:
        """Yield each (client, professional) pair once, in the order of the story."""
        pairs = [(talk.client, talk.professional) for talk in self.talks]
        yield from dict.fromkeys([*pairs, *self.also_connected])
