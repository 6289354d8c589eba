"""Hold a story while it is replayed: its people as users, and the moments when everything happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from wellchat.accounts.models import User
from wellchat.demo.script import fill_in, moment, moments
from wellchat.demo.story import Line, Story, Talk

LATELY = timedelta(days=2)  # before `now`: the moment of things that no line mentions


@dataclass
class Scene:
    """A story being replayed as of `now`."""

    story: Story
    now: datetime
    users: dict[str, User] = field(default_factory=dict)  # by the key of the person
    starts: dict[str, datetime] = field(default_factory=dict)  # by the key of the subject

    def __post_init__(self) -> None:
        self._zones = {person.key: person.time_zone for person in self.story.people}
        self._subjects = {subject.key: subject for subject in self.story.subjects}
        for subject in filter(lambda subject: subject.starts_at, self.story.subjects):
            zone = self._zones[subject.professional]
            self.starts[subject.key] = moment(subject.starts_at, now=self.now, time_zone=zone)
        # Once: every person, connection and subject asks when it is first spoken of.
        self._timed = {id(talk): self._in_time(talk) for talk in self.story.talks}

    def reference(self, subject: str) -> tuple[str, str]:
        """Return (kind, external id) of a subject, as the host platform names it."""
        return self._subjects[subject].kind, self._subjects[subject].external_id

    def timed_lines(self, talk: Talk) -> list[tuple[Line, datetime]]:
        """Return (line, moment in UTC) for each line of a talk of this story, with its placeholders filled in."""
        return self._timed[id(talk)]

    def _in_time(self, talk: Talk) -> list[tuple[Line, datetime]]:
        times = list(moments(talk.lines, now=self.now, time_zone=self._zones[talk.professional]))
        lines = [
            replace(line, text=fill_in(line.text, said_at=at, starts=self.starts))
            for line, at in zip(talk.lines, times, strict=True)
        ]
        return list(zip(lines, (at.astimezone(UTC) for at in times), strict=True))

    def joined(self, person: str) -> datetime:
        """Return when this person created their account: the day before they first met somebody."""
        return self._first(lambda talk, _: person in (talk.client, talk.professional)) - timedelta(days=1)

    def met(self, client: str, professional: str) -> datetime:
        """Return when these two first wrote to each other."""
        return self._first(lambda talk, _: (talk.client, talk.professional) == (client, professional))

    def came_up(self, subject: str) -> datetime:
        """Return when the host platform put a subject: an hour before anybody mentioned it."""
        return self._first(lambda talk, line: subject in (line.about, talk.subject)) - timedelta(hours=1)

    def _first(self, is_meant: Callable[[Talk, Line], bool]) -> datetime:
        spoken = [
            at for talk in self.story.talks for line, at in self.timed_lines(talk) if is_meant(talk, line)
        ]
        return min(spoken, default=self.now - LATELY)
