"""The change log of each user: one durable, gapless, numbered row for everything that changed on their screen."""

from flask import Flask

from wellchat import bell
from wellchat.changes.queries import heads


def init_app(app: Flask) -> None:
    bell.init_app(app, heads=heads)
