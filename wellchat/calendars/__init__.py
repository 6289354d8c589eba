"""Appointments in people's own calendars: invitations in mails, and a feed with a secret address."""

from flask import Flask

from wellchat.booking_notices.hooks import calendar_of
from wellchat.calendars import models
from wellchat.calendars.events import invitation_of
from wellchat.calendars.pages import PATH, pages
from wellchat.calendars.personal_data import personal_data
from wellchat.config import SettingsError
from wellchat.feature import Feature, NavItem
from wellchat.i18n import N_

__all__ = ["feature", "models"]


def _setup(app: Flask) -> None:
    if not app.extensions["features"].has("booking"):
        raise SettingsError("WELLCHAT_FEATURES: calendars needs booking")


feature = Feature(
    "calendars",
    optional=True,
    on_by_default=False,
    blueprints=(pages,),
    settings_tabs=(NavItem(PATH, N_("Calendar"), visible=lambda viewer: not viewer.is_admin),),
    personal_data=personal_data,
    handlers=((calendar_of, invitation_of),),
    setup=_setup,
)
