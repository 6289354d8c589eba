"""Portfolio: pictures of clients that a professional may show, each with the client's consent on record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wellchat.accounts.models import User
from wellchat.audit.kinds import AuditKind
from wellchat.connections.models import Connection
from wellchat.feature import Feature, NavItem
from wellchat.i18n import N_
from wellchat.places import ConnectionPanel
from wellchat.portfolio import actions, queries
from wellchat.portfolio.api import api
from wellchat.portfolio.models import PURPOSE_WORDS
from wellchat.portfolio.pages import blueprints
from wellchat.portfolio.personal_data import personal_data
from wellchat.portfolio.samples import samples
from wellchat.safety.hooks import connection_ended_in_transaction, connection_reopened_in_transaction


def _is_client(viewer: User) -> bool:
    return viewer.is_client


def _is_professional(viewer: User) -> bool:
    return viewer.is_professional


def _allowed_to(viewer: User, connection: Connection, _now: datetime) -> dict[str, Any] | None:
    other_id = connection.professional_id
    asks = queries.asks_of(viewer, other_id=other_id)
    return {"asks": asks, "purposes": PURPOSE_WORDS} if asks else None


feature = Feature(
    "portfolio",
    optional=True,
    personal_data=personal_data,
    blueprints=(api, *blueprints),
    audited={
        "portfolio.asked": AuditKind(N_("Asked whether pictures may be shown")),
        "portfolio.answered": AuditKind(N_("Answered whether pictures may be shown")),
        "portfolio.revoked": AuditKind(N_("Took consent to pictures back")),
        "portfolio.page_opened": AuditKind(N_("Public page of pictures turned on")),
        "portfolio.page_closed": AuditKind(N_("Public page of pictures turned off")),
    },
    handlers=(
        (connection_ended_in_transaction, actions.end_with_connection),
        (connection_reopened_in_transaction, actions.end_at_reopening),
    ),
    account_menu=(NavItem("/portfolio", N_("Portfolio"), "pictures", visible=_is_professional),),
    settings_tabs=(NavItem("/settings/pictures", N_("Pictures"), visible=_is_client),),
    connection_panels=(
        ConnectionPanel(N_("Pictures"), "portfolio/_allowed_panel.html", _allowed_to, visible=_is_client),
    ),
    icons={
        "pictures": (
            '<rect x="3" y="4" width="14" height="12" rx="2"/><circle cx="7.5" cy="8.25" r="1.25"/>'
            '<path d="m3.5 14.5 4-3.75 2.75 2.5L13.5 10l3 3.25"/>'
        ),
    },
    slots={"thread_menu": "portfolio/_thread_menu.html", "message_card": "portfolio/_ask.html"},
    styles=("portfolio",),
    scripts={"askCard": "ask_card"},
    samples=samples,
)
