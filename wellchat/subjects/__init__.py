"""Things of the host platform that threads and messages are about."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Nothing to register: the command and the pages open threads, so messaging has them."""
