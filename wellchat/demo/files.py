"""The files of the demo, taken in as any upload is; and what of them lies in the store, taken away again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import or_, select

from wellchat.accounts.models import User
from wellchat.attachments.actions import inspect_file, store_file
from wellchat.attachments.models import Attachment
from wellchat.attachments.processing import process
from wellchat.attachments.storage import get_store, key_of, thumbnail_key
from wellchat.db import after_commit, db
from wellchat.demo.drawings import DRAWINGS


def draw(name: str, owner: User, now: datetime) -> str:
    """Id of a drawing that waits to be sent, its thumbnail made: there may be no worker yet."""
    taken = store_file(owner_id=owner.id, file=inspect_file(name=name, content=DRAWINGS[name]()), now=now)
    process(attachment_id=taken.id, now=now)
    return taken.id


def forget_files(people: list[str]) -> None:
    """The rows go with their people; what lies in the store, once they are gone."""
    theirs = or_(Attachment.owner_id.in_(people), Attachment.reader_id.in_(people))
    ids = list(db.session.execute(select(Attachment.id).where(theirs)).scalars())
    after_commit(lambda: _delete(ids))


def _delete(ids: Iterable[str]) -> None:
    store = get_store()
    for each in ids:
        for key in (key_of(each), thumbnail_key(each)):
            store.delete(key)
