"""The change log of each user: one durable, gapless, numbered row for everything that changed on their screen."""

from flask import Flask

from wellchat import bell
from wellchat.changes.actions import trim_logs
from wellchat.changes.queries import heads
from wellchat.feature import Feature


def _setup(app: Flask) -> None:
    bell.init_app(app, heads=heads)


feature = Feature("changes", tidies=(lambda now: {"changes_trimmed": trim_logs()},), setup=_setup)
