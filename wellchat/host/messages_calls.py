"""The calls of the host API about messages: what people wrote, and what the host writes."""

from __future__ import annotations

from typing import Any

from wellchat.accounts.models import SYSTEM_ID
from wellchat.audit.actions import record
from wellchat.db import db, transaction
from wellchat.errors import Invalid, NotFound
from wellchat.guard import spend
from wellchat.host.calls import WORDS, Answer, Caller, host_call
from wellchat.host.problems import HostRefusal
from wellchat.host.refs import person
from wellchat.host.thread_reading import SYSTEM, messages_after, messages_json
from wellchat.host.thread_shapes import HostMessages, ListMessages, PostMessage, RemoveMessage, SentMessage
from wellchat.i18n import gettext
from wellchat.messaging.messages import remove_message, send_message
from wellchat.messaging.models import HOST, MAX_SEQ, Membership, Message, Thread
from wellchat.messaging.system import send_system_message
from wellchat.reasons import checked_reason

WRITE_AS = "messages:write_as"


@host_call(
    "GET",
    "/threads/<thread>/messages",
    scope="messages:read",
    query=ListMessages,
    answers={200: ("A page of messages", HostMessages)},
)
def get_messages(caller: Caller, thread: str, query: ListMessages) -> Answer:
    """Read what people wrote. Each page is in the security log, and marks nothing as delivered or read."""
    spend((WORDS, caller.key_id))
    _check_thread(thread)
    found, following = messages_after(thread, query.after, query.limit)
    first, last = (found[0].seq, found[-1].seq) if found else (None, None)
    shown = {"messages": messages_json(found), "next": following}
    with transaction():
        detail = {"from": first, "to": last, "count": len(found)}
        record("host_messages.read", now=caller.now, about=("thread", thread), detail=detail)
    return Answer(200, shown)


@host_call(
    "POST",
    "/threads/<thread>/messages",
    scope="messages:write",
    body=PostMessage,
    client_key="kept",
    answers={201: ("Sent; or the message that was sent with this key before", SentMessage)},
)
def post_message(caller: Caller, thread: str, body: PostMessage) -> Answer:
    """Write as the system, or in a person's name, which needs the scope `messages:write_as` as well.

    The `client_key` makes it one message, however often it is sent: no Idempotency-Key is needed.
    """
    _check_thread(thread)
    told = None if body.notify == "usual" else body.notify
    subject = (body.subject.kind, body.subject.external_id) if body.subject else None
    what: dict[str, Any] = {
        "thread_id": thread,
        "body": body.body,
        "client_key": body.client_key,
        "now": caller.now,
    }
    if body.from_ == SYSTEM:
        message, is_new = send_system_message(**what, subject=subject, told=told)
    else:
        message, is_new = _send_as(caller, body.from_, {**what, "subject": subject, "told": told})
    db.session.flush()
    message = db.session.get_one(Message, (thread, message.seq), populate_existing=True)
    (shown,) = messages_json([message])
    headers = {} if is_new else {"Idempotency-Replayed": "true"}
    return Answer(201, {"message": shown}, new="message" if is_new else "", headers=headers)


def _send_as(caller: Caller, ref: str, what: dict[str, Any]) -> tuple[Message, bool]:
    if WRITE_AS not in caller.scopes:
        text = gettext("This key may not do that; it needs the scope %(scope)s.", scope=WRITE_AS)
        raise HostRefusal(403, "scope_missing", text)
    sender = person(ref, now=caller.now, field="from")
    if db.session.get(Membership, (what["thread_id"], sender.id)) is None:
        raise Invalid({"from": gettext("This person is not in the conversation.")})
    message, is_new = send_message(sender=sender, via=HOST, **what)
    if is_new:
        about, detail = ("thread", message.thread_id), {"seq": message.seq}
        record("host_message.sent", now=caller.now, person_id=sender.id, about=about, detail=detail)
    return message, is_new


@host_call(
    "DELETE",
    "/threads/<thread>/messages/<seq>",
    scope="messages:write",
    body=RemoveMessage,
    answers={204: ("Removed", None)},
)
def delete_message(caller: Caller, thread: str, seq: str, body: RemoveMessage) -> Answer:
    """Remove a message. Its line says that the site has removed it; its words are kept for disputes."""
    reason = checked_reason(body.reason)
    _check_thread(thread)
    number = int(seq) if seq.isdecimal() and seq.isascii() and len(seq) <= len(str(MAX_SEQ)) else 0
    found = db.session.get(Message, (thread, min(number, MAX_SEQ)), populate_existing=True)
    if found is None:
        raise NotFound(gettext("There is no such message in this thread."))
    if found.deleted_at is None:
        remove_message(thread_id=thread, seq=found.seq, by=HOST, now=caller.now)
        whose = None if found.sender_id == SYSTEM_ID else found.sender_id
        detail: dict[str, str | int | bool | None] = {"seq": found.seq, "reason": reason}
        record(
            "host_message.removed", now=caller.now, person_id=whose, about=("thread", thread), detail=detail
        )
    return Answer(204)


def _check_thread(thread_id: str) -> None:
    if db.session.get(Thread, thread_id) is None:
        raise NotFound(gettext("There is no such conversation."))
