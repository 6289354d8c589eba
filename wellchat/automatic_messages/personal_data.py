"""Export and erase what somebody set up to go out by itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, exists, or_, update

from wellchat.accounts.models import User
from wellchat.automatic_messages.models import AutomaticAnswer, AutomaticMessages, CouponWelcome
from wellchat.db import db
from wellchat.i18n import N_
from wellchat.messaging.models import Thread
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    return {
        "automatic_messages": rows(AutomaticMessages, AutomaticMessages.user_id == person.id),
        "coupon_welcomes": rows(CouponWelcome, CouponWelcome.user_id == person.id),
    }


def _erase(person: Person, _now: datetime) -> None:
    execute = db.session.execute
    is_theirs = or_(Thread.client_id == person.id, Thread.professional_id == person.id)
    in_theirs = exists().where(Thread.id == AutomaticAnswer.thread_id, is_theirs)
    execute(delete(AutomaticAnswer).where(in_theirs).execution_options(synchronize_session=False))
    execute(delete(AutomaticMessages).where(AutomaticMessages.user_id == person.id))
    execute(delete(CouponWelcome).where(CouponWelcome.user_id == person.id))
    quiet = update(User).where(User.id == person.id).values(answers_by_itself=False)
    execute(quiet.execution_options(synchronize_session=False))


personal_data = PersonalData(
    ("automatic_messages.user_id", "coupon_welcomes.user_id"),
    _export,
    _erase,
    withheld={"automatic_answers": N_("it says only when an automatic answer is due, and was sent last")},
)
