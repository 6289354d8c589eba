"""Say which key of the host causes what happens now."""

from __future__ import annotations

from wellchat.host.calls import caller_now


def current_cause() -> str | None:
    """Return the id of the host's key whose call this is. None: it is somebody else's act."""
    caller = caller_now.get()
    return (caller.key_id or None) if caller is not None else None
