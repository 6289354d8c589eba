"""Who may talk to whom."""

from flask import Flask

from wellchat.connections.cli import connect
from wellchat.connections.pages import pages


def init_app(app: Flask) -> None:
    app.register_blueprint(pages)
    app.cli.add_command(connect)
