"""The bodies and queries of the host API. What a body leaves out is kept; `null` clears."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from wellchat.accounts.forms import Email, Label, Name, TimeZone
from wellchat.forms import Form, Instant, QueryForm, Text
from wellchat.host.calls import MAX_LISTED
from wellchat.host.refs import NewRef, PersonRef
from wellchat.i18n import available_languages, gettext
from wellchat.shapes import sample


def _language(text: str) -> str:
    if text not in available_languages():
        raise ValueError(
            gettext("Choose one of these languages: %(names)s.", names=", ".join(available_languages()))
        )
    return text


def _local_path(text: str) -> str:
    if not text.startswith("/") or text.startswith("//") or "\\" in text or not text.isprintable():
        raise ValueError(gettext("Write a path of this site, such as /threads."))
    return text


class PutPerson(
    Form,
    json_schema_extra=sample(
        {"name": "Hannah Whitcombe", "role": "client", "email": "hannah@example.com", "locale": "en"}
    ),
):
    """A person as the host knows them. `name` and `role` are needed for a new one."""

    name: Name | None = None
    role: Literal["client", "professional"] | None = None
    email: Email | None = None
    email_verified: bool = False
    role_label: Label | None = None
    locale: Annotated[Text, AfterValidator(_language)] | None = None
    time_zone: TimeZone | None = None
    open_to_clients: bool = True
    notify: bool = False
    as_of: Instant | None = None


class RenamePerson(Form, json_schema_extra=sample({"external_id": "c-1-new"})):
    """Another id of the host for the same person."""

    external_id: NewRef


class Why(Form, json_schema_extra=sample({"reason": "Asked for by email"})):
    """Why something is done about a person. It is kept on record."""

    reason: Text


class MergePerson(Form, json_schema_extra=sample({"into": "c-1"})):
    """The person whom somebody is made one with: that one stays."""

    into: PersonRef


class ErasePerson(Why, json_schema_extra=sample({"reason": "Asked for by email", "now": True})):
    """Erase a person, when the grace is over or `now`."""

    now: bool = False


class SignInLink(Form, json_schema_extra=sample({"to": "/threads"})):
    """A request for a sign-in link. `to`: the path that it leads to."""

    to: Annotated[Text, StringConstraints(max_length=500), AfterValidator(_local_path)] = "/"


class ListPeople(QueryForm):
    """Which people, and from where on."""

    after: Annotated[str, StringConstraints(max_length=13)] = ""
    limit: Annotated[int, Field(ge=1, le=MAX_LISTED)] = 100
    email: Annotated[str, StringConstraints(max_length=320)] | None = None


class CountsQuery(QueryForm):
    """The query of counts: the person whose counts they are."""

    user: PersonRef


class PutConnection(Form, json_schema_extra=sample({"client": "c-1", "professional": "p-1"})):
    """Two people who may write to each other, or who may not any more."""

    client: PersonRef
    professional: PersonRef
    trade: Annotated[Text, StringConstraints(max_length=40)] | None = None
    ended: bool | None = None


class PutSubjectOfHost(
    Form,
    json_schema_extra=sample(
        {"title": "Balayage", "client": "c-1", "professional": "p-1", "starts_at": "2027-01-04T14:00:00Z"}
    ),
):
    """A booking or another thing. `title` and `professional` are needed for a new one."""

    title: Text | None = None
    professional: PersonRef | None = None
    client: PersonRef | None = None
    url: Text | None = None
    status: Text | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    cancelled_at: Instant | None = None
    amount_minor: int | None = None
    currency: Text | None = None
    silent: bool = False
    as_of: Instant | None = None
