"""What goals hold of a person. The goals of a pair stay for the other one, without words of who is gone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from examples.goals.models import Goal
from wellchat.db import db
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    return {"goals": rows(Goal, Goal.author_id == person.id)}


def _erase(person: Person, _now: datetime) -> None:
    db.session.execute(update(Goal).where(Goal.author_id == person.id).values(title="Gone"))


personal_data = PersonalData(("goals.author_id",), _export, _erase)
