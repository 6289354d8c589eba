"""Forms of messages that are sent later."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, field_validator

from wellchat.attachments.actions import MAX_FILES
from wellchat.forms import PatchForm, QueryForm, Text
from wellchat.i18n import gettext
from wellchat.messaging.forms import Body, ClientKey, HasBody, Id, MessageSeq, SubjectRef, checked_body
from wellchat.notifications.chosen_time import ChosenTime
from wellchat.shapes import sample


def no_files(ids: list[str]) -> list[str]:
    """Return the list if it is empty. Raises ValueError."""
    if ids:
        raise ValueError(gettext("Files cannot be sent later. Send them now, or take them away."))
    return ids


class ScheduleMessage(
    ChosenTime,
    HasBody,
    json_schema_extra=sample(
        {"body": "See you at ten!", "client_key": "0190163d8694739bb4a2", "at": "2026-01-31T09:00:00+01:00"}
    ),
):
    """A message to be sent later. `attachments` must be empty: files cannot be sent later."""

    client_key: ClientKey
    subject: SubjectRef | None = None
    reply_to: MessageSeq | None = None
    attachments: Annotated[list[Id], Field(max_length=MAX_FILES), AfterValidator(no_files)] = []


class PostScheduled(ChosenTime, HasBody):
    """The composer's form, or the one where a time is chosen. `subject` is a subject's id.

    `attachments` are the names of files that came with the form.
    """

    attachments: Annotated[list[Text], AfterValidator(no_files)] = []
    client_key: ClientKey
    subject: Id | None = None
    reply_to: MessageSeq | None = None


class SaveScheduled(ChosenTime, HasBody):
    """The form that changes one."""


class PatchScheduled(ChosenTime, PatchForm):
    """What to change: the text, or the time."""

    example: ClassVar[dict[str, Any]] = {"local_at": "2026-01-31T09:00", "zone": "theirs"}

    body: Body | None = None

    @field_validator("body")
    @classmethod
    def _with_words(cls, body: str | None) -> str | None:
        return body if body is None else checked_body(body)


class ListScheduled(QueryForm):
    """Which messages to list."""

    thread: Annotated[Id | None, Field(description="Only those for this conversation.")] = None
