"""Say what stands in place of a message that was deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wellchat.config import setting
from wellchat.i18n import gettext
from wellchat.messaging.models import HOST, POLICY


def deleted_words(message: Mapping[str, Any]) -> str:
    """Return what is shown in place of a deleted message; static/js/lib/message_words.js says the same.

    `message` is one of the JSON, with `removed_by`.
    """
    if message["removed_by"] == POLICY:
        return gettext("Removed by policy")
    if message["removed_by"] == HOST:
        return gettext("Removed by %(name)s", name=setting("NAME"))
    return gettext("Message deleted")
