"""Change for whom a flag is on, for all processes at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select

from wellchat.accounts.models import User
from wellchat.accounts.queries import user_by_email
from wellchat.audit.actions import record
from wellchat.db import after_commit, db, insert, transaction
from wellchat.errors import Invalid, NotFound
from wellchat.feature import registry
from wellchat.flags.forms import MAX_PEOPLE, FlagForm
from wellchat.flags.known import TOPIC, read_again
from wellchat.flags.models import Flag, FlagPerson
from wellchat.i18n import gettext
from wellchat.longpoll.wakeups import poll_notifier


def change_flag(*, name: str, form: FlagForm, now: datetime) -> None:
    """Have a flag on for a percent of the people, and for those who are named.

    Raises NotFound if nobody declares it, and Invalid for an address that nobody has.
    """
    check_declared(name)
    people = _named(form.people)
    with transaction() as session:
        row = _locked(name, now)
        row.stopped, row.percent = False, form.percent
        session.execute(delete(FlagPerson).where(FlagPerson.flag == name))
        session.add_all(FlagPerson(flag=name, user_id=each) for each in people)
        record(
            "flag.changed",
            now=now,
            about=("flag", name),
            detail={"percent": form.percent, "people": len(people)},
        )
        after_commit(_tell)


def stop_flag(*, name: str, now: datetime) -> None:
    """Switch a flag off for everybody; what else it says stays. Raises NotFound if nobody declares it."""
    check_declared(name)
    with transaction():
        _locked(name, now).stopped = True
        record("flag.stopped", now=now, about=("flag", name))
        after_commit(_tell)


def check_declared(name: str) -> None:
    """Raise NotFound for a name that no feature declares."""
    if name not in registry().flags:
        raise NotFound(gettext("There is no flag of this name."))


def people_of(name: str) -> Sequence[str]:
    """Return the addresses of the people whom a flag names, sorted."""
    query = select(User.email).join(FlagPerson, FlagPerson.user_id == User.id).where(FlagPerson.flag == name)
    found = db.session.execute(query.order_by(User.email)).scalars().all()
    return [address for address in found if address]


def _named(text: str) -> list[str]:
    addresses = list(dict.fromkeys(filter(None, map(str.strip, text.splitlines()))))
    if len(addresses) > MAX_PEOPLE:
        raise Invalid({"people": gettext("At most %(num)s people.", num=MAX_PEOPLE)})
    found = {each: user_by_email(each) for each in addresses}
    if unknown := [address for address, user in found.items() if user is None]:
        raise Invalid({"people": gettext("Nobody has this address: %(address)s", address=unknown[0][:254])})
    return list(dict.fromkeys(user.id for user in found.values() if user))


def _locked(name: str, now: datetime) -> Flag:
    first = insert(Flag).values(name=name, stopped=False, percent=100, changed_at=now)
    db.session.execute(first.on_conflict_do_nothing())
    query = select(Flag).where(Flag.name == name).with_for_update()
    row = db.session.execute(query.execution_options(populate_existing=True)).scalar_one()
    row.changed_at = now
    return row


def _tell() -> None:
    read_again()
    poll_notifier().announce(TOPIC)
