"""Name the hooks by which messaging calls the features above."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from wellchat.feature import Hook

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select

    from wellchat.accounts.models import User
    from wellchat.messaging.models import Message
    from wellchat.messaging.queries import ThreadView
    from wellchat.subjects.models import Subject

recipient_notified_in_transaction: Hook[[str, str, Sequence[int], datetime], None]
recipient_notified_in_transaction = Hook("messaging.recipient_notified_in_transaction")
"""(user id, thread id, seqs in ascending order, now): these messages were put into the user's notification
centre.
"""

lead_thread_opened_in_transaction: Hook[[Subject, str, datetime], None]
lead_thread_opened_in_transaction = Hook("messaging.lead_thread_opened_in_transaction")
"""(claimed lead, id of its new thread, now): once for each lead, when its client is to hear of the claim."""

messages_arrived_in_transaction: Hook[[str, str, Sequence[int], bool, datetime], None]
messages_arrived_in_transaction = Hook("messaging.messages_arrived_in_transaction")
"""(user id, thread id, seqs in ascending order, whether the user is looking at the thread, now).

It runs in the worker, under the lock of the user's membership, before it is decided who is notified of what.
Where the user is looking it runs again later, with the same seqs. Not for threads in which nobody writes.
"""

thread_opened_in_transaction: Hook[[str, User, Subject | None, datetime], None]
thread_opened_in_transaction = Hook("messaging.thread_opened_in_transaction")
"""(thread id, who opened it, what it is about or None, now): one of the two has opened a new thread."""

blocks_among: Hook[[Sequence[str]], Iterable[tuple[str, str]]] = Hook("messaging.blocks_among")
"""(connection ids) -> (connection id, user id) for each block: this user has blocked the other one."""

held_among: Hook[[Sequence[str]], Iterable[str]] = Hook("messaging.held_among")
"""(thread ids) -> those of them that earlier messages are brought into: nobody writes there until the end."""

text_written_in_transaction: Hook[[Message, tuple[str, str], datetime], None]
text_written_in_transaction = Hook("messaging.text_written_in_transaction")
"""(message, (client id, professional id), now): this text was sent, or put in place of another one.

It runs under the lock of the thread, before anybody is told. The message of a send is in the database, but
not in the session.
"""

inbox_facts: Hook[[str], tuple[str, ColumnElement[bool]]] = Hook("messaging.inbox_facts")
"""(user id) -> (name, condition): asked along with a page of the inbox, so that what nobody uses costs none.

The name is in `facts` of the template's context if it is so.
"""

hidden_among: Hook[[Collection[tuple[str, int]]], Mapping[tuple[str, int], Sequence[tuple[int, int]]]] = Hook(
    "messaging.hidden_among"
)
"""(keys of messages, each thread id and seq) -> the ranges of each text that only its sender sees."""

people_with_tag: Hook[[User, str], Select[str]] = Hook("messaging.people_with_tag")
"""(viewer, id of a tag) -> the query for the ids of the people whom the viewer gave this tag."""

tags_among: Hook[[User, Collection[str]], Mapping[str, Sequence[str]]] = Hook("messaging.tags_among")
"""(viewer, ids of people) -> the names of the viewer's own tags on each. Asked where TAGGED is so."""

TAGGED = "tagged"  # a name of `inbox_facts`: the viewer has tags on somebody

tag_named: Hook[[User, str], str | None] = Hook("messaging.tag_named")
"""(viewer, id of a tag) -> its name, None for one that is not the viewer's."""

thread_facts: Hook[[ThreadView, User, datetime], Mapping[str, Any]] = Hook("messaging.thread_facts")
"""(a thread as its reader sees it, the reader, now) -> further keys of its JSON. It makes no statement."""
