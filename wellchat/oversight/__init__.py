"""Administrators may open any conversation, with a reason, and every look stays on record."""

from flask import Flask

from wellchat.oversight.pages import pages


def init_app(app: Flask) -> None:
    app.register_blueprint(pages)
