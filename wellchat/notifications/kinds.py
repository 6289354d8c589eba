"""Notification kinds: what people can be notified of, and by which channels unless they choose otherwise.

A feature declares its kinds (`Feature.notification_kinds`). Notification centre, filters, push, JSON and
preferences follow from the declaration. Only a kind that is to look different needs a template of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from wellchat.feature import FeatureError, registry
from wellchat.i18n import N_, gettext

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
    discreet: str = N_("Something new")  # on a lock screen that shows neither names nor texts
    partial: str = "notifications/_kinds/plain.html"
    channels: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(CHANNELS, True))
    offered: tuple[str, ...] | None = None  # the channels that can carry it; None: all of them
    about: str = ""  # one more sentence on the preferences page
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


def kinds() -> dict[str, NotificationKind]:
    """Return name -> kind, for every kind that the features of this application declare."""
    return registry().notification_kinds


def declared_kind(name: str) -> NotificationKind:
    """Return the kind of this name. Raises FeatureError if no feature declares it."""
    if name not in kinds():
        raise FeatureError(
            f"there is no kind of notification {name!r}; declare it in `notification_kinds` of its feature"
        )
    return kinds()[name]


def known_kind(name: str) -> str:
    """Return the name of a declared kind. Raises ValueError, with a sentence for people, for any other."""
    if name not in kinds():
        raise ValueError(gettext("There is no kind of notification called %(name)s.", name=repr(name)))
    return name


def kind_of(name: str) -> NotificationKind:
    """Return the kind of this name; a plain one for notifications of a kind that is no longer declared."""
    return kinds().get(name) or NotificationKind(name, name, "{actor}")
