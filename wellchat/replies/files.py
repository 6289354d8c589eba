"""Take in the files of a reply by email, as from the page, and name those that are not taken."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from wellchat.accounts.models import User
from wellchat.attachments.actions import MAX_FILES, accept_upload
from wellchat.errors import Invalid, TooLarge
from wellchat.mail.mime import one_line
from wellchat.messaging.files import sent_with_key
from wellchat.messaging.queries import thread_for
from wellchat.replies.reading import Attachment

MAX_NAMED = 5


class Omitted(NamedTuple):
    """A file that was not taken, and why."""

    name: str
    why: str


def take_files(
    attachments: list[Attachment], *, user: User, thread_id: str, client_key: str, now: datetime
) -> tuple[list[str], list[Omitted]]:
    """Return the ids of the files that were taken in, and those that were not. Raises NotFound."""
    if not attachments:
        return [], []
    thread_for(user, thread_id)
    if (before := sent_with_key(user, thread_id, client_key)) is not None:
        # The mail was handed over before: keep the files of the first time.
        return before, []
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
    """Return the names of up to five files, and how many more there are."""
    shown = [each.name for each in omitted[:MAX_NAMED]]
    more = len(omitted) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def omission_reasons(omitted: list[Omitted]) -> str:
    """Return a sentence per file, for the author: its name and why it was not taken."""
    return " ".join(f"{each.name}: {each.why}" for each in omitted[:MAX_NAMED])
