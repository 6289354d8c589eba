"""Forms of reminders to oneself."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from wellchat.forms import PatchForm, QueryForm, Text
from wellchat.messaging.forms import Id
from wellchat.notifications.chosen_time import ChosenTime
from wellchat.shapes import sample

MAX_NOTE = 500
Note = Annotated[Text, StringConstraints(max_length=MAX_NOTE)]


class Remind(ChosenTime, json_schema_extra=sample({"note": "Ask about the colour", "when": "monday"})):
    """When to be reminded, and of what. All times are on my clock."""

    note: Note = ""


class PatchReminder(ChosenTime, PatchForm):
    """What to change. `done` ends a reminder, a new time lets it come again."""

    example: ClassVar[dict[str, Any]] = {"done": True}

    note: Note | None = None
    done: bool | None = None


class ListReminders(QueryForm):
    """Which reminders to list."""

    thread: Annotated[Id | None, Field(description="Only those of this conversation.")] = None
