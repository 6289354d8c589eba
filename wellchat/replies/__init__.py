"""Answers by email: a mail to one of our addresses becomes a message in the thread, or its author is told why not."""

from flask import Flask

from wellchat.mail.cli import mail
from wellchat.mail.compose import CONTEXTS
from wellchat.replies import cli
from wellchat.replies.refusing import content


def init_app(app: Flask) -> None:
    CONTEXTS["reply_refused"] = content
    for command in (cli.receive, cli.serve, cli.received):
        mail.add_command(command)
