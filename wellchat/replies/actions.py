"""Take in a mail, and decide what becomes of it.

A mail server (by pipe or LMTP) may hand a mail over again until it gets a verdict, so everything here is
recognised by the mail's own Message-ID. We write only to the person for whom the reply address was made, and
once about one mail. To refuse a stranger is the mail server's business.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select

from wellchat.accounts.models import User
from wellchat.claims import SKIPPED
from wellchat.config import setting
from wellchat.db import db, transaction
from wellchat.errors import Conflict, Invalid, NotAllowed, NotFound
from wellchat.forms import fill
from wellchat.graphemes import cut
from wellchat.i18n import N_
from wellchat.mail.actions import queue_mail
from wellchat.mail.addresses import BOUNCE as BOUNCE_ADDRESS
from wellchat.mail.addresses import DIGEST, END, ReplyToken, parse_reply_address
from wellchat.mail.mime import one_line
from wellchat.mail.models import Mail
from wellchat.messaging import messages, receipts
from wellchat.messaging.closing import check_may_write
from wellchat.messaging.forms import SendMessage
from wellchat.replies.authentication import missing_proof
from wellchat.replies.auto_replies import auto_reply_reason
from wellchat.replies.came_back import take_report
from wellchat.replies.files import omission_reasons, omitted_names, take_files
from wellchat.replies.left_out import keep_left_out
from wellchat.replies.models import DROPPED, REFUSED, TAKEN, ReceivedMail
from wellchat.replies.reading import Incoming
from wellchat.replies.records import record_received
from wellchat.replies.unsubscribing import take_unsubscribing
from wellchat.scripts import is_blank
from wellchat.setting_types import mailbox

log = logging.getLogger(__name__)

MAX_REJECTION_MAILS = 5  # to one person within a day
DAY = timedelta(days=1)
RETENTION = timedelta(days=90)  # of records; reply addresses do not last longer

NOT_OURS = "There is no such address here, or it is too old to be answered."
NOT_ALLOWED = "Only the person whom we wrote to can answer here, and only from the address that we wrote to."
NOT_PROVEN = "We cannot tell that this mail comes from the address in its From. Please answer on the page."


class Verdict(NamedTuple):
    """How it ended, for the mail server: an exit status of sysexits.h, and a text that may be passed on."""

    status: int
    text: str


OK = os.EX_OK
NO_SUCH_ADDRESS = Verdict(os.EX_NOUSER, NOT_OURS)


class Rejected(Exception):
    """The author is who they should be, and is told why the mail did not become a message."""


def receive(*, mail: Incoming, addresses: Iterable[str], now: datetime) -> Verdict:
    """Take in one mail, for each of these addresses that is ours. Return the best verdict."""
    ours = {token: address for address in addresses if (token := parse_reply_address(address))}
    mail.ours = _own_names()
    # Before all else: a report must never reach a thread as words. A person may enclose one.
    may_be_report = any(each.kind == BOUNCE_ADDRESS for each in ours) or auto_reply_reason(mail)
    if may_be_report and (noted := take_report(mail, list(ours), now)):
        return Verdict(OK, noted)
    if ended := take_unsubscribing(mail, list(ours), now):
        return Verdict(OK, ended)
    # OK is 0, so min prefers it: a mail that one thread took must not come back to its author.
    verdicts = [_receive(mail, token, now) for token in ours]
    return min(verdicts, default=NO_SUCH_ADDRESS, key=lambda verdict: verdict.status)


def _own_names() -> list[str]:
    """Return names and addresses that stand in our mails, and that nobody would write in a reply."""
    name, address = mailbox(setting("MAIL_FROM"))
    return [each for each in (name, address, urlsplit(setting("BASE_URL")).netloc) if each]


def _receive(mail: Incoming, token: ReplyToken, now: datetime) -> Verdict:
    """Take in a mail for one reply address. Return a verdict."""
    target = token.user_id + token.target_id
    # Before all else: a machine must get no answer, or the two write to each other for ever.
    if why := auto_reply_reason(mail):
        with transaction():
            owner = db.session.get(User, token.user_id)
            record_received(
                mail, target, now, user_id=owner.id if owner else None, outcome=DROPPED, reason=why
            )
        # Why stands in the record: `wellchat mail received` shows it.
        log.info("a mail that no person wrote was dropped")
        return Verdict(OK, f"Dropped: nobody wrote it. {why}")
    user = db.session.get(User, token.user_id, populate_existing=True)
    if user is None or not user.is_active or token.kind in (BOUNCE_ADDRESS, END):
        return NO_SUCH_ADDRESS
    # Knowing the address is not enough: it is forwarded and quoted. From is not enough: anybody can write it.
    if mail.author != user.email:
        return Verdict(os.EX_NOPERM, f"{NOT_ALLOWED} {setting('BASE_URL')}/")
    if missing := missing_proof(mail):
        return Verdict(os.EX_NOPERM, f"{NOT_PROVEN} ({missing}) {setting('BASE_URL')}/")
    try:
        return _accept(mail, user, token, target, now)
    except NotFound:
        return NO_SUCH_ADDRESS
    except (Rejected, NotAllowed) as refusal:
        return _reject(mail, user, token, target, str(refusal), now)


def _accept(mail: Incoming, user: User, token: ReplyToken, target: str, now: datetime) -> Verdict:
    """Send the mail's text as a message. Raises Rejected, and NotFound if the thread is not theirs."""
    if token.kind == DIGEST:
        raise Rejected(
            N_("It replies to an email about several conversations, and we do not know which one you mean.")
        )
    if token.is_expired(now):
        raise Rejected(N_("It replies to an email that is too old."))
    check_may_write(user, token.target_id, now)
    # Outside of the transaction below: files are decoded and stored, which takes seconds.
    form = _as_message(mail, user, token.target_id, now)
    _mark_read(mail, user, token.target_id, now)
    try:
        with transaction():
            message, is_new = messages.send_message(
                sender=user,
                thread_id=token.target_id,
                body=form.body,
                client_key=form.client_key,
                attachments=form.attachments,
                by_email=True,
                now=now,
            )
            record_received(
                mail, target, now, user_id=user.id, outcome=TAKEN, thread_id=token.target_id, seq=message.seq
            )
            if is_new:
                keep_left_out(thread_id=token.target_id, seq=message.seq, text=mail.reply.left_out, now=now)
    except Conflict:
        # The mail was handed over before, and its text was read otherwise. The first message stays.
        is_new = False
    return Verdict(OK, "Taken." if is_new else "Taken before.")


