"""Bookings: a time that both can keep, from a hold of ten minutes to its end."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Flask

from wellchat.accounts.models import User
from wellchat.availability.actions import put_service
from wellchat.availability.forms import PutService
from wellchat.availability.hooks import taken_between
from wellchat.booking import actions, cli, ending, models, session_pages, taken
from wellchat.booking.api import api
from wellchat.booking.pages import pages
from wellchat.booking.personal_data import personal_data
from wellchat.config import SettingsError
from wellchat.feature import Feature, NavItem
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


def _has_some(viewer: User) -> bool:
    return not viewer.is_admin


def samples(talk: Any) -> dict[str, Any]:
    """Return a booking of Cara with Paul, and bodies, for the tests of who may see what."""
    form = PutService(name="Colour", minutes=60)
    offered = put_service(viewer=talk.paul, form=form, now=talk.now)
    start = talk.now + timedelta(days=5)
    made = actions.book_for(
        viewer=talk.paul, client_id=talk.cara.id, service_id=offered.id, starts_at=start, now=talk.now
    )
    at = {"at": start.isoformat()}
    return {
        "booking_id": made.id,
        "professional_id": talk.paul.id,
        "/book/<professional_id>": at | {"service": offered.id},
        "/sessions/<booking_id>/move": at,
        "/sessions/<booking_id>/mark": {"missed": "1"},
        "/api/bookings/<booking_id>": {"starts_at": start.isoformat()},
        "/api/bookings/<booking_id>/confirm": {"agenda": ""},
        "/api/bookings/<booking_id>/cancel": {"reason": ""},
        "/api/bookings/<booking_id>/mark": {"missed": True},
    }


feature = Feature(
    "booking",
    optional=True,
    on_by_default=False,
    blueprints=(pages, session_pages.pages, api),
    account_menu=(NavItem("/sessions", N_("Appointments"), "booking", visible=_has_some),),
    commands=(cli.book, cli.booking, cli.zones),
    personal_data=personal_data,
    samples=samples,
    handlers=((taken_between, taken.taken_between),),
    sweeps=(ending.sweep,),
    tidies=(ending.tidy,),
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
