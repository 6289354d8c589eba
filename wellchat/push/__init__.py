"""Push: what is in the bell, on the devices of who is away."""

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
        vapid()  # made at the first start: a key of its own in every process would be nobody's


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