def _as_message(mail: Incoming, user: User, thread_id: str, now: datetime) -> SendMessage:
    """Return the mail as the form that the page sends too, with its files taken in.

    Raises Rejected and NotFound.
    """
    if mail.is_too_large:
        raise Rejected(N_("It is too large. Write it without the files, or send the files another way."))
    # From the mail itself, so that a repeated delivery is the same message.
    client_key = f"mail-{mail.key[:48]}"
    text, attachments = "" if is_blank(mail.text) else mail.text, mail.attachments
    if not mail.is_read_whole:
        raise Rejected(N_("It is longer than we can read. Write it in a new email without the quoted text."))
    if not text and (mail.is_encrypted or mail.is_signed_whole or not attachments):
        raise Rejected(_empty_reason(mail))
    kept, omitted = take_files(attachments, user=user, thread_id=thread_id, client_key=client_key, now=now)
    if not text and not kept:
        raise Rejected(f"It contains no text, and we could not accept {omission_reasons(omitted)}")
    if omitted:
        names = omitted_names(omitted)
        text = f"{text}\n\n(Sent by email without {names}: such files are not taken here.)".strip()
    try:
        return fill(SendMessage, {"body": text, "client_key": client_key, "attachments": kept})
    except Invalid as refusal:
        raise Rejected(f"It is longer than one message can be. {refusal.detail}") from None


def _empty_reason(mail: Incoming) -> str:
    if mail.is_encrypted:
        return N_("It is encrypted, and we cannot read it.")
    if mail.is_signed_whole:
        return N_("It is signed with S/MIME so that the text is inside the signature, and we cannot read it.")
    return N_("We found no text of yours in it. Write your reply above the quoted text.")


def _mark_read(mail: Incoming, user: User, thread_id: str, now: datetime) -> None:
    """Mark as read what the mail that is replied to has shown. Raises NotFound: the thread is not theirs."""
    # The last ones are the nearest. How many a header names is up to its author.
    query = select(Mail.covers).where(Mail.message_id.in_(mail.replied_to[-20:]), Mail.user_id == user.id)
    covers = [each for found in db.session.execute(query).scalars() for each in found]
    shown = max((each["last_seq"] for each in covers if each["thread_id"] == thread_id), default=0)
    if shown:
        receipts.mark_read(viewer=user, thread_id=thread_id, seq=shown, now=now)


def _reject(mail: Incoming, user: User, token: ReplyToken, target: str, why: str, now: datetime) -> Verdict:
    """Tell the author by mail, once about each mail, and MAX_REJECTION_MAILS times a day.

    After so many the mail server tells them, so that no mail is lost without a word.
    """
    is_told = True
    with transaction() as session:
        recent = select(func.count()).where(
            Mail.user_id == user.id,
            Mail.name == "reply_refused",
            Mail.state != SKIPPED,
            Mail.created_at > now - DAY,
        )
        # The record is the lock: of two deliveries at once, one writes it and tells the author.
        is_first = record_received(mail, target, now, user_id=user.id, outcome=REFUSED, reason=why)
        is_told = not is_first or session.execute(recent).scalar_one() < MAX_REJECTION_MAILS
        if is_first and is_told:
            context = {
                "name": user.name,
                "why": why,
                "subject": cut(one_line(mail.header("Subject")), 80),
                "about": [token.kind, token.target_id],
            }
            queue_mail(
                user_id=user.id,
                address=user.email,
                name="reply_refused",
                context=context,
                reason=why,
                now=now,
            )
    if not is_told:
        return Verdict(os.EX_NOPERM, f"{why} {setting('BASE_URL')}/")
    return Verdict(OK, f"Refused, and its author is told: {why}")


def forget_received(now: datetime) -> int:
    """Delete records of received mails that are older than RETENTION. Return how many."""
    with transaction() as session:
        gone = session.execute(delete(ReceivedMail).where(ReceivedMail.received_at < now - RETENTION))
    return int(gone.rowcount)  # type: ignore[attr-defined]
