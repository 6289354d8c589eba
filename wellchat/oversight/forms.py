"""Check the reason that an administrator enters."""

from __future__ import annotations

from wellchat.forms import Form


class AccessReason(Form):
    """The reason for an access. `grant_access` checks it, so that no other caller can leave it out."""

    reason: str = ""
