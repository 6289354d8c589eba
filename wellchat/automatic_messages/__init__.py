"""Write in a professional's name what they set up: a welcome, and an answer outside their office hours."""

from flask import Flask

from wellchat.accounts.models import User
from wellchat.automatic_messages import answering
from wellchat.automatic_messages.api import api
from wellchat.automatic_messages.pages import PATH, away_note, pages
from wellchat.automatic_messages.personal_data import personal_data
from wellchat.feature import Feature, NavItem
from wellchat.i18n import N_
from wellchat.messaging import hooks as messaging


def _setup(app: Flask) -> None:
    app.jinja_env.globals["away_note"] = away_note


def _is_professional(viewer: User) -> bool:
    return viewer.is_professional


feature = Feature(
    "automatic_messages",
    optional=True,
    blueprints=(pages, api),
    tasks="worker.automatic_messages",
    sweeps=(answering.sweep,),
    handlers=(
        (messaging.messages_arrived_in_transaction, answering.on_arrival),
        (messaging.thread_opened_in_transaction, answering.on_opened),
    ),
    settings_tabs=(NavItem(PATH, N_("Hours and welcome"), visible=_is_professional),),
    styles=("away-note",),
    scripts={"awayNote": "away_note"},
    slots={"composer_note": "automatic_messages/_composer_note.html"},
    personal_data=personal_data,
    setup=_setup,
)
