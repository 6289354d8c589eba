"""A program of somebody else's: Cara sends, Paul polls and reads, with the client that was generated."""

from __future__ import annotations

import os

from generated import AuthenticatedClient  # type: ignore[import-not-found]  # made by the test
from generated.api.messages import send_message  # type: ignore[import-not-found]
from generated.api.threads import change_membership, mark_read  # type: ignore[import-not-found]
from generated.api.updates import get_me, get_updates  # type: ignore[import-not-found]
from generated.models import MarkRead, PatchMembership, SendMessage  # type: ignore[import-not-found]

cara, paul = (
    AuthenticatedClient(os.environ["BASE"], os.environ[name], raise_on_unexpected_status=True)
    for name in ("CARA", "PAUL")
)
thread = os.environ["THREAD"]
cursor = get_me.sync(client=paul).cursor
body = SendMessage(body="Hello from Python", client_key="python-1")
first = send_message.sync_detailed(thread, client=cara, body=body)
again = send_message.sync_detailed(thread, client=cara, body=body)
assert (first.status_code, again.status_code) == (201, 200)
assert first.parsed == again.parsed
news = get_updates.sync(client=paul, since=cursor, wait=5.0)
assert [each.body for each in news.messages] == ["Hello from Python"]
assert news.messages[0].created_at.tzinfo is not None
assert get_updates.sync_detailed(client=paul, since=news.cursor).status_code == 204
gone = get_updates.sync_detailed(client=cara, since=news.cursor)
assert (gone.status_code, gone.parsed.reason) == (410, "foreign")
# What is not named stays as it is: no default of a shape may be sent.
mine = change_membership.sync(thread, client=paul, body=PatchMembership(pinned=True)).membership
mine = change_membership.sync(thread, client=paul, body=PatchMembership(archived=True)).membership
assert (mine.pinned, mine.archived) == (True, True)
answer = mark_read.sync(thread, client=paul, body=MarkRead(seq=news.messages[0].seq))
print("read", answer.membership.last_read_seq)  # noqa: T201
