"""Forms of messaging: what pages and JSON calls accept, checked by pydantic."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from wellchat.attachments.actions import MAX_FILES
from wellchat.forms import Form, Instant, PatchForm, QueryForm, Text
from wellchat.i18n import gettext
from wellchat.messaging.memberships import MuteFor, SnoozeFor, end_of
from wellchat.messaging.models import MAX_SEQ
from wellchat.scripts import is_blank
from wellchat.shapes import sample
from wellchat.subjects.kinds import known_kind

MAX_BODY = 10_000  # characters of one message
PAGE = "`next` of the page before."
LIMIT = Annotated[int, Field(ge=1, le=100, description="How many at most.")]
Seq = Annotated[int, Field(ge=0, le=MAX_SEQ)]  # 0 is the position before all messages
MessageSeq = Annotated[int, Field(ge=1, le=MAX_SEQ)]
ClientKey = Annotated[Text, StringConstraints(min_length=1, max_length=64)]
Id = Annotated[Text, StringConstraints(min_length=1, max_length=40)]


KindName = Annotated[Text, AfterValidator(known_kind)]


def _written(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(gettext("Write a time as text, such as 2026-01-31T12:00:00Z."))
    return value


Moment = Annotated[Instant, Field(strict=False), BeforeValidator(_written)]


def _body(text: str, *, may_be_empty: bool = False) -> str:
    """Return the text with `\\n` as line ends.

    Raises ValueError if no character of it is visible; with `may_be_empty`, return "" instead.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if is_blank(text):
        if may_be_empty:
            return ""
        raise ValueError(gettext("Write something first."))
    return text


class HasBody(Form):
    """A text with something to see in it."""

    body: Annotated[Text, StringConstraints(max_length=MAX_BODY)]

    @model_validator(mode="after")
    def _tidy(self) -> HasBody:
        self.body = _body(self.body, may_be_empty=self._has_files())
        return self

    def _has_files(self) -> bool:
        return False


class SubjectRef(Form):
    """A subject, named by its kind and the host platform's id."""

    kind: Annotated[Text, StringConstraints(min_length=1, max_length=20)]
    external_id: Annotated[Text, StringConstraints(min_length=1, max_length=120)]


class SendMessage(
    HasBody,
    json_schema_extra=sample(
        {"body": "Yes, see you then!", "client_key": "0190163d8694739bb4a2", "reply_to": 2}
    ),
):
    """A message to be sent.

    `attachments` are ids of files that were uploaded and not sent yet. With them, `body` may be empty.
    """

    client_key: ClientKey
    subject: SubjectRef | None = None
    reply_to: MessageSeq | None = None
    attachments: Annotated[list[Id], Field(max_length=MAX_FILES)] = []

    def _has_files(self) -> bool:
        return bool(self.attachments)


class PostMessage(HasBody):
    """The composer's form without script.

    `subject` is a subject's id, `seen` the seq of the last message on the page.
    """

    client_key: ClientKey
    subject: Id | None = None
    reply_to: MessageSeq | None = None
    seen: Seq = 0
    files: Annotated[int, Field(ge=0, le=MAX_FILES)] = 0  # number of uploads, set by the route

    def _has_files(self) -> bool:
        return self.files > 0


class MarkUnread(Form, json_schema_extra=sample({"seq": 3})):
    """The first message that is to be unread."""

    seq: MessageSeq


class EditMessage(HasBody, json_schema_extra=sample({"body": "Yes, see you at three!"})):
    """The new text."""


class OpenThread(Form, json_schema_extra=sample({"subject": {"kind": "booking", "external_id": "B-1041"}})):
    """Which thread to open.

    `with` alone means the pair's thread; for a subject, the scope of its kind decides.
    """

    with_: Id | None = Field(default=None, alias="with")
    subject: SubjectRef | None = None

    @model_validator(mode="after")
    def _somebody_or_something(self) -> OpenThread:
        if self.with_ is None and self.subject is None:
            raise ValueError(gettext("Name a person (with) or a subject (subject)."))
        return self


class StartThread(Form):
    """The button on a profile or a card: a person's id, or a subject in two fields."""

    with_: Id | None = Field(default=None, alias="with")
    kind: Annotated[Text, StringConstraints(max_length=20)] | None = None
    external_id: Annotated[Text, StringConstraints(max_length=120)] | None = None

    @property
    def subject(self) -> tuple[str, str] | None:
        """Return (kind, external id), or None if a person is named."""
        return None if self.kind is None or self.external_id is None else (self.kind, self.external_id)


