"""Check the form of a public page."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from wellchat.accounts.forms import Ticked
from wellchat.forms import Form, Text
from wellchat.invites.names import checked


class PageForm(Form):
    """Choose a readable name, and whether everybody may see the page."""

    name: Annotated[Text, StringConstraints(max_length=200), AfterValidator(checked)]
    is_shown: Ticked = False
