"""Store the demo's files as any upload is, and delete them from the store again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import or_, select

from wellchat.accounts.models import User
from wellchat.attachments.actions import inspect_file, store_file
from wellchat.attachments.holding import deleting
from wellchat.attachments.models import Attachment
from wellchat.attachments.processing import process
from wellchat.attachments.storage import key_of, thumbnail_key
from wellchat.db import after_commit, db
from wellchat.demo.drawings import DRAWINGS


def draw(name: str, owner: User, now: datetime) -> str:
    """Return the id of a drawing that is ready to be sent.

    Its thumbnail is made here, because no worker may be running yet.
    """
    taken = store_file(owner_id=owner.id, file=inspect_file(name=name, content=DRAWINGS[name]()), now=now)
    process(attachment_id=taken.id, now=now)
    return taken.id


def forget_files(people: list[str]) -> None:
    """Delete the files of these people from the store, after their rows are gone."""
    theirs = or_(Attachment.owner_id.in_(people), Attachment.reader_id.in_(people))
    ids = list(db.session.execute(select(Attachment.id).where(theirs)).scalars())
    after_commit(lambda: _delete(ids))


def _delete(ids: Iterable[str]) -> None:
    with deleting() as store:
        for each in ids:
            for key in (key_of(each), thumbnail_key(each)):
                store.delete(key)
