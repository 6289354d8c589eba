"""Forms of messaging: what pages and JSON calls accept, checked by pydantic."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from wellchat.attachments.actions import MAX_FILES
from wellchat.forms import Form, Instant, PatchForm, QueryForm, Text
from wellchat.i18n import gettext
from wellchat.messaging.memberships import MuteFor, SnoozeFor, end_of, morning_of
from wellchat.messaging.models import MAX_SEQ
from wellchat.messaging.queries import Sort
from wellchat.messaging.schemas import RestoredField
from wellchat.messaging.triage import MOST
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


Day = Annotated[date, Field(ge=date(1970, 1, 1), le=date(9000, 1, 1))]
KindName = Annotated[Text, AfterValidator(known_kind)]


def _written(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(gettext("Write a time as text, such as 2026-01-31T12:00:00Z."))
    return value


Moment = Annotated[Instant, Field(strict=False), BeforeValidator(_written)]


def _tidy_lines(text: object) -> object:
    """Return a text with `\n` as line ends, before its length is counted."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if isinstance(text, str) else text


Body = Annotated[Text, BeforeValidator(_tidy_lines), StringConstraints(max_length=MAX_BODY)]


def checked_body(text: str, *, may_be_empty: bool = False) -> str:
    """Return the text. Raises ValueError if no character of it is visible; with `may_be_empty`, return ""."""
    if is_blank(text):
        if may_be_empty:
            return ""
        raise ValueError(gettext("Write something first."))
    return text


class HasBody(Form):
    """A text with something to see in it."""

    body: Body

    @model_validator(mode="after")
    def _tidy(self) -> HasBody:
        self.body = checked_body(self.body, may_be_empty=self._has_files())
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


class ClaimLead(Form, json_schema_extra=sample({"subject": {"kind": "lead", "external_id": "L-204"}})):
    """Which lead to claim."""

    subject: SubjectRef


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

    `mute` and `snooze` are durations by name; `muted_until` and `snoozed_until` are times, `snooze_on` is a
    day. Null ends them. A snooze of `answer-3` lasts three days, or until the other person writes. With
    `needs_answer` false the thread waits no more, until they write again.
    """

    example = {"archived": True, "snooze": None}
    archived: bool = False
    pinned: bool = False
    muted_until: Moment | None = None
    snoozed_until: Moment | None = None
    mute: MuteFor | None = None
    snooze: SnoozeFor | None = None
    snooze_on: Annotated[Day, Field(strict=False), BeforeValidator(_written)] | None = None
    needs_answer: bool = True

    def given(self, *, now: datetime, zone: str) -> dict[str, Any]:
        """Return {column: value} of the fields that were sent, and `needs_answer`.

        Absent fields are left out: they change nothing. Raises Invalid for a day that is over.
        """
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return _as_times(given, now=now, zone=zone)


def _as_times(given: dict[str, Any], *, now: datetime, zone: str) -> dict[str, Any]:
    """Put the moments in place of durations and days."""
    lasts_until_answer = str(given.get("snooze")).startswith("answer-")
    for word, name in (("mute", "muted_until"), ("snooze", "snoozed_until")):
        if word in given:
            duration = given.pop(word)
            given[name] = end_of(duration, now=now, zone=zone) if duration else None
    if "snooze_on" in given:
        day = given.pop("snooze_on")
        given["snoozed_until"] = morning_of(day, now=now, zone=zone) if day else None
    if "snoozed_until" in given:
        given["until_answer"] = lasts_until_answer and given["snoozed_until"] is not None
    return given


class StateToRestore(Form):
    """A person's own state of one thread, as a change of many returned it in `before`."""

    thread_id: Id
    archived: bool
    pinned: bool
    muted_until: Moment | None
    snoozed_until: Moment | None
    until_answer: bool
    unread_from: MessageSeq | None
    settled_seq: Seq
    last_read_seq: Seq
    last_seq: Seq


UNDO = frozenset({"ids", "restore", "fields"})


