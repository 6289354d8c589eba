"""Say for `wellchat host check` whether the host hears of events."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from wellchat.clock import iso
from wellchat.events.webhook_queries import webhooks
from wellchat.host_setup.hooks import Wrong
from wellchat.own_command import own_command


def look(origin: str, _now: datetime) -> str:
    """Return what is well with the webhooks of this site. Raises Wrong for one that is off, or fails."""
    host = urlsplit(origin).hostname
    mine = [each for each in webhooks() if urlsplit(each.url).hostname == host]
    for each in mine:
        if each.disabled_at is not None:
            enable = f'PATCH /api/host/webhooks/{each.id} {{"enabled": true}}'
            raise Wrong(f"{each.url} is disabled: {each.disabled_because}", enable)
        if each.failing_since is not None:
            since = iso(each.failing_since)
            raise Wrong(f"{each.url} fails since {since}", own_command("webhook", "send-test", each.id))
    if not mine:
        return "events are on; it has no webhook, and can read the feed"
    taken = max((each.succeeded_at for each in mine if each.succeeded_at), default=None)
    return f"{len(mine)} of its own, taken last at {iso(taken)}" if taken else f"{len(mine)}, not called yet"
