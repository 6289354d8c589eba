"""Answers by email: a mail to one of our addresses becomes a message in the thread, or its author is told why not."""

from datetime import datetime

from flask import Flask

from wellchat.feature import Feature, MailType
from wellchat.i18n import N_
from wellchat.mail.cli import mail
from wellchat.replies import cli
from wellchat.replies.actions import forget_received
from wellchat.replies.rejection import content


def _setup(_app: Flask) -> None:
    for command in (cli.receive, cli.serve, cli.received):
        mail.add_command(command)


def _tidy(now: datetime) -> dict[str, int]:
    return {"received_forgotten": forget_received(now)}


feature = Feature(
    "replies",
    tidies=(_tidy,),
    mails={"reply_refused": MailType(N_("An answer that did not arrive"), content)},
    optional=True,
    setup=_setup,
)
