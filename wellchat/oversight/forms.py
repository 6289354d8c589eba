"""The shape of what an administrator says before a look."""

from __future__ import annotations

from wellchat.forms import Form


class TakeLook(Form):
    """Whether the reason is good enough, `look` says: whoever else takes one needs one too."""

    reason: str = ""
