"""Bookings: a time that both can keep, from a hold of ten minutes to its end."""

from dataclasses import replace

from flask import Flask

from wellchat.availability.hooks import taken_between
from wellchat.booking import actions, models, taken
from wellchat.booking.personal_data import personal_data
from wellchat.config import SettingsError
from wellchat.feature import Feature
from wellchat.i18n import N_
from wellchat.notifications.kinds import NotificationKind

__all__ = ["feature", "models"]


def _setup(app: Flask) -> None:
    registry = app.extensions["features"]
    if missing := [name for name in ("availability", "booking_notices") if not registry.has(name)]:
        raise SettingsError(f"WELLCHAT_FEATURES: booking needs {' and '.join(missing)}")
    # Nobody else sends a confirmation here: a host platform that books sends its own.
    kinds = registry.notification_kinds
    kinds["appointment"] = replace(kinds["appointment"], channels={"bell": True, "push": True, "email": True})


feature = Feature(
    "booking",
    optional=True,
    on_by_default=False,
    personal_data=personal_data,
    handlers=((taken_between, taken.taken_between),),
    sweeps=(actions.sweep,),
    tidies=(actions.tidy,),
    notification_kinds=(
        NotificationKind(
            name="request",
            label=N_("Requests for an appointment"),
            title="{actor}",
            several="",
            discreet=N_("News of an appointment"),
            partial="notifications/_kinds/appointment.html",
            channels={"bell": True, "push": True},
            offered=("bell", "push"),
            about=N_("When somebody asks for one, and when it is answered."),
            priority="high",
        ),
    ),
    setup=_setup,
)
