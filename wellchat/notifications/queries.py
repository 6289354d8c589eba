"""Read one person's notifications and preferences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import bindparam, func, select, tuple_
from sqlalchemy.orm import joinedload

from wellchat.accounts.models import User
from wellchat.accounts.queries import person_json
from wellchat.clock import iso
from wellchat.config import setting
from wellchat.connections.queries import has_sensitive
from wellchat.db import db, execute
from wellchat.i18n import N_, gettext
from wellchat.notifications.kinds import CHANNELS, declared_kind, kind_of, kinds
from wellchat.notifications.models import Notification, Preferences
from wellchat.paging import decode_page_token, encode_page_token


@dataclass(frozen=True)
class EffectivePreferences:
    """A person's preferences with the defaults filled in."""

    cadence: str = "soon"
    digest_hour: int = 8
    digest_weekday: int = 0
    quiet_from: str | None = None
    quiet_to: str | None = None
    time_zone: str = "UTC"
    locale: str | None = None
    browser_locale: str | None = None
    channels: dict[str, dict[str, bool]] = field(default_factory=dict)
    discreet_mails: bool | None = None  # None: see `discreet`
    sensitive: bool = False  # the trade of who they talk with is; not a column

    @property
    def discreet(self) -> bool:
        """Return whether emails to this person hold no names and no words."""
        if self.discreet_mails is not None:
            return self.discreet_mails
        return self.sensitive or bool(setting("DISCREET_MAILS"))

    @property
    def language(self) -> str | None:
        """Return the language of mails to this person. None: unknown."""
        return self.locale or self.browser_locale

    def wants(self, kind: str, channel: str) -> bool:
        """Return whether the person is notified of this kind by this channel."""
        declared = declared_kind(kind)
        return declared.offers(channel) and self.channels.get(kind, {}).get(
            channel, declared.channels[channel]
        )


def page(
    viewer: User, *, before: str | None = None, limit: int = 30, unread: bool = False, kind: str | None = None
) -> tuple[list[Notification], str | None]:
    """Return the viewer's notifications, latest first, and the page token of the next ones, if any.

    Raises Invalid for a bad page token.
    """
    query = select(Notification).where(Notification.user_id == viewer.id, Notification.in_bell)
    if kind:
        query = query.where(Notification.kind == kind)
    if unread:
        query = query.where(Notification.read_at.is_(None))
    if before:
        query = query.where(
            tuple_(Notification.updated_at, Notification.id) < tuple_(*decode_page_token(before))
        )
    query = query.order_by(Notification.updated_at.desc(), Notification.id.desc()).limit(limit + 1)
    found = list(db.session.execute(_with_actor(query)).scalars())
    if len(found) <= limit:
        return found, None
    return found[:limit], encode_page_token(found[limit - 1].updated_at, found[limit - 1].id)


def _with_actor(query: Any) -> Any:
    return query.options(joinedload(Notification.actor)).execution_options(populate_existing=True)


def by_ids(viewer: User, ids: Iterable[str]) -> Sequence[Notification]:
    """Return those of these notifications that are the viewer's, by id."""
    mine = (Notification.user_id == viewer.id) & Notification.in_bell
    query = select(Notification).where(mine, Notification.id.in_(list(ids)))
    found: Sequence[Notification] = (
        db.session.execute(_with_actor(query.order_by(Notification.id))).scalars().all()
    )
    return found


UNREAD_COUNT = select(func.count()).where(
    Notification.user_id == bindparam("viewer"), Notification.read_at.is_(None), Notification.in_bell
)


def unread_count(user_id: str) -> int:
    """Return the number of unread notifications that the app shows."""
    return int(execute(UNREAD_COUNT, {"viewer": user_id}).scalar_one())


# Stored in English in place of the text, and translated for each reader. Rows hold it, so it must not change.
DELETED = N_("This message was deleted.")


def notification_url(n: Notification) -> str:
    """Return the path that a notification leads to: the first message it covers, or what its feature says."""
    return (
        f"/threads/{n.thread_id}#{n.first_seq or ''}"
        if n.thread_id
        else str(n.payload.get("url", "/notifications"))
    )


def shown_title(n: Notification) -> str:
    """Return the title as it was recorded; the present name of this site for what it said itself."""
    return setting("NAME") if n.actor_id is None and kind_of(n.kind).site_speaks else n.title


def count_text(n: Notification) -> str:
    """Return "3 new" in the current language, "3 messages" once read; "" for a notification of one thing."""
    kind = kind_of(n.kind)
    several = kind.several if n.read_at is None else kind.several_read
    return gettext(several).format(count=n.count) if n.count > 1 and several else ""


def notification_json(notification: Notification) -> dict[str, Any]:
    """Return a notification as JSON, as its owner sees it."""
    n = notification
    return {
        "id": n.id,
        "kind": n.kind,
        "priority": kind_of(n.kind).priority,
        "thread_id": n.thread_id,
        "count": n.count,
        "count_words": count_text(n),
        "title": n.actor.shown_name if n.actor and n.title == n.actor.name else shown_title(n),
        "preview": gettext(n.preview) if n.preview == DELETED else n.preview,
        "actor": person_json(n.actor) if n.actor else None,
        "read": n.read_at is not None,
        "created_at": iso(n.created_at),
        "updated_at": iso(n.updated_at),
        "url": notification_url(n),
    }


PREFERENCE_COLUMNS = (
    User.time_zone,
    User.locale,
    User.browser_locale,
    Preferences.cadence,
    Preferences.digest_hour,
    Preferences.digest_weekday,
    Preferences.quiet_from,
    Preferences.quiet_to,
    Preferences.channels,
    Preferences.discreet_mails,
)
"""The columns that `preferences_from_row` reads; select them from User, left joined with Preferences."""

_PREFERENCES_OF_USER = (
    select(*PREFERENCE_COLUMNS)
    .outerjoin(Preferences, Preferences.user_id == User.id)
    .where(User.id == bindparam("user_id"))
)


def preferences(user_id: str) -> EffectivePreferences:
    """Return the person's preferences; the defaults if they never chose any, or are gone."""
    row = db.session.execute(_PREFERENCES_OF_USER, {"user_id": user_id}).one_or_none()
    found = preferences_from_row(row) if row else EffectivePreferences()
    return replace(found, sensitive=has_sensitive(user_id))


def preferences_from_row(row: Any) -> EffectivePreferences:
    """Return the preferences in a row with PREFERENCE_COLUMNS."""
    if row.cadence is None:
        return EffectivePreferences(
            time_zone=row.time_zone, locale=row.locale, browser_locale=row.browser_locale
        )
    return EffectivePreferences(**{column.key: getattr(row, column.key) for column in PREFERENCE_COLUMNS})


def preferences_json(prefs: EffectivePreferences) -> dict[str, Any]:
    """Return the preferences as JSON, with every kind and channel."""
    return {
        "cadence": prefs.cadence,
        "digest_hour": prefs.digest_hour,
        "digest_weekday": prefs.digest_weekday,
        "quiet_from": prefs.quiet_from,
        "quiet_to": prefs.quiet_to,
        "time_zone": prefs.time_zone,
        "discreet_mails": prefs.discreet,
        "channels": {kind: {channel: prefs.wants(kind, channel) for channel in CHANNELS} for kind in kinds()},
    }
