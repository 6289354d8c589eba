"""Change somebody's email address: the new one is proven first, both are told, the old one can undo it.

Nothing here tells whether a new address has an account: the answer is the same, and no link is sent.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, select
from sqlalchemy.exc import IntegrityError

from wellchat.accounts import credentials, links
from wellchat.accounts.actions import lock_active, lock_user
from wellchat.accounts.address_models import UNDO_WITHIN, AddressChange, is_kept_back
from wellchat.accounts.links import DeadLink
from wellchat.accounts.models import User
from wellchat.accounts.queries import mail_veto
from wellchat.audit.actions import record
from wellchat.db import db, new_id, transaction
from wellchat.errors import Invalid
from wellchat.i18n import N_, gettext
from wellchat.mail.actions import move_queued, queue_mail, record_skip
from wellchat.mail.compose import NotWanted
from wellchat.mail.models import Mail


def _is_taken(email: str, user_id: str, now: datetime) -> bool:
    taken = db.session.execute(select(exists().where(User.email == email))).scalar_one()
    return bool(taken) or is_kept_back(email, now=now, but_for=user_id)


def ask_for_change(*, user_id: str, email: str, now: datetime) -> None:
    """Send a link to the new address, and tell the old one. Raises Invalid if it is the present address.

    A taken address gets no link; only the mail ledger says so, to administrators.
    """
    with transaction() as session:
        user = lock_active(user_id)
        if user.email == email:
            raise Invalid({"email": gettext("This is your address already.")})
        change = AddressChange(
            id=new_id(), user_id=user_id, old_email=user.email, new_email=email, asked_at=now
        )
        session.add(change)
        session.flush()
        record("address.change_asked", now=now, person_id=user_id)
        # Without the person's id: their own list of mails must not tell the two cases apart.
        if _is_taken(email, user_id, now):
            reason = N_("This address has an account already.")
            record_skip(user_id=None, address=email, name="address_confirm", reason=reason, now=now)
        else:
            context = {"change_id": change.id, "language": user.language}
            queue_mail(user_id=None, address=email, name="address_confirm", context=context, now=now)
        _tell(user, user.email, "address_asked", now, new_email=email)


def waiting_changes(user: User, *, now: datetime) -> list[AddressChange]:
    """Return the changes that a link still confirms, oldest first, one of each address.

    One to a taken address is among them, though no link was sent: nothing tells the two apart.
    """
    query = select(AddressChange).where(
        AddressChange.user_id == user.id,
        AddressChange.confirmed_at.is_(None),
        AddressChange.old_email.is_not_distinct_from(user.email),
        AddressChange.asked_at > now - links.ADDRESS.lasts,
    )
    found = db.session.execute(query.order_by(AddressChange.asked_at)).scalars()
    return list({change.new_email: change for change in found}.values())


def confirm_context(mail: Mail, now: datetime) -> dict[str, Any]:
    """Return the link for the new address, made at the moment of sending. Raises NotWanted."""
    change = db.session.get(AddressChange, mail.context["change_id"])
    if change is None or change.confirmed_at is not None:
        raise NotWanted(N_("The address is not asked about any more."))
    # The mail names no account, so nobody else has looked.
    if (why := mail_veto(change.user_id)) is not None:
        raise NotWanted(why)
    return {"path": links.path_of(links.ADDRESS, change.id, now)}


def undo_context(mail: Mail, now: datetime) -> dict[str, Any]:
    """Return the link by which the old address undoes a change. Raises NotWanted."""
    change = db.session.get(AddressChange, mail.context["change_id"])
    if change is None or change.undone_at is not None:
        raise NotWanted(N_("The change was undone already."))
    return {"path": links.path_of(links.UNDO, change.id, now)}


def change_of_link(token: str, purpose: links.Purpose, *, now: datetime) -> AddressChange:
    """Return the change that a link is about, without using it up. Raises DeadLink."""
    change = db.session.get(AddressChange, links.read(token, purpose, now=now), populate_existing=True)
    if change is None:
        raise DeadLink
    user = db.session.get(User, change.user_id, populate_existing=True)
    is_open = change.confirmed_at is None if purpose is links.ADDRESS else _can_undo(change, now)
    present = change.old_email if purpose is links.ADDRESS else change.new_email
    # After a further change, or after erasing, the account has another address.
    if user is None or not user.is_active or not is_open or user.email != present:
        raise DeadLink
    return change


def _can_undo(change: AddressChange, now: datetime) -> bool:
    confirmed_at = change.confirmed_at
    return confirmed_at is not None and change.undone_at is None and now < confirmed_at + UNDO_WITHIN


def confirm_change(*, token: str, now: datetime) -> AddressChange:
    """Move the account to the new address, and tell both. Raises DeadLink, also if it was taken meanwhile."""
    try:
        with transaction():
            change, user = _locked(token, links.ADDRESS, now)
            # Asked again: since the link was sent somebody may have signed up with it.
            if _is_taken(change.new_email, user.id, now):
                raise DeadLink
            change.confirmed_at, user.email, user.verified_at = now, change.new_email, now
            # Here, so that the unique index speaks before anything is recorded or mailed.
            db.session.flush()
            move_queued(user_id=user.id, old=change.old_email, new=user.email)
            record("address.changed", now=now, actor_id=user.id, person_id=user.id)
            _tell(user, change.old_email, "address_changed", now, change_id=change.id, new_email=user.email)
            _tell(user, user.email, "address_done", now)
    except IntegrityError:
        # Somebody signed up with the address at the same moment.
        raise DeadLink from None
    return change


def undo_change(*, token: str, now: datetime) -> AddressChange:
    """Move the account back, end every session, and mail a link for a new password. Raises DeadLink."""
    with transaction():
        change, user = _locked(token, links.UNDO, now)
        # Nobody has signed up with the old address: is_kept_back refuses it for as long as this link works.
        change.undone_at, user.email = now, change.old_email
        db.session.flush()
        move_queued(user_id=user.id, old=change.new_email, new=user.email)
        record("address.restored", now=now, actor_id=user.id, person_id=user.id)
        # Whoever moved the account may still be signed in.
        credentials.end_sessions(user_id=user.id)
        # A link that was sent a moment ago died with the sessions.
        context = {"name": user.name, "link": "reset"}
        queue_mail(user_id=user.id, address=user.email, name="reset", context=context, now=now, limited=False)
    return change


def _locked(token: str, purpose: links.Purpose, now: datetime) -> tuple[AddressChange, User]:
    """Return the change and its user, both as they are once the user is locked. Raises DeadLink."""
    user = lock_user(change_of_link(token, purpose, now=now).user_id)
    # Read again under the lock: two openers of one link come one after the other.
    return change_of_link(token, purpose, now=now), user


def _tell(user: User, address: str | None, name: str, now: datetime, **context: Any) -> None:
    queue_mail(user_id=user.id, address=address, name=name, context={"name": user.name, **context}, now=now)


def forget_mails(user_id: str) -> None:
    """Delete the mails to addresses that a person only asked for. Call inside `transaction()`."""
    asked_for = select(AddressChange.new_email).where(AddressChange.user_id == user_id)
    mails = delete(Mail).where(Mail.name == "address_confirm", Mail.address.in_(asked_for))
    db.session.execute(mails)
