"""Updates: what a poll is answered with."""

from flask import Flask

from wellchat.updates import gate
from wellchat.updates.api import api


def init_app(app: Flask) -> None:
    app.register_blueprint(api)
    gate.init_app(app)
