"""Bad connection, no connection: the service worker, what it keeps on a device, and the installed application."""

from flask import Flask

from wellchat.offline.pages import init_app as init_pages


def init_app(app: Flask) -> None:
    init_pages(app)
