"""Read what the privacy pages and commands show."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import select

from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.features import all_features
from wellchat.personal_data import Person
from wellchat.privacy.models import DONE, TOLD, Erasure
from wellchat.privacy.retention import rules


class Period(NamedTuple):
    """The period for which one kind of thing is kept. `days` None: until a person deletes it."""

    label: str
    days: int | None


def periods() -> list[Period]:
    """Return the periods that are run here, as the rules of the features say them."""
    found = ((rule, rule.days()) for rule in rules())
    return [Period(rule.label, days) for rule, days in found if rule.listed or days is not None]


def left_after_erasure() -> list[str]:
    """Return why anything about a person stays, each reason once, as the features declare it."""
    declared = (feature.personal_data for feature in all_features() if feature.personal_data)
    return list(dict.fromkeys(reason for each in declared for reason in each.kept.values()))


def erased_ids() -> Sequence[str]:
    """Return the ids of the people who were erased, in the order in which they were."""
    query = select(Erasure.user_id).where(Erasure.state.in_((TOLD, DONE)))
    return db.session.execute(query.order_by(Erasure.done_at, Erasure.user_id)).scalars().all()


def to_erase_again(user_ids: Collection[str]) -> list[str]:
    """Return those of these people who are here and not erased, as after a restored backup."""
    found = db.session.execute(select(User.id, User.email).where(User.id.in_(user_ids)).order_by(User.id))
    return [user_id for user_id, email in found.all() if email != Person(user_id, email).erased_email]
