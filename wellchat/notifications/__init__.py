"""The bell, and what each person wants to be told, how and when."""

from flask import Flask

from wellchat.notifications.api import api
from wellchat.notifications.pages import pages


def init_app(app: Flask) -> None:
    app.register_blueprint(api)
    app.register_blueprint(pages)
