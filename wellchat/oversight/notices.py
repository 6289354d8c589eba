"""Tell the two people of a conversation, after a while, that an administrator has read it."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import case, select

from wellchat.accounts.models import User
from wellchat.audit.actions import record
from wellchat.audit.models import SYSTEM
from wellchat.clock import iso, moment
from wellchat.db import db, transaction
from wellchat.i18n import N_, force_language, format_date, gettext
from wellchat.mail.actions import queue_mail
from wellchat.mail.compose import NotWanted
from wellchat.mail.models import Mail
from wellchat.messaging.models import Thread
from wellchat.notifications.queries import preferences
from wellchat.oversight.actions import claim_notice
from wellchat.oversight.models import AccessGrant
from wellchat.privacy.hooks import ToldLook

log = logging.getLogger(__name__)

BATCH = 200  # grants of one sweep


def sweep(now: datetime) -> dict[str, int]:
    """Send the notices that are due. Return how many grants people were told of."""
    due = (
        select(AccessGrant.id)
        .where(AccessGrant.notice_due_at <= now)
        .order_by(AccessGrant.notice_due_at)
        .limit(BATCH)
    )
    return {"looks_told": sum(_tell(grant_id, now) for grant_id in db.session.execute(due).scalars().all())}


def _tell(grant_id: str, now: datetime) -> bool:
    with transaction() as session:
        # In one transaction with the mails: a crash in between gives the claim back.
        if not claim_notice(grant_id, now):
            return False
        grant = session.get_one(AccessGrant, grant_id, populate_existing=True)
        thread = session.get_one(Thread, grant.thread_id)
        for user_id, other_id in (
            (thread.client_id, thread.professional_id),
            (thread.professional_id, thread.client_id),
        ):
            user, other = session.get_one(User, user_id), session.get_one(User, other_id)
            context = {"name": user.name, "other_id": other.id, "opened_at": iso(grant.approved_at)}
            queue_mail(user_id=user.id, address=user.email, name="look_notice", context=context, now=now)
        record(
            "look.told", now=now, actor_kind=SYSTEM, about=("thread", thread.id), detail={"look": grant.id}
        )
    return True


def content(mail: Mail, now: datetime) -> dict[str, Any]:
    """Return the context of templates/emails/look_notice. Raises NotWanted if the account is gone."""
    user = db.session.get(User, mail.user_id, populate_existing=True) if mail.user_id else None
    if user is None:
        raise NotWanted(N_("The account is gone."))
    opened_at = moment(mail.context["opened_at"]).astimezone(ZoneInfo(user.time_zone))
    with force_language(user.language):
        return {
            "language": user.language,
            "day": format_date(opened_at, "long"),
            # Looked up now: the ledger holds no name of anybody but the reader.
            "other": _name_of(mail.context.get("other_id")),
            "discreet": preferences(user.id).discreet,
            "discreet_line": gettext("Your conversation was opened"),
            "discreet_detail": gettext("An administrator opened one of your conversations."),
        }


def _name_of(user_id: str | None) -> str:
    return db.session.execute(select(User.name).where(User.id == user_id)).scalar() or ""


def looks_at(viewer: User) -> list[dict[str, Any]]:
    """Return the accesses to the viewer's conversations that they may know of, latest first, at most 100.

    Keys: `opened_at`, `thread_id`. Who it was is in the security log.
    """
    query = (
        select(AccessGrant.approved_at, AccessGrant.thread_id)
        .join(Thread, Thread.id == AccessGrant.thread_id)
        .where((Thread.client_id == viewer.id) | (Thread.professional_id == viewer.id))
        .where(AccessGrant.notice_sent_at.is_not(None))
        .order_by(AccessGrant.approved_at.desc())
        .limit(100)
    )
    return [{"opened_at": at, "thread_id": thread_id} for at, thread_id in db.session.execute(query)]


def told_looks(viewer: User, _now: datetime) -> list[ToldLook]:
    """Return the accesses that the viewer was told of, as sentences for their page about privacy."""
    looks = looks_at(viewer)
    ids = {look["thread_id"] for look in looks}
    other_id = case((Thread.client_id == viewer.id, Thread.professional_id), else_=Thread.client_id)
    query = select(Thread.id, User.name).join(User, User.id == other_id).where(Thread.id.in_(ids))
    names = {row.id: row.name for row in db.session.execute(query)}
    return [
        ToldLook(
            look["opened_at"],
            gettext(
                "An administrator opened your conversation with %(name)s.", name=names[look["thread_id"]]
            ),
        )
        for look in looks
    ]
