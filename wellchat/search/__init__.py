"""Finding messages, threads and people again."""

from flask import Flask

from wellchat.search.api import api
from wellchat.search.cli import search
from wellchat.search.pages import pages


def init_app(app: Flask) -> None:
    app.register_blueprint(api)
    app.register_blueprint(pages)
    app.cli.add_command(search)
