"""Replies by email: a mail to one of our reply addresses becomes a message, or its author is told why not."""

from datetime import datetime

from flask import Flask

from wellchat.audit.kinds import NOTICE, AuditKind
from wellchat.config import setting
from wellchat.feature import Feature, MailType
from wellchat.i18n import N_
from wellchat.mail.addresses import has_room, takes_replies
from wellchat.replies import cli, retention
from wellchat.replies.actions import forget_received
from wellchat.replies.left_out import forget_deleted, left_out_of
from wellchat.replies.personal_data import personal_data
from wellchat.replies.rejection import content


def _check(_app: Flask) -> str:
    """Return one line about replies, for the doctor. Raises ValueError where they cannot be taken."""
    if takes_replies() and not has_room():
        raise ValueError(
            "the reply address is too long for signatures of 128 bits: at most eight characters may stand "
            "before its @, or set WELLCHAT_REPLY_ADDRESS to one such as *@reply.example.com"
        )
    if setting("REPLY_ADDRESS") in (None, "off"):
        return "not set up"
    if not takes_replies():
        raise ValueError(
            "replies are not taken: set WELLCHAT_AUTHSERV_ID, so that their author can be proven"
        )
    return (
        f"proven by {setting('AUTHSERV_ID')}"
        if setting("AUTHSERV_ID")
        else "taken without proof of the author"
    )


def _tidy(now: datetime) -> dict[str, int]:
    return {"received_forgotten": forget_received(now), "left_out_forgotten": forget_deleted(now)}


def _setup(app: Flask) -> None:
    app.jinja_env.globals["left_out_of"] = left_out_of


feature = Feature(
    "replies",
    personal_data=personal_data,
    retention=retention.RULES,
    subcommands={"mail": (cli.receive, cli.serve, cli.received)},
    tidies=(_tidy,),
    doctor_checks=(("replies", _check),),
    slots={"message_page": "replies/_left_out.html", "own_message_page": "replies/_left_out.html"},
    setup=_setup,
    mails={
        "reply_refused": MailType(N_("Reply that was not sent"), content),
        "mail_complaint": MailType(N_("Complaint about an email")),
    },
    audited={"mail.complained": AuditKind(N_("Complaint about an email"), NOTICE)},
)
