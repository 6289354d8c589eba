"""Replies by email: a mail to one of our reply addresses becomes a message, or its author is told why not."""

from datetime import datetime

from wellchat.feature import Feature, MailType
from wellchat.i18n import N_
from wellchat.replies import cli, retention
from wellchat.replies.actions import forget_received
from wellchat.replies.personal_data import personal_data
from wellchat.replies.rejection import content


def _tidy(now: datetime) -> dict[str, int]:
    return {"received_forgotten": forget_received(now)}


feature = Feature(
    "replies",
    personal_data=personal_data,
    retention=retention.RULES,
    subcommands={"mail": (cli.receive, cli.serve, cli.received)},
    tidies=(_tidy,),
    mails={"reply_refused": MailType(N_("Reply that was not sent"), content)},
)
