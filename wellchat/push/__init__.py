"""Web Push: new notifications on the devices of people who are away."""

from flask import Flask

from wellchat.feature import Feature, NavItem
from wellchat.i18n import N_
from wellchat.notifications.hooks import notification_recorded_in_transaction
from wellchat.push import sending
from wellchat.push.api import api
from wellchat.push.cli import push
from wellchat.push.keys import vapid
from wellchat.push.pages import pages
from wellchat.push.personal_data import personal_data


def _setup(app: Flask) -> None:
    with app.app_context():
        # Make the key before the processes fork: each would make one of its own.
        vapid()


feature = Feature(
    "push",
    personal_data=personal_data,
    blueprints=(api, pages),
    commands=(push,),
    tasks="worker.push",
    deliveries=(sending.sweep,),
    handlers=((notification_recorded_in_transaction, sending.queue_pushes),),
    settings_tabs=(NavItem("/settings/devices", N_("Devices")),),
    setup=_setup,
)
