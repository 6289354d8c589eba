"""Save each person's preferences: about what, how and when they are notified."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update

from wellchat.accounts.models import User
from wellchat.db import db, insert, transaction
from wellchat.errors import Invalid
from wellchat.i18n import gettext
from wellchat.notifications.hooks import preferences_changed_in_transaction
from wellchat.notifications.kinds import known_kind
from wellchat.notifications.models import Preferences


def save_preferences(*, user: User, now: datetime, **changes: Any) -> None:
    """Change any of cadence, digest_hour, digest_weekday, quiet_from, quiet_to, time_zone, channels,
    discreet_mails.

    `channels` is {kind: {channel: bool}} with what is to change. None for either end of the quiet hours ends
    them. Raises Invalid for an unknown kind, and for one end without the other.
    """
    with transaction() as session:
        row = session.get(Preferences, user.id, populate_existing=True, with_for_update=True)
        if row is None:
            # Two requests at once may both find none: one inserts, both then lock the same row.
            session.execute(insert(Preferences).values(user_id=user.id).on_conflict_do_nothing())
            row = session.get_one(Preferences, user.id, populate_existing=True, with_for_update=True)
        if (zone := changes.pop("time_zone", None)) is not None:
            person = session.get_one(User, user.id, populate_existing=True)
            person.time_zone, person.zone_known = zone, True
        if (channels := changes.pop("channels", None)) is not None:
            row.channels = _merge(row.channels, channels)
        for name, value in _quiet_hours(row, changes).items():
            setattr(row, name, value)
        session.flush()
        preferences_changed_in_transaction(user.id, now)


def _quiet_hours(row: Preferences, changes: dict[str, Any]) -> dict[str, Any]:
    """Return the changes, with both ends of the quiet hours set to None if one is. Raises Invalid."""
    named = {name: changes[name] for name in ("quiet_from", "quiet_to") if name in changes}
    if not named:
        return changes
    if not any(named.values()):
        return {**changes, "quiet_from": None, "quiet_to": None}
    ends = {"quiet_from": row.quiet_from, "quiet_to": row.quiet_to, **named}
    for name, value in ends.items():
        if value is None:
            raise Invalid({name: gettext("Quiet hours need both times, or none.")})
    return changes


def _merge(
    known: dict[str, dict[str, bool]], changes: dict[str, dict[str, bool]]
) -> dict[str, dict[str, bool]]:
    try:
        named = {known_kind(each): channels for each, channels in changes.items()}
    except ValueError as unknown:
        raise Invalid({"channels": str(unknown)}) from None
    return {kind: known.get(kind, {}) | named.get(kind, {}) for kind in {*known, *named}}


def unsubscribe(*, user_id: str, now: datetime, kind: str | None = None) -> None:
    """End the emails of one kind, or all emails, of a person. Doing it twice is the same as once."""
    user = db.session.get(User, user_id)
    if user is None:
        return
    if kind:
        save_preferences(user=user, now=now, channels={kind: {"email": False}})
    else:
        save_preferences(user=user, now=now, cadence="off")


def set_browser_time_zone(*, user_id: str, time_zone: str, now: datetime) -> bool:
    """Set the time zone of a person who never chose one, as their browser reports it.

    Return whether it was set.
    """
    with transaction() as session:
        updated = session.execute(
            update(User)
            .where(User.id == user_id, User.zone_known.is_(False))
            .values(time_zone=time_zone, zone_known=True)
            .execution_options(synchronize_session=False)
        )
        if updated.rowcount == 0:  # type: ignore[attr-defined]
            return False
        preferences_changed_in_transaction(user_id, now)
    return True
