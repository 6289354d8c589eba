"""The change log of each user: one row for everything that changed on their screen, numbered without gaps."""

from flask import Flask

from wellchat.changes.actions import trim_logs
from wellchat.changes.personal_data import personal_data
from wellchat.changes.queries import heads
from wellchat.feature import Feature
from wellchat.longpoll import wakeups


def _setup(app: Flask) -> None:
    wakeups.init_app(app, read_heads=heads)


feature = Feature(
    "changes",
    personal_data=personal_data,
    tidies=(lambda now: {"changes_trimmed": trim_logs()},),
    setup=_setup,
)
