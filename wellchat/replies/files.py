"""Files that came with an answer by email: taken in as from the page; those that are not are named."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from wellchat.accounts.models import User
from wellchat.attachments.actions import MAX_FILES, accept_upload
from wellchat.errors import Invalid, TooLarge
from wellchat.mail.compose import one_line
from wellchat.messaging.files import sent_with_key
from wellchat.messaging.queries import thread_for
from wellchat.replies.reading import Attachment

MAX_NAMED = 5


class Omitted(NamedTuple):
    name: str
    why: str


def take_files(
    attachments: list[Attachment], *, user: User, thread_id: str, client_key: str, now: datetime
) -> tuple[list[str], list[Omitted]]:
    """Ids of those that were taken in, and the others with the reason. Raises NotFound."""
    if not attachments:
        return [], []
    thread_for(user, thread_id)
    if (before := sent_with_key(user, thread_id, client_key)) is not None:
        return before, []  # it is handed over again: what was taken the first time stands
    kept: list[str] = []
    omitted: list[Omitted] = []
    for each in attachments:
        name = one_line(each.name)
        if each.content_type == "message/rfc822":
            omitted.append(Omitted(name, "Mails within mails are not taken."))
        elif len(kept) == MAX_FILES:
            omitted.append(Omitted(name, f"At most {MAX_FILES} files go with one message."))
        else:
            try:
                kept.append(accept_upload(owner=user, name=each.name, content=each.content, now=now).id)
            except (Invalid, TooLarge) as refusal:
                omitted.append(Omitted(name, refusal.detail))
    return kept, omitted


def omitted_names(omitted: list[Omitted]) -> str:
    shown = [each.name for each in omitted[:MAX_NAMED]]
    more = len(omitted) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def omission_reasons(omitted: list[Omitted]) -> str:
    """For its author: each with the reason."""
    return " ".join(f"{each.name}: {each.why}" for each in omitted[:MAX_NAMED])
