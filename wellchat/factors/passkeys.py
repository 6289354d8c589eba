"""Add, use, name and remove passkeys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select, update

from wellchat.accounts.actions import lock_active, lock_user
from wellchat.accounts.models import User
from wellchat.audit.actions import record, record_refusal
from wellchat.db import db, insert, new_id, transaction
from wellchat.errors import Invalid, NotFound
from wellchat.factors import ceremony
from wellchat.factors.actions import PASSKEY, note_added, note_removed
from wellchat.factors.challenges import ADD, ALONE, make_challenge, take_challenge
from wellchat.factors.models import Passkey
from wellchat.factors.tries import spend_try
from wellchat.i18n import gettext

if TYPE_CHECKING:
    from webauthn.registration.verify_registration_response import VerifiedRegistration

MAX_PASSKEYS = 20


class MayBeCopied(Invalid):
    """The count of a passkey went backwards, and it is to sign in alone."""


def passkeys_of(user_id: str) -> Sequence[Passkey]:
    """Return a person's passkeys, oldest first."""
    query = select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.made_at, Passkey.id)
    return db.session.execute(query).scalars().all()


def begin_adding(*, user: User, now: datetime) -> tuple[str, dict[str, Any]]:
    """Return (challenge id, options for the browser). Raises Invalid where there can be no passkeys."""
    ceremony.needed_site()
    challenge = make_challenge(purpose=ADD, user_id=user.id, now=now)
    return challenge.id, ceremony.add_options(user, passkeys_of(user.id), challenge.challenge)


def begin_use(*, purpose: str, user_id: str | None, now: datetime) -> tuple[str, dict[str, Any]]:
    """Return (challenge id, options for the browser). Raises Invalid where there can be no passkeys."""
    ceremony.needed_site()
    allowed = passkeys_of(user_id) if user_id else []
    challenge = make_challenge(purpose=purpose, user_id=user_id, now=now)
    return challenge.id, ceremony.use_options(allowed, challenge.challenge)


def add_passkey(
    *, user_id: str, challenge_id: str | None, response: str, name: str, now: datetime
) -> list[str] | None:
    """Add the passkey that a browser made. Return codes if it is the first factor. Raises Invalid."""
    # Used up before anything is checked: a response that fails cannot be changed and sent again.
    challenge = take_challenge(challenge_id, purpose=ADD, user_id=user_id, now=now)
    if challenge is None:
        raise _too_late()
    said = ceremony.read_response(response)
    made = ceremony.check_new(said, challenge)
    name = name or gettext("Passkey")
    with transaction():
        user = lock_active(user_id)
        # Counted under the lock: two browsers at once cannot both add the last one.
        if len(passkeys_of(user_id)) >= MAX_PASSKEYS:
            raise Invalid({"response": gettext("At most %(number)s passkeys.", number=MAX_PASSKEYS)})
        _store(user_id, made, ceremony.transports_of(said), name, now)
        return note_added(user, PASSKEY, name, now)


def _store(user_id: str, made: VerifiedRegistration, transports: str, name: str, now: datetime) -> None:
    stored = db.session.execute(
        insert(Passkey)
        .values(
            id=new_id(),
            user_id=user_id,
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            backed_up=made.credential_backed_up,
            transports=transports,
            rp_id=ceremony.needed_site().rp_id,
            name=name,
            made_at=now,
        )
        # Unique over all people: a key that opens one account must not open another.
        .on_conflict_do_nothing(index_elements=[Passkey.credential_id])
        .returning(Passkey.id)
    )
    if stored.scalar_one_or_none() is None:
        raise Invalid({"response": gettext("This passkey is in use already.")})


