"""Check what owners enter about webhooks on pages."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from wellchat.events.webhooks import MAX_URL
from wellchat.forms import Filled, Form, Text


class NewWebhookForm(Form):
    """Make a webhook. Without `types`, it is sent every type."""

    url: Annotated[Filled, StringConstraints(min_length=1, max_length=MAX_URL)]
    description: Annotated[Text, StringConstraints(max_length=200, strip_whitespace=True)] = ""
    types: list[Text] = []
    include_body: bool = False


class ResendForm(Form):
    """Send one event again."""

    event: Annotated[Text, StringConstraints(min_length=1, max_length=30)]


class EndForm(Form):
    """End a webhook, for who has ticked that nothing receives it any more."""

    sure: Annotated[Text, StringConstraints(min_length=1)]
