"""The shapes a demo story is told in. Only data: `actions.load` turns it into rows.

Moments are words relative to the instant the demo is loaded, read on somebody's wall clock:
"-143d 09:12" (a time of day, that many days ago), "+5d 10:30", "-95m", "-3h".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["client", "professional", "admin"]
Kind = Literal["booking", "session", "coupon", "lead"]


@dataclass(frozen=True, kw_only=True)
class Person:
    key: str
    name: str
    email: str
    role: Role
    word: str  # what the trade calls this side: "Coach", "Homeowner"
    time_zone: str
    bio: str
    main: bool = False  # stands first in the switcher
    away: bool = False  # closed the laptop a while ago: what waits for them is due by email


@dataclass(frozen=True, kw_only=True)
class Subject:
    key: str
    kind: Kind
    external_id: str
    title: str
    professional: str
    client: str | None = None  # None: a coupon is for everybody
    status: str
    starts_at: str = ""  # on the professional's wall clock
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    who: str
    when: str  # on the professional's wall clock
    text: str
    about: str | None = None  # key of the subject the message speaks of
    files: tuple[str, ...] = ()  # names of drawings that go with it


@dataclass(frozen=True, kw_only=True)
class Talk:
    """One thread. `subject` is the coupon or lead it is about, None for the pair's one thread.

    `unread` counts, for each person, how many of the other's last messages they have not seen.
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
    key: str
    trade: str
    hue: int  # degrees; the accent the trade shows off
    people: tuple[Person, ...]
    subjects: tuple[Subject, ...]
    talks: tuple[Talk, ...]
    also_connected: tuple[tuple[str, str], ...] = ()  # (client, professional) who have not talked yet

    def connections(self) -> Iterator[tuple[str, str]]:
        """Each (client, professional) pair once, in the order of the story."""
        pairs = [(talk.client, talk.professional) for talk in self.talks]
        yield from dict.fromkeys([*pairs, *self.also_connected])
