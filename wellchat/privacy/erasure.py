"""Erase people who ask for it: after a period of grace, in steps that a crash only delays.

Each feature's tables are one step, which is committed together with the note that it is done. The claim
(claims.py) decides which worker goes on. docs/operate.md says what stays.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from wellchat import claims
from wellchat.accounts.actions import lock_user
from wellchat.accounts.hooks import availability_changed_in_transaction
from wellchat.accounts.models import User
from wellchat.accounts.personal_data import announce_erased, check_all_declared, erasers
from wellchat.accounts.standing import keep_an_owner
from wellchat.audit.actions import record
from wellchat.audit.models import PERSON, SYSTEM
from wellchat.changes.actions import end_access
from wellchat.config import setting
from wellchat.db import db, insert, transaction
from wellchat.errors import Conflict
from wellchat.i18n import gettext
from wellchat.mail.actions import queue_mail
from wellchat.mail.captured import forget_captured
from wellchat.mail.models import Mail, RefusedAddress
from wellchat.personal_data import Person
from wellchat.privacy.holds import erasure_forbidden
from wellchat.privacy.models import ASKED, DONE, ERASING, TOLD, Erasure
from wellchat.task_queue import enqueue

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
HELD_FOR = timedelta(days=1)  # until an erasure that must not be is looked at again
LAST_MAIL = timedelta(days=1)  # how long the address of the last mail is kept
BATCH = 20  # of one sweep


class _LostClaim(Exception):
    """Another worker goes on with it."""


def request_erasure(*, user: User, now: datetime, reason: str | None = None) -> Erasure:
    """Put down that a person wants to be erased, when the grace is over. Asking twice is the same as once.

    `reason` is of somebody else, who asks in their place; None: the person asks. Raises Conflict for the last
    owner.
    """
    grace = timedelta(days=setting("ERASURE_GRACE"))
    with transaction() as session:
        keep_an_owner(user.id)
        # Locked, so that two requests at once make one row.
        person = lock_user(user.id)
        if (asked := erasure_of(user.id)) is not None:
            return asked
        erasure = Erasure(user_id=person.id, state=ASKED, asked_at=now, due_at=now + grace, steps=[])
        session.add(erasure)
        session.flush()
        by = person.id if reason is None else None
        detail = {} if reason is None else {"reason": reason}
        record("erasure.asked", now=now, actor_id=by, person_id=person.id, detail=detail)
        context = {"name": person.name, "days": grace.days}
        queue_mail(user_id=person.id, address=person.email, name="erasure_asked", context=context, now=now)
        if not grace:
            enqueue("privacy.erase", erasure_id=erasure.id)
    return erasure


def cancel_erasure(*, user_id: str, now: datetime) -> None:
    """Keep a person after all. Raises Conflict if nothing is to be cancelled, or it is too late."""
    with transaction() as session:
        # DELETE decides: once a worker has begun, no row matches and it is too late.
        cancelled = session.execute(
            delete(Erasure).where(Erasure.user_id == user_id, Erasure.state == ASKED).returning(Erasure.id)
        ).scalar()
        if cancelled is None:
            raise Conflict(gettext("There is nothing to cancel: the account is kept, or erased already."))
        record("erasure.cancelled", now=now, actor_kind=PERSON, actor_id=user_id, person_id=user_id)


def erasure_of(user_id: str) -> Erasure | None:
    """Return what was asked for this person, done or not."""
    return db.session.execute(select(Erasure).where(Erasure.user_id == user_id)).scalar_one_or_none()


def enabling_forbidden(user_id: str) -> str | None:
    """Return that this person is being erased: what is left of them must not be used. None: they are not."""
    erasure = erasure_of(user_id)
    if erasure is None or erasure.state != ERASING:
        return None
    return gettext("This person is being erased. Nothing can be enabled any more.")


def is_asked(user_id: str) -> bool:
    """Return whether this person's erasure can still be cancelled."""
    erasure = erasure_of(user_id)
    return erasure is not None and erasure.state == ASKED


def notice_at_sign_in(user: User, now: datetime) -> str | None:
    """Return that the account will be erased, and how to keep it. None: it will not."""
    if not is_asked(user.id):
        return None
    return gettext("Your account will be erased. To keep it, open Settings, Privacy.")


def sweep(now: datetime) -> dict[str, int]:
    """Go on with every erasure that is due. Return {"erased": how many were finished}."""
    due = select(Erasure.id).where(Erasure.due_at <= now).order_by(Erasure.due_at).limit(BATCH)
    ids = list(db.session.execute(due).scalars())
    return {"erased": [go_on(erasure_id=each, now=now) for each in ids].count(DONE)}


