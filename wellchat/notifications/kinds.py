"""Notification kinds: what a person can be told of, and how unless they say otherwise.

A new kind is one more entry here; the preferences page and the JSON grow with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

CHANNELS = ("bell", "push", "email")
OFFERED = {"bell": "In the app", "email": "Email"}  # on the page: the channels that something is sent through


@dataclass(frozen=True)
class NotificationKind:
    name: str
    label: str  # on the preferences page
    title: str  # what the bell says where the recorder does not; {actor} is who caused it
    channels: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(CHANNELS, True))
    offered: tuple[str, ...] = CHANNELS  # the others never carry it, whatever is said
    about: str = ""  # one more sentence on the preferences page


KINDS = {
    kind.name: kind
    for kind in (
        NotificationKind("message", "New messages", "{actor}"),
        NotificationKind(
            "week",
            "Summary of the week",
            "Your week",
            {"bell": False, "push": False, "email": True},
            offered=("email",),
            about="Who waits for whom, once a week; only when there was something.",
        ),
    )
}
