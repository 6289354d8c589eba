"""The shape of what an administrator says before a look."""

from __future__ import annotations

from wellchat.forms import Form


class AccessReason(Form):
    """Whether the reason is good enough, `grant_access` says: whoever else takes one needs one too."""

    reason: str = ""
