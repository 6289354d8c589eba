"""Push: what is in the bell, on the devices of who is away."""

from flask import Flask

from wellchat.notifications.actions import ON_RECORD
from wellchat.push.api import api
from wellchat.push.cli import push
from wellchat.push.keys import vapid
from wellchat.push.pages import pages
from wellchat.push.sending import consider


def init_app(app: Flask) -> None:
    if consider not in ON_RECORD:
        ON_RECORD.append(consider)
    with app.app_context():
        vapid()  # made at the first start: a key of its own in every process would be nobody's
    app.register_blueprint(api)
    app.register_blueprint(pages)
    app.cli.add_command(push)
