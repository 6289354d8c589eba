"""The calls of the host API about conversations, without their words."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.errors import Invalid, NotFound
from wellchat.host.calls import Answer, Caller, host_call
from wellchat.host.refs import person
from wellchat.host.thread_reading import about, of_person, thread_json, threads_json
from wellchat.host.thread_shapes import HostThreads, ListThreads, PutThread, PutThreadAnswer
from wellchat.i18n import gettext
from wellchat.messaging.models import Thread
from wellchat.messaging.threads import put_thread
from wellchat.subjects.models import Subject


@host_call(
    "GET",
    "/threads",
    scope="threads:read",
    query=ListThreads,
    answers={200: ("A page of conversations", HostThreads)},
)
def get_threads(caller: Caller, query: ListThreads) -> Answer:
    """List conversations without their words: ids, counts, times, and how much each person has not read."""
    which: list[ColumnElement[bool]] = [Thread.id > query.after]
    people = [query.user, query.with_]
    if query.between is not None:
        people += _two(query.between)
    which += [of_person(person(ref, now=caller.now).id) for ref in people if ref is not None]
    if query.subject is not None:
        kind, _, external_id = query.subject.partition("/")
        which.append(about(_subject(kind, external_id)))
    threads, following = threads_json(*which, limit=query.limit)
    return Answer(200, {"threads": threads, "next": following})


def _two(between: str) -> list[str]:
    if between.count(",") != 1:
        text = gettext("Write two ids with one comma between them. For ids with a comma, send user and with.")
        raise Invalid({"between": text})
    return between.split(",")


@host_call(
    "PUT",
    "/threads",
    scope="connections:write",
    body=PutThread,
    answers={
        200: ("It is there already", PutThreadAnswer),
        201: ("Opened, without a message", PutThreadAnswer),
    },
)
def put_conversation(caller: Caller, body: PutThread) -> Answer:
    """Open the conversation of two people, or about a subject, without a message. It connects the two."""
    client_id, professional_id, subject = _whose(body, caller)
    thread_id, is_new = put_thread(
        client_id=client_id, professional_id=professional_id, subject=subject, now=caller.now
    )
    db.session.flush()
    shown = {"thread": thread_json(thread_id), "changed": []}
    return Answer(201, shown, new="thread") if is_new else Answer(200, shown)


def _whose(body: PutThread, caller: Caller) -> tuple[str, str, Subject | None]:
    """Return (client id, professional id, the subject or None) of what a body names. Raises Invalid."""
    if (body.between is None) == (body.subject is None):
        raise Invalid({"between": gettext("Send either between, or subject.")})
    if body.between is not None:
        return (*_pair([person(ref, now=caller.now, field="between") for ref in body.between]), None)
    assert body.subject is not None
    try:
        subject = _subject(body.subject.kind, body.subject.external_id)
    except NotFound as error:
        raise Invalid({"subject": error.detail}) from None
    if subject.is_unclaimed:
        text = gettext("Nobody has claimed this lead yet. Its thread opens when somebody does.")
        raise Invalid({"subject": text})
    client_id = subject.client_id
    if body.client is not None:
        named = person(body.client, now=caller.now, field="client").id
        if client_id not in (None, named):
            raise Invalid({"client": gettext("This subject belongs to another client.")})
        client_id = named
    if client_id is None:
        raise Invalid({"client": gettext("Say which client to write to about this.")})
    return client_id, subject.professional_id, subject


def _pair(people: list[User]) -> tuple[str, str]:
    clients = [each.id for each in people if each.is_client]
    professionals = [each.id for each in people if each.is_professional]
    if len(clients) != 1 or len(professionals) != 1:
        raise Invalid({"between": gettext("Name a client and a professional.")})
    return clients[0], professionals[0]


def _subject(kind: str, external_id: str) -> Subject:
    query = select(Subject).where(Subject.kind == kind, Subject.external_id == external_id)
    found = db.session.execute(query).scalar_one_or_none() if "\0" not in kind + external_id else None
    if found is None:
        raise NotFound(gettext("There is no such subject."))
    return found