def go_on(*, erasure_id: str, now: datetime) -> str | None:
    """Do what is due of one erasure. Return its state afterwards; None if nothing was due."""
    found = db.session.get(Erasure, erasure_id, populate_existing=True)
    if found is None or found.due_at is None or found.due_at > now:
        return None
    # In the state TOLD nothing is left that a hold could keep but the address of the last mail.
    if found.state != TOLD and erasure_forbidden(found.user_id, now):
        _put_off(erasure_id, now)
        return None
    try:
        claimed = _claim(erasure_id, now)
    except Conflict as refusal:
        # The others have gone since it was asked for.
        log.warning("erasure %s waits: %s", erasure_id, refusal.detail)
        _put_off(erasure_id, now)
        return None
    if claimed is None:
        return None
    try:
        return _forget_last_mail(claimed, now) if claimed.state == TOLD else _erase(claimed, now)
    except _LostClaim:
        return None
    except Exception:
        log.exception("erasure %s stopped; it goes on later", erasure_id)
        db.session.rollback()
        return None


def _put_off(erasure_id: str, now: datetime) -> None:
    with transaction():
        claims.postpone(Erasure, erasure_id, until=now + HELD_FOR, states=(ASKED, ERASING))


def _claim(erasure_id: str, now: datetime) -> Erasure | None:
    """Claim a row, and note what the last mail needs while the account still has it.

    Raises Conflict for the last owner.
    """
    with transaction() as session:
        row = claims.claim(
            Erasure, erasure_id, now=now, lease=LEASE, states=(ASKED, ERASING, TOLD), returning=(Erasure,)
        )
        if row is None:
            return None
        erasure: Erasure = row[0]
        if erasure.state == ASKED:
            keep_an_owner(erasure.user_id)
            user = lock_user(erasure.user_id)
            erasure.state, erasure.email, erasure.language = ERASING, user.email, user.language
            # From here on nobody acts as this person: nothing new appears behind the steps.
            user.disabled_at, user.session_epoch = now, user.session_epoch + 1
            session.flush()
            # Their conversations are closed: a message on its way waits for its thread, and is refused then.
            availability_changed_in_transaction(user.id, now)
            end_access(user_id=user.id)
        # Out of the session: from here on statements change the row, each under the check of its claim.
        session.expunge(erasure)
    return erasure


def _erase(erasure: Erasure, now: datetime) -> str:
    check_all_declared()
    person = Person(erasure.user_id, erasure.email)
    steps = list(erasure.steps)
    for name, erase in erasers().items():
        if name in steps:
            continue
        with transaction():
            _still_mine(erasure)
            erase(person, now)
            steps.append(name)
            _write(erasure, steps=steps)
        # What one step has loaded is stale for the next, and would stay in memory.
        db.session.expunge_all()
    with transaction():
        _still_mine(erasure)
        _tell(erasure, now)
        announce_erased(erasure.user_id, now)
        record("erasure.done", now=now, actor_kind=SYSTEM, person_id=erasure.user_id)
        _forget_pseudonym(person, now)
        # With all of the above: a crash before the commit has told nobody, and this step comes again.
        _write(erasure, state=TOLD, done_at=now, due_at=now + LAST_MAIL)
    return TOLD


def _forget_pseudonym(person: Person, now: datetime) -> None:
    """Erase again what the entry above has put beside the log."""
    erasers()["audit"](person, now)


def _tell(erasure: Erasure, now: datetime) -> None:
    """Queue the last mail. Nobody's account has its address any more, so the row names no user."""
    context = {"language": erasure.language}
    queue_mail(user_id=None, address=erasure.email, name="erasure_done", context=context, now=now)


def _forget_last_mail(erasure: Erasure, now: datetime) -> str:
    with transaction() as session:
        _still_mine(erasure)
        # Only rows of nobody: somebody may have signed up with the address since.
        last = (Mail.address == erasure.email, Mail.user_id.is_(None))
        forget_captured(session.execute(select(Mail.id).where(*last)).scalars().all())
        session.execute(delete(Mail).where(*last))
        # The last mail may have been refused for good.
        session.execute(delete(RefusedAddress).where(RefusedAddress.email == erasure.email))
        _write(erasure, state=DONE, email=None, language=None, due_at=None)
    return DONE


def _still_mine(erasure: Erasure) -> None:
    """Lock the row until the commit. Raises _LostClaim if somebody else has claimed it since."""
    mine = (Erasure.id == erasure.id, Erasure.attempts == erasure.attempts)
    if db.session.execute(select(Erasure.id).where(*mine).with_for_update()).scalar() is None:
        raise _LostClaim


def _write(erasure: Erasure, **values: object) -> None:
    db.session.execute(
        update(Erasure)
        .where(Erasure.id == erasure.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def note_erased(user_id: str, now: datetime) -> None:
    """Put a person whom an operator erased at once on the list, in the transaction that erased them."""
    values: dict[str, object] = {
        "state": DONE,
        "due_at": None,
        "email": None,
        "language": None,
        "done_at": now,
    }
    new: dict[str, object] = {"user_id": user_id, "asked_at": now, "attempts": 0, "steps": [], **values}
    statement = insert(Erasure).values(new)
    db.session.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=values))
