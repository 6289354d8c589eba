"""Digests: one email that gathers what a person missed, by the contract of decide.py."""

from flask import Flask

from wellchat.digests.actions import replan
from wellchat.digests.cli import digest
from wellchat.digests.render import content
from wellchat.mail.compose import CONTEXTS
from wellchat.notifications.actions import ON_PREFERENCES


def init_app(app: Flask) -> None:
    CONTEXTS["digest"] = content
    if replan not in ON_PREFERENCES:
        ON_PREFERENCES.append(replan)
    app.cli.add_command(digest)
