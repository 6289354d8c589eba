"""The demo: one story for each trade, and a switcher to step into each person."""

from __future__ import annotations

from flask import Flask

from wellchat.accounts.credentials import STAYS_OUT
from wellchat.demo.cli import demo
from wellchat.demo.pages import pages, stays_out


def init_app(app: Flask) -> None:
    app.register_blueprint(pages)
    app.cli.add_command(demo)
    if stays_out not in STAYS_OUT:
        STAYS_OUT.append(stays_out)
