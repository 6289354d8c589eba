"""Answer whether a flag is on for a person, from what this process knows: no statement on any page.

What is known is read at the first question. Then the watcher of wake-ups reads it again: at once when some
process says that a flag changed, every few seconds in any case, and every second while Redis is not heard.
"""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass

from flask import current_app
from prometheus_client import Counter
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from wellchat import branding
from wellchat.accounts.models import User
from wellchat.db import db, table
from wellchat.errors import NotAllowed
from wellchat.feature import registry
from wellchat.flags.models import Flag, FlagPerson
from wellchat.i18n import gettext
from wellchat.longpoll.wakeups import poll_notifier

log = logging.getLogger(__name__)

TOPIC = "flags"
KNOWN = "kept_rows.flags"
ASKED = Counter("wellchat_flag_answers", "Questions for a flag, by flag and answer", ["flag", "answer"])

_flags, _people = table(Flag), table(FlagPerson)
_ROWS = select(_flags.c.name, _flags.c.stopped, _flags.c.percent)
_PEOPLE = select(_people.c.flag, _people.c.user_id)


@dataclass(frozen=True)
class FlagState:
    """For whom one flag is on. Without a row: for everybody."""

    stopped: bool = False
    percent: int = 100
    people: frozenset[str] = frozenset()

    def covers(self, name: str, user_id: str) -> bool:
        """Return whether the flag `name` is on for this person."""
        if self.stopped:
            return False
        return user_id in self.people or place_of(name, user_id) < self.percent


def place_of(name: str, user_id: str) -> float:
    """Return where a person stands from 0 to under 100: the same for ever, and another for each flag."""
    digest = hashlib.sha256(f"{name}:{user_id}".encode()).digest()
    return int.from_bytes(digest[:4], "big") * 100 / 2**32


def is_on(name: str, person: User) -> bool:
    """Return whether a declared flag is on for this person. Raises KeyError for a name nobody declares."""
    if name not in registry().flags:
        raise KeyError(name)
    state = _known().get(name)
    answer = state is None or state.covers(name, person.id)
    ASKED.labels(name, "on" if answer else "off").inc()
    return answer


def check_on(name: str, person: User) -> None:
    """Raise NotAllowed if a flag is off for this person."""
    if not is_on(name, person):
        raise NotAllowed(gettext("This is switched off at the moment. Nothing was changed."))


def states() -> Mapping[str, FlagState]:
    """Return what the database says now, by name."""
    with db.engine.connect() as connection:
        rows = connection.execute(_ROWS).all()
        people: dict[str, set[str]] = {}
        for flag, user_id in connection.execute(_PEOPLE) if rows else ():
            people.setdefault(flag, set()).add(user_id)
    return {
        name: FlagState(bool(stopped), percent, frozenset(people.get(name, ())))
        for name, stopped, percent in rows
    }


def read_again() -> None:
    """Read the flags, in this process. If the database is away, go on with what is known."""
    try:
        found = states()
    except SQLAlchemyError as error:
        log.info("the flags cannot be read now: %s", type(error).__name__)
        return
    current_app.extensions[KNOWN] = found


def _known() -> Mapping[str, FlagState]:
    known: Mapping[str, FlagState] | None = current_app.extensions.get(KNOWN)
    if _by_clock():
        poll_notifier().follow(TOPIC, read_again)
        if known is None:
            read_again()
            known = current_app.extensions.get(KNOWN)
    return known or {}


def _by_clock() -> bool:
    """Return whether this application reads by itself. One that counts its statements does not."""
    every: float = current_app.config[branding.EVERY]
    return every != math.inf
