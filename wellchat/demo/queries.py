"""Read the people of the demo."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.demo.models import DemoPerson
from wellchat.demo.stories import STORIES
from wellchat.errors import NotFound


@dataclass(frozen=True)
class Trade:
    """The people of one story, as the switcher shows them. `hue` is in degrees."""

    key: str
    name: str
    hue: int
    main: list[User]
    others: list[User]

    def without_admins(self) -> Trade:
        """Return the trade without administrators."""
        main, others = ([user for user in each if not user.is_admin] for each in (self.main, self.others))
        return replace(self, main=main, others=others)


def is_loaded() -> bool:
    """Return whether the demo is loaded."""
    return db.session.execute(select(DemoPerson.user_id).limit(1)).first() is not None


def demo_people() -> list[Trade]:
    """Return the people of each trade, in the order of the stories; [] if the demo is not loaded."""
    rows = db.session.execute(select(DemoPerson).options(joinedload(DemoPerson.user))).scalars()
    users = {(row.story, row.person): row.user for row in rows}
    if not users:
        return []
    trades = []
    for story in STORIES:
        played = [(person, users.get((story.key, person.key))) for person in story.people]
        main = [user for person, user in played if user and person.main]
        others = [user for person, user in played if user and not person.main]
        trades.append(Trade(story.key, story.trade, story.hue, main, others))
    return trades


def demo_person(user_id: str) -> User:
    """Return a person of the demo. Raises NotFound for everybody else."""
    row = db.session.get(DemoPerson, user_id, options=[joinedload(DemoPerson.user)])
    if row is None:
        raise NotFound
    return row.user


def is_played(user_id: str) -> bool:
    """Return whether a user belongs to the demo."""
    return db.session.get(DemoPerson, user_id) is not None


def real_people_exist() -> bool:
    """Return whether anybody has an account with a verified address who is not of the demo."""
    theirs = select(User.id).where(User.verified_at.is_not(None), User.id.not_in(select(DemoPerson.user_id)))
    return db.session.execute(theirs.limit(1)).first() is not None


def accent_hue(user_id: str) -> int | None:
    """Return the accent colour of a person's trade, in degrees; None outside the demo."""
    row = db.session.get(DemoPerson, user_id)
    return next((story.hue for story in STORIES if row and story.key == row.story), None)
