"""Notification kinds: what people can be notified of, and by which channels unless they choose otherwise.

A feature declares its kinds (`Feature.notification_kinds`). Notification centre, filters, push, JSON and
preferences follow from the declaration. Only a kind that is to look different needs a template of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import select

from wellchat.db import db
from wellchat.feature import FeatureError, registry
from wellchat.i18n import N_, gettext
from wellchat.kept_rows import KeptRows

CHANNELS = ("bell", "push", "email")
OFFERED = {"bell": N_("In the app"), "push": N_("Push"), "email": N_("Email")}  # on the preferences page


@dataclass(frozen=True)
class NotificationKind:
    """One kind. Its texts may use {actor}, who caused it, and {count}, the number of things it covers."""

    name: str
    label: str  # on the preferences page and in the filter of notifications
    title: str  # for notifications that are recorded without one
    group: str = "{kind}:{thread_id}"  # one unread notification per person and group; it counts up
    several: str = N_("{count} new")  # beside the preview of a notification that covers more than one thing
    several_read: str = ""  # the same once it is read: nothing is new any more
    discreet: str = N_("Something new")  # on a lock screen that shows neither names nor texts
    partial: str = "notifications/_kinds/plain.html"
    channels: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(CHANNELS, True))
    offered: tuple[str, ...] | None = None  # the channels that can carry it; None: all of them
    about: str = ""  # one more sentence on the preferences page
    site_speaks: bool = False  # whether one that nobody caused is from this site, under its present name
    waits_for_digest: bool = False  # whether the digest carries it
    # RFC 8030 Urgency: how soon a push wakes a device that saves power
    position: int = 0  # in lists of kinds: lower ones first, then in the order of the features
    priority: Literal["low", "normal", "high"] = "normal"

    def offers(self, channel: str) -> bool:
        """Return whether this channel can carry the kind."""
        if self.offered is not None:
            return channel in self.offered
        return channel != "email" or self.waits_for_digest

    def group_of(self, *, thread_id: str | None) -> str:
        """Return the group that its notifications about a thread are counted up in."""
        return self.group.format(kind=self.name, thread_id=thread_id)


def _load_own() -> dict[str, NotificationKind]:
    from wellchat.notifications.models import OwnNotificationKind  # it imports the accounts, as this may not

    rows = db.session.execute(select(OwnNotificationKind).order_by(OwnNotificationKind.name)).scalars()
    return {row.name: _own(row.name, row.label, {"push": row.push, "email": row.mail}) for row in rows}


def _own(name: str, label: str, carried: dict[str, str]) -> NotificationKind:
    offered = ("bell", *(channel for channel, how in carried.items() if how != "never"))
    on = {"bell": True, **{channel: how == "on" for channel, how in carried.items()}}
    return NotificationKind(name, label, "{actor}", channels=on, offered=offered)


OWN = KeptRows("notification_kinds", _load_own)


def kinds() -> Mapping[str, NotificationKind]:
    """Return name -> kind: those of the features, then those of the host that this process has met."""
    own = OWN.known()
    return {**registry().notification_kinds, **own} if own else registry().notification_kinds


def find_kind(name: str) -> NotificationKind | None:
    """Return the kind of this name, or None."""
    return registry().notification_kinds.get(name) or OWN.get(name)


def declared_kind(name: str) -> NotificationKind:
    """Return the kind of this name. Raises FeatureError if no feature declares it."""
    found = find_kind(name)
    if found is None:
        raise FeatureError(
            f"there is no kind of notification {name!r}; declare it in `notification_kinds` of its feature"
        )
    return found


def known_kind(name: str) -> str:
    """Return the name of a kind. Raises ValueError, with a sentence for people, for any other."""
    if find_kind(name) is None:
        raise ValueError(gettext("There is no kind of notification called %(name)s.", name=repr(name)))
    return name


def kind_of(name: str) -> NotificationKind:
    """Return the kind of this name; a plain one for notifications of a kind that is no longer declared."""
    return find_kind(name) or NotificationKind(name, name, "{actor}")
