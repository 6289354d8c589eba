"""The demo: one story for each trade, and a switcher to step into each person."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    pass
