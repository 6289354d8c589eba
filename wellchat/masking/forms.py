"""Forms of masking: what the JSON calls accept."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from wellchat.forms import Form, Text
from wellchat.messaging.forms import MAX_BODY
from wellchat.shapes import sample


class CheckText(Form, json_schema_extra=sample({"body": "My number is 020 7946 0958."})):
    """A text that somebody is about to send."""

    body: Annotated[Text, StringConstraints(max_length=MAX_BODY)]
