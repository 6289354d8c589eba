"""Take in what mail servers report of mails of ours: bounces and complaints.

Anybody can write a report. It is about the mail for which we signed the bounce address it came to; elsewhere
it counts only if it names both the Message-ID and the address of a mail that we sent, which only those know
who have it. Either way it ends mails to that mail's own address, never to another.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from wellchat.accounts.duties import OWNER
from wellchat.accounts.models import ADMIN, User
from wellchat.audit.actions import record
from wellchat.audit.models import SYSTEM
from wellchat.claims import SKIPPED
from wellchat.db import db, transaction
from wellchat.mail.actions import queue_mail
from wellchat.mail.addresses import BOUNCE as BOUNCE_ADDRESS
from wellchat.mail.addresses import ReplyToken, parse_reply_address
from wellchat.mail.models import Mail
from wellchat.mail.refusals import COMPLAINED, record_bounce, save_refusal
from wellchat.replies.bounce_words import HARD
from wellchat.replies.bounces import Report, parse_bounce
from wellchat.replies.complaints import Complaint, parse_complaint
from wellchat.replies.models import BOUNCE
from wellchat.replies.reading import Incoming
from wellchat.replies.records import record_received

TOLD_EVERY = timedelta(days=1)  # owners hear of complaints once a day; all of them stand in the security log
TELLING = "mail_complaint"  # the mail to owners
NOT_ABOUT_OURS = "A report about no mail of ours."


def take_report(mail: Incoming, tokens: list[ReplyToken], now: datetime) -> str | None:
    """Write down what a report says of a mail of ours. Return a sentence for the mail server.

    None: the mail is no report.
    """
    complaint = parse_complaint(mail)
    if complaint is not None:
        return _take_complaint(mail, complaint, tokens, now)
    known = _signed_for(tokens)
    report = parse_bounce(mail, to_bounce_address=known is not None)
    return None if report is None else _take_bounce(mail, report, known, now)


def _signed_for(tokens: list[ReplyToken]) -> Mail | None:
    """Return the mail for which we signed one of these bounce addresses. None: there is none."""
    ids = [each.target_id for each in tokens if each.kind == BOUNCE_ADDRESS]
    return next((found for each in ids if (found := db.session.get(Mail, each))), None)


def _take_bounce(mail: Incoming, report: Report, known: Mail | None, now: datetime) -> str:
    addresses = [known.address] if known else [each.address for each in report.bounces if each.address]
    message_id = known.message_id if known else report.message_id
    ended = 0
    for address in dict.fromkeys(addresses):
        bounce = report.about(address)
        if bounce.is_final and message_id is not None:
            ended += _end(mail, message_id, address, bounce.fate == HARD, bounce.diagnostic, now)
    if ended:
        return "Noted: a mail of ours came back."
    return NOT_ABOUT_OURS if any(each.is_final for each in report.bounces) else "A report that ends nothing."


def _end(mail: Incoming, message_id: str, address: str, ends: bool, diagnostic: str, now: datetime) -> bool:
    with transaction():
        ours = record_bounce(
            message_id=message_id, address=address, diagnostic=diagnostic, ends_address=ends, now=now
        )
        if ours:
            record_received(
                mail, message_id, now, user_id=ours.user_id, outcome=BOUNCE, reason=diagnostic[:500]
            )
    return ours is not None


def _take_complaint(mail: Incoming, complaint: Complaint, tokens: list[ReplyToken], now: datetime) -> str:
    """End mails to the address that complains, and tell the owners of the installation."""
    named = [token for each in complaint.senders if (token := parse_reply_address(each))]
    ours = _signed_for([*tokens, *named]) or _sent_to(complaint)
    if ours is None:
        return NOT_ABOUT_OURS
    with transaction():
        # The record decides: a report that is handed over again does nothing more, also after "Try again".
        if record_received(
            mail, f"complaint:{ours.id}", now, user_id=ours.user_id, outcome=BOUNCE, reason=COMPLAINED
        ):
            save_refusal(ours.address, COMPLAINED, now)
            record(
                "mail.complained",
                now=now,
                actor_kind=SYSTEM,
                person_id=ours.user_id,
                about=("mail", ours.id),
                detail={"kind": complaint.kind, "mail": ours.name},
            )
            _tell_owners(now)
    return "Noted: somebody complained of a mail of ours."


def _sent_to(complaint: Complaint) -> Mail | None:
    """Return the mail of ours with this Message-ID, if it went to an address that the report names."""
    if complaint.message_id is None or not complaint.addresses:
        return None
    query = select(Mail).where(
        Mail.message_id == complaint.message_id, func.lower(Mail.address).in_(complaint.addresses)
    )
    return db.session.execute(query).scalar_one_or_none()


def _tell_owners(now: datetime) -> None:
    lately = select(Mail.id).where(
        Mail.name == TELLING, Mail.state != SKIPPED, Mail.created_at > now - TOLD_EVERY
    )
    if db.session.execute(lately.limit(1)).first():
        return
    admins = select(User).where(User.role == ADMIN, User.disabled_at.is_(None))
    for owner in db.session.execute(admins).scalars():
        # Roles are words in one text, and administrators are few.
        if OWNER in owner.admin_roles.split():
            queue_mail(
                user_id=owner.id, address=owner.email, name=TELLING, context={"name": owner.name}, now=now
            )
