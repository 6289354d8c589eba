"""Tell owners of webhooks that fail, and give up after five days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from wellchat.accounts.duties import OWNER
from wellchat.accounts.models import ADMIN, User
from wellchat.db import db, transaction
from wellchat.events.models import FAILING, GONE, Webhook
from wellchat.events.webhooks import disable
from wellchat.i18n import N_
from wellchat.mail.actions import queue_mail
from wellchat.mail.compose import NotWanted
from wellchat.mail.models import Mail

TOLD_AFTER = (timedelta(hours=1), timedelta(hours=24), timedelta(days=4))
GIVEN_UP_AFTER = timedelta(days=5)
MAIL = "webhook_failing"


def sweep(now: datetime) -> dict[str, int]:
    """Mail owners about webhooks that fail for long, or were disabled. Return {"webhooks_told": how many}."""
    failing = select(Webhook.id).where(Webhook.failing_since <= now - TOLD_AFTER[0])
    gone = Webhook.disabled_because.in_((FAILING, GONE))
    ids = db.session.execute(failing.where(Webhook.disabled_at.is_(None))).scalars().all()
    told = sum(_look(webhook_id, now) for webhook_id in ids)
    # `told` is past the mails about failing once the last one was written.
    ended = select(Webhook.id).where(gone, Webhook.told <= len(TOLD_AFTER))
    return {"webhooks_told": told + sum(_tell_end(each, now) for each in db.session.execute(ended).scalars())}


def _look(webhook_id: str, now: datetime) -> bool:
    with transaction() as session:
        webhook = session.get(Webhook, webhook_id, populate_existing=True, with_for_update=True)
        if webhook is None or webhook.failing_since is None or webhook.disabled_at is not None:
            return False
        fails_for = now - webhook.failing_since
        if fails_for >= GIVEN_UP_AFTER:
            # The mail about that is written by `_tell_end`.
            disable(webhook_id=webhook_id, because=FAILING, now=now)
            return False
        due = sum(fails_for >= after for after in TOLD_AFTER)
        if due <= webhook.told:
            return False
        webhook.told = due
        _tell(webhook, now)
        return True


def _tell_end(webhook_id: str, now: datetime) -> bool:
    with transaction() as session:
        webhook = session.get(Webhook, webhook_id, populate_existing=True, with_for_update=True)
        if webhook is None or webhook.disabled_at is None or webhook.told > len(TOLD_AFTER):
            return False
        webhook.told = len(TOLD_AFTER) + 1
        _tell(webhook, now)
        return True


def _tell(webhook: Webhook, now: datetime) -> None:
    owners = select(User).where(User.role == ADMIN, User.disabled_at.is_(None)).order_by(User.id)
    for owner in db.session.execute(owners).scalars():
        if OWNER in owner.admin_roles.split() and owner.email:
            context = {"name": owner.name, "webhook": webhook.id}
            queue_mail(user_id=owner.id, address=owner.email, name=MAIL, context=context, now=now)


def mail_context(mail: Mail, now: datetime) -> dict[str, Any]:
    """Return what the mail says, as it is at the moment of sending. Raises NotWanted for what is over."""
    webhook = db.session.get(Webhook, mail.context["webhook"], populate_existing=True)
    if webhook is None or (webhook.failing_since is None and webhook.disabled_at is None):
        raise NotWanted(N_("It works again, or is gone."))
    return {
        "webhook_url": webhook.url,
        "disabled": webhook.disabled_at is not None,
        "path": f"/oversight/webhooks/{webhook.id}",
    }
