"""The data that the mail ledger holds about a person, and the files of mails where no mail server is set."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, or_, select

from wellchat.db import db, insert
from wellchat.mail.captured import forget_captured, forget_captured_with
from wellchat.mail.models import Mail, RefusedAddress
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    theirs = or_(Mail.user_id == person.id, Mail.address == person.email)
    refused = rows(RefusedAddress, RefusedAddress.email == person.email)
    return {"mails": rows(Mail, theirs), "refused_addresses": refused}


def _erase(person: Person, now: datetime) -> None:
    theirs = or_(Mail.user_id == person.id, Mail.address == person.email)
    forget_captured(db.session.execute(select(Mail.id).where(theirs)).scalars().all())
    if person.email is not None:
        forget_captured_with(person.email)
    db.session.execute(delete(Mail).where(theirs))
    db.session.execute(delete(RefusedAddress).where(RefusedAddress.email == person.email))
    # No mail is ever tried to the address that is none.
    refused = {"email": person.erased_email, "reason": "Erased by the operator", "refused_at": now}
    # It is there already if somebody of a restored backup is erased again.
    db.session.execute(insert(RefusedAddress).values(refused).on_conflict_do_nothing())


personal_data = PersonalData(("mails.user_id",), _export, _erase)