def use_passkey(
    *, purpose: str, user_id: str | None, challenge_id: str | None, response: str, now: datetime
) -> User:
    """Check the use of a passkey: by this person, or by whoever it belongs to where `purpose` is ALONE.

    Return its owner. Raises Invalid, and TooManyTries for a person who is known already.
    """
    # A stranger who names somebody's passkey must not use up the owner's tries.
    if user_id is not None:
        spend_try(user_id=user_id, now=now)
    challenge = take_challenge(challenge_id, purpose=purpose, user_id=user_id, now=now)
    if challenge is None:
        raise _too_late()
    passkey = None
    try:
        said = ceremony.read_response(response)
        passkey = _named_passkey(said, user_id)
        return _use(passkey, said, challenge, purpose, now)
    except Invalid as refusal:
        owner_id = passkey.user_id if passkey else user_id
        detail = {"factor": PASSKEY, "count_went_back": isinstance(refusal, MayBeCopied)}
        record_refusal("factor.refused", now=now, person_id=owner_id, detail=detail)
        raise


def _named_passkey(said: dict[str, Any], user_id: str | None) -> Passkey:
    credential_id, handle = ceremony.credential_of(said)
    passkey = db.session.execute(
        select(Passkey).where(Passkey.credential_id == credential_id)
    ).scalar_one_or_none()
    # Alone, the device must say whose it is; in any case it must say the same as our row.
    named = handle if user_id is None else handle or user_id
    if passkey is None or passkey.user_id != named or (user_id and passkey.user_id != user_id):
        raise Invalid({"response": gettext("This passkey is not known here. Use another way to sign in.")})
    return passkey


def _use(passkey: Passkey, said: dict[str, Any], challenge: bytes, purpose: str, now: datetime) -> User:
    used = ceremony.check_use(said, challenge, passkey)
    count, backed_up = used.new_sign_count, used.credential_backed_up
    mine = Passkey.id == passkey.id
    with transaction() as session:
        owner = session.get_one(User, passkey.user_id)
        counted = session.execute(
            update(Passkey)
            # Compare and set. Most devices count nothing and always say 0.
            .where(mine, or_(Passkey.sign_count < count, (Passkey.sign_count == 0) & (count == 0)))
            .values(sign_count=count, used_at=now, backed_up=backed_up)
            .execution_options(synchronize_session=False)
        )
        went_back = counted.rowcount == 0  # type: ignore[attr-defined]
        if went_back:
            values = {"warned_at": now} if purpose == ALONE else {"warned_at": now, "used_at": now}
            session.execute(update(Passkey).where(mine).values(values))
        if not (went_back and purpose == ALONE):
            detail = {"factor": PASSKEY, "count_went_back": went_back}
            record("factor.used", now=now, actor_id=owner.id, person_id=owner.id, detail=detail)
    # After the commit: the sign-in fails, and the warning stays.
    if went_back and purpose == ALONE:
        text = gettext("This passkey may have been copied. Sign in with your password this time.")
        raise MayBeCopied({"response": text})
    return owner


def rename_passkey(*, user_id: str, passkey_id: str, name: str) -> None:
    """Give a passkey another name. Raises NotFound."""
    with transaction():
        _own(user_id, passkey_id).name = name


def remove_passkey(*, user_id: str, passkey_id: str, now: datetime) -> None:
    """Remove a passkey. Raises NotFound."""
    with transaction() as session:
        user = lock_user(user_id)
        passkey = _own(user_id, passkey_id)
        session.delete(passkey)
        note_removed(user, PASSKEY, passkey.name, now)


def _own(user_id: str, passkey_id: str) -> Passkey:
    query = select(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id)
    found = db.session.execute(query).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


def made_elsewhere() -> int:
    """Return how many passkeys were made for another host name than that of BASE_URL: they work no more."""
    site = ceremony.site()
    query = select(func.count()).select_from(Passkey)
    if site:
        query = query.where(Passkey.rp_id != site.rp_id)
    return int(db.session.execute(query).scalar_one())


def _too_late() -> Invalid:
    return Invalid({"response": gettext("That took too long, or it was sent twice. Try again.")})