class ChangeThreads(PatchMembership):
    """What to do with many of my threads: the fields of a membership, or `read`; or `restore` to undo it.

    `restore` and `fields` are `before` and `fields` of the answer to a change.
    """

    example = {"ids": ["wn4v2kq0k19xf"], "archived": True}
    ids: Annotated[list[Id], Field(max_length=MOST)] = []
    read: Literal[True] | None = None
    restore: Annotated[list[StateToRestore], Field(max_length=MOST)] = []
    fields: Annotated[list[RestoredField], Field(max_length=7)] = []

    @model_validator(mode="after")
    def _one_thing(self) -> ChangeThreads:
        if not self.ids and not self.restore:
            raise ValueError(gettext("Say which conversations you mean."))
        changes = self.model_fields_set - UNDO
        undoes = bool(self.restore) and bool(self.fields)
        if undoes == bool(changes) or undoes == bool(self.ids):
            raise ValueError(gettext("Either change conversations, or put them back."))
        return self

    def given(self, *, now: datetime, zone: str) -> dict[str, Any]:
        """Return what `PatchMembership.given` does, without the names of threads."""
        given = super().given(now=now, zone=zone)
        return {name: value for name, value in given.items() if name not in UNDO | {"read"}}


class PostMembership(Form):
    """The buttons of a thread's menu, of which one is pressed."""

    archived: bool | None = None
    pinned: bool | None = None
    mute: Literal["hour", "tomorrow", "week", "always", "off"] | None = None
    snooze: SnoozeFor | Literal["off"] | None = None
    snooze_on: Day | None = None
    needs_answer: bool | None = None

    @field_validator("snooze_on", mode="before")
    @classmethod
    def _not_chosen(cls, value: object) -> object:
        # The other buttons of the menu send the empty field along.
        return None if value == "" else value

    def as_patch(self) -> PatchMembership:
        """Return the same change as the JSON call takes it; "off" becomes None."""
        said = self.model_dump(mode="json", exclude_none=True)
        if len(said) > 1:
            said.pop("snooze_on", None)
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
    subject: Id | None = Field(None, description="Only those about this subject, by its id.")
    sort: Sort | None = Field(
        None,
        description="Those that wait for my reply, archived or not: `longest` first, or by `priority`.",
    )
    tag: Id | None = Field(None, description="Only with people whom I gave this tag (its id).")
    q: Annotated[Text, StringConstraints(max_length=100)] = Field(
        "", description="Words of names and titles."
    )

    def filters(self) -> dict[str, Any]:
        """Return the keyword arguments of `queries.inbox` that select threads, without the page."""
        return self.model_dump(exclude={"before", "limit", "sort"}) | {"sort": self.sort or "latest"}


class FindPeople(QueryForm):
    """Words of names, and where the page begins. `all` is of an address that was; it changes nothing."""

    q: Annotated[Text, StringConstraints(max_length=100)] = ""
    before: Annotated[Text, StringConstraints(max_length=200)] | None = None
    all: bool = False


class ListMessages(QueryForm):
    """The part of a thread to list: before or after a seq, or around a seq or the first message of a day."""

    before: Seq | None = Field(None, description="Messages with a lower number.")
    after: Seq | None = Field(None, description="Messages with a higher number.")
    around: Seq | None = Field(None, description="Messages around this number.")
    day: Day | None = Field(None, alias="date", description="Messages around the first of this day.")
    subject: Id | None = Field(None, description="Only messages about this subject (its id).")
    limit: LIMIT = 50

    @model_validator(mode="after")
    def _one_position(self) -> ListMessages:
        if self.subject is not None and (self.around is not None or self.day is not None):
            raise ValueError(gettext("Use a subject with before or after only."))
        if sum(given is not None for given in (self.around, self.day, self.after, self.before)) > 1:
            raise ValueError(gettext("Use only one of these: before, after, around, date."))
        return self


class ListFiles(QueryForm):
    """A page of files. `before` is the `next` of the previous page."""

    kind: Literal["picture", "document"] | None = Field(None, description="Only these.")
    before: Annotated[Text, StringConstraints(max_length=40)] | None = Field(None, description=PAGE)
    limit: LIMIT = 30


class ThreadQuery(QueryForm):
    """The position at which the thread's page opens.

    `about` is the id of the subject that the next message mentions, `reply_to` the seq that it replies to.
    With `only`, the page has only messages about it, and the next message mentions it.
    """

    before: Seq | None = None
    after: Seq | None = None
    at: Seq | None = None
    day: Day | None = Field(default=None, alias="date")
    about: Id | None = None
    only: Id | None = None  # not `subject`: by that the list beside is narrowed
    reply_to: MessageSeq | None = None
