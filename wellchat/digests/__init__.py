"""Digests: one email that gathers what a person missed, by the contract of decide.py."""

from flask import Flask

from wellchat.digests import week
from wellchat.digests.actions import replan
from wellchat.digests.cli import digest
from wellchat.digests.pages import pages
from wellchat.digests.preview import test_content
from wellchat.digests.render import content, who_with
from wellchat.mail.compose import CONTEXTS
from wellchat.mail.queries import THREAD_NAMES
from wellchat.notifications.actions import ON_PREFERENCES


def init_app(app: Flask) -> None:
    app.register_blueprint(pages)
    CONTEXTS.update(digest=content, test=test_content, week=week.content)
    THREAD_NAMES["of"] = who_with
    ON_PREFERENCES.extend(hook for hook in (replan, week.replan) if hook not in ON_PREFERENCES)
    app.cli.add_command(digest)
