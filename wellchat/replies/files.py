"""Files that came with an answer by email: taken in as from the page; those that are not are named."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from wellchat.accounts.models import User
from wellchat.attachments.actions import MAX_FILES, take_file
from wellchat.errors import Invalid, TooLarge
from wellchat.mail.compose import one_line
from wellchat.messaging.files import sent_with_key
from wellchat.messaging.queries import thread_for
from wellchat.replies.reading import Attachment

MAX_NAMED = 5


class LeftOut(NamedTuple):
    name: str
    why: str


def take_files(
    attachments: list[Attachment], *, user: User, thread_id: str, client_key: str, now: datetime
) -> tuple[list[str], list[LeftOut]]:
    """Ids of those that were taken in, and the others with the reason. Raises NotFound."""
    if not attachments:
        return [], []
    thread_for(user, thread_id)
    if (before := sent_with_key(user, thread_id, client_key)) is not None:
        return before, []  # it is handed over again: what was taken the first time stands
    kept: list[str] = []
    left_out: list[LeftOut] = []
    for each in attachments:
        name = one_line(each.name)
        if each.content_type == "message/rfc822":
            left_out.append(LeftOut(name, "Mails within mails are not taken."))
        elif len(kept) == MAX_FILES:
            left_out.append(LeftOut(name, f"At most {MAX_FILES} files go with one message."))
        else:
            try:
                kept.append(take_file(owner=user, name=each.name, content=each.content, now=now).id)
            except (Invalid, TooLarge) as refusal:
                left_out.append(LeftOut(name, refusal.detail))
    return kept, left_out


def names_of(left_out: list[LeftOut]) -> str:
    shown = [each.name for each in left_out[:MAX_NAMED]]
    more = len(left_out) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def why_left_out(left_out: list[LeftOut]) -> str:
    """For its author: each with the reason."""
    return " ".join(f"{each.name}: {each.why}" for each in left_out[:MAX_NAMED])
