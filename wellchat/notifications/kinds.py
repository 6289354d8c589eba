"""Notification kinds: what a person can be told of, and how unless they say otherwise.

A feature declares its kinds (`Feature.notification_kinds`). Notification centre, filters, push, JSON and preferences
follow from the declaration. Only a kind that is to look different needs a template of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from wellchat.feature import registry
from wellchat.i18n import N_, gettext

CHANNELS = ("bell", "push", "email")
OFFERED = {"bell": N_("In the app"), "push": N_("Push"), "email": N_("Email")}  # on the page of preferences


@dataclass(frozen=True)
class NotificationKind:
    """Its texts may name {actor}, who caused it, and {count}, how many things one record stands for."""

    name: str
    label: str  # on the preferences page and in the filter of the bell
    title: str  # what the bell says where the recorder does not
    group: str = "{kind}:{thread_id}"  # one unread record per person and group; it counts up
    several: str = N_(
        "{count} new"
    )  # what a record says beside its preview when it stands for more than one, if anything
    discreet: str = N_("Something new")  # on a lock screen that is to show neither names nor words
    partial: str = "notifications/_kinds/plain.html"
    channels: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(CHANNELS, True))
    offered: tuple[str, ...] | None = None  # the channels that can carry it, where that is not all of them
    about: str = ""  # one more sentence on the preferences page
    waits_for_digest: bool = False  # its email is a part of the digest; others have none
    priority: Literal["low", "normal", "high"] = (
        "normal"  # how soon a device that saves power is to be woken by a push
    )

    def offers(self, channel: str) -> bool:
        if self.offered is not None:
            return channel in self.offered
        return channel != "email" or self.waits_for_digest

    def group_of(self, *, thread_id: str | None) -> str:
        return self.group.format(kind=self.name, thread_id=thread_id)


def kinds() -> dict[str, NotificationKind]:
    """Every kind that the features of this application declare, by name."""
    return registry().notification_kinds


def known_kind(name: str) -> str:
    """Return the name of a declared kind. Raises ValueError, with a sentence for people, for any other."""
    if name not in kinds():
        raise ValueError(gettext("There is no kind of notification called %(name)s.", name=repr(name)))
    return name


def kind_of(name: str) -> NotificationKind:
    """Return its declaration; a plain one for records of a kind that is no longer declared."""
    return kinds().get(name) or NotificationKind(name, name, "{actor}")
