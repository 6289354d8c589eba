"""Say which key of the host causes what happens now."""

from __future__ import annotations

from flask import g

from wellchat.host.calls import Caller


def current_cause() -> str | None:
    """Return the id of the host's key whose call this is. None: it is somebody else's act."""
    caller: Caller | None = g.get("host_caller")
    return caller.key_id if caller is not None else None