class PinMessage(Form):
    pinned: bool


class React(Form):
    """A reaction button. Its value is the emoji, its name is `add` or `remove`. `react` checks the emoji."""

    add: str | None = None
    remove: str | None = None

    @property
    def emoji(self) -> str:
        """Return the emoji of the button that was pressed; "" if none was."""
        return (self.add or self.remove or "").strip()


class MarkRead(Form, json_schema_extra=sample({"seq": 3})):
    """The last message that was shown; 0 changes nothing."""

    seq: Seq


class PatchMembership(PatchForm):
    """A person's own state of a thread.

    `mute` and `snooze` are durations by name; `muted_until` and `snoozed_until` are times. Null ends them.
    """

    example = {"archived": True, "snooze": None}
    archived: bool = False
    pinned: bool = False
    muted_until: Moment | None = None
    snoozed_until: Moment | None = None
    mute: MuteFor | None = None
    snooze: SnoozeFor | None = None

    def given(self, *, now: datetime, zone: str) -> dict[str, Any]:
        """Return {column: value} of the fields that were sent.

        Absent fields are left out: they change nothing.
        """
        given = {name: getattr(self, name) for name in self.model_fields_set}
        for word, name in (("mute", "muted_until"), ("snooze", "snoozed_until")):
            if word in given:
                duration = given.pop(word)
                given[name] = end_of(duration, now=now, zone=zone) if duration else None
        return given


class PostMembership(Form):
    """The buttons of a thread's menu, of which one is pressed."""

    archived: bool | None = None
    pinned: bool | None = None
    mute: Literal["hour", "tomorrow", "week", "always", "off"] | None = None
    snooze: Literal["hour", "tomorrow", "week", "off"] | None = None

    def as_patch(self) -> PatchMembership:
        """Return the same change as the JSON call takes it; "off" becomes None."""
        said = self.model_dump(exclude_none=True)
        return PatchMembership.model_validate(
            {k: None if value == "off" else value for k, value in said.items()}
        )


class ListThreads(QueryForm):
    """The filters of the inbox and the page. `before` is the `next` of the previous page."""

    before: Annotated[Text, StringConstraints(max_length=200)] | None = Field(None, description=PAGE)
    limit: LIMIT = 30
    archived: bool = Field(False, description="Only archived ones.")
    snoozed: bool = Field(False, description="Only snoozed ones.")
    unread: bool = Field(False, description="Only those with unread messages.")
    waiting: bool = Field(False, description="Only those that wait for my reply.")
    pinned: bool | None = Field(None, description="Only pinned ones, or only others.")
    kind: KindName | None = Field(None, description="Only those about a kind of subject, such as `booking`.")
    q: Annotated[Text, StringConstraints(max_length=100)] = Field(
        "", description="Words of names and titles."
    )

    def filters(self) -> dict[str, Any]:
        """Return the keyword arguments of `queries.inbox` that select threads, without the page."""
        return self.model_dump(exclude={"before", "limit"})


Day = Annotated[date, Field(ge=date(1970, 1, 1), le=date(9000, 1, 1))]


class ListMessages(QueryForm):
    """The part of a thread to list: before or after a seq, or around a seq or the first message of a day."""

    before: Seq | None = Field(None, description="Messages with a lower number.")
    after: Seq | None = Field(None, description="Messages with a higher number.")
    around: Seq | None = Field(None, description="Messages around this number.")
    day: Day | None = Field(None, alias="date", description="Messages around the first of this day.")
    limit: LIMIT = 50

    @model_validator(mode="after")
    def _one_position(self) -> ListMessages:
        if sum(given is not None for given in (self.around, self.day, self.after, self.before)) > 1 and (
            self.around is not None or self.day is not None
        ):
            raise ValueError(gettext("Use only one of these: around, date, or before and after."))
        return self


class ListFiles(QueryForm):
    """A page of files. `before` is the `next` of the previous page."""

    kind: Literal["picture", "document"] | None = Field(None, description="Only these.")
    before: Annotated[Text, StringConstraints(max_length=40)] | None = Field(None, description=PAGE)
    limit: LIMIT = 30


class ThreadQuery(QueryForm):
    """The position at which the thread's page opens.

    `about` is the id of the subject that the next message mentions, `reply_to` the seq that it replies to.
    """

    before: Seq | None = None
    after: Seq | None = None
    at: Seq | None = None
    day: Day | None = Field(default=None, alias="date")
    about: Id | None = None
    reply_to: MessageSeq | None = None
