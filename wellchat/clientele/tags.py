"""Put tags on clients, and rename, merge and delete them. Each function works on the viewer's own alone."""

from __future__ import annotations

from sqlalchemy import delete, func, literal, select
from sqlalchemy.orm import Session

from wellchat.accounts.models import User
from wellchat.clientele.models import MAX_TAG, MAX_TAGS, MAX_TAGS_OF_CLIENT, ClientTag, TaggedClient
from wellchat.clientele.queries import client_of
from wellchat.db import insert, new_id, transaction
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.i18n import gettext
from wellchat.search.normalise import normalise


def tag_client(*, viewer: User, client_id: str, name: str) -> ClientTag:
    """Put a tag on a client; make the tag if the viewer has none of this name. Twice is the same as once.

    Names that differ in case or accents are one name. Raises NotFound for somebody who is no client of the
    viewer's, Invalid, and Conflict beyond MAX_TAGS and MAX_TAGS_OF_CLIENT.
    """
    client_of(viewer, client_id)
    name = _tidy(name)
    with transaction() as session:
        _lock(session, viewer)
        tag = _named(session, viewer, name) or _make(session, viewer, name)
        put = insert(TaggedClient).values(tag_id=tag.id, client_id=client_id).on_conflict_do_nothing()
        session.execute(put)
        own = select(ClientTag.id).where(ClientTag.owner_id == viewer.id)
        count = select(func.count()).where(TaggedClient.client_id == client_id, TaggedClient.tag_id.in_(own))
        if session.execute(count).scalar_one() > MAX_TAGS_OF_CLIENT:
            words = gettext("A client has %(number)s tags at most.", number=MAX_TAGS_OF_CLIENT)
            raise Conflict(words)
        return tag


def untag_client(*, viewer: User, client_id: str, tag_id: str) -> None:
    """Take a tag off a client. Twice is the same as once. Raises NotFound."""
    client_of(viewer, client_id)
    with transaction() as session:
        _own(session, viewer, tag_id)
        session.execute(
            delete(TaggedClient)
            .where(TaggedClient.tag_id == tag_id, TaggedClient.client_id == client_id)
            .execution_options(synchronize_session=False)
        )


def rename_tag(*, viewer: User, tag_id: str, name: str) -> ClientTag:
    """Rename a tag. Raises NotFound, Invalid, and Conflict for the name of another one: merge the two."""
    name = _tidy(name)
    with transaction() as session:
        _lock(session, viewer)
        tag = _own(session, viewer, tag_id)
        there = _named(session, viewer, name)
        if there is not None and there.id != tag.id:
            raise Conflict(gettext("You have a tag “%(name)s” already. Merge the two.", name=there.name))
        tag.name, tag.folded = name, _folded(name)
        return tag


def merge_tags(*, viewer: User, tag_id: str, into_id: str) -> ClientTag:
    """Put another tag on all clients of a tag, and delete the tag. Return the other one.

    Raises NotFound, and Invalid for the same one twice.
    """
    with transaction() as session:
        _lock(session, viewer)
        tag, into = _own(session, viewer, tag_id), _own(session, viewer, into_id)
        if tag.id == into.id:
            raise Invalid({"into": gettext("Choose another tag.")})
        both = select(TaggedClient.client_id).where(TaggedClient.tag_id == into.id)
        only_tag = select(literal(into.id), TaggedClient.client_id).where(
            TaggedClient.tag_id == tag.id, TaggedClient.client_id.not_in(both)
        )
        session.execute(insert(TaggedClient).from_select(("tag_id", "client_id"), only_tag))
        session.delete(tag)
        return into


def delete_tag(*, viewer: User, tag_id: str) -> None:
    """Delete a tag, and take it off all clients. Raises NotFound."""
    with transaction() as session:
        session.delete(_own(session, viewer, tag_id))


def _lock(session: Session, viewer: User) -> None:
    """Let one device of a person at a time make and rename tags, so that there are never too many."""
    session.execute(select(User.id).where(User.id == viewer.id).with_for_update(key_share=True))


def _own(session: Session, viewer: User, tag_id: str) -> ClientTag:
    query = select(ClientTag).where(ClientTag.id == tag_id, ClientTag.owner_id == viewer.id)
    found = session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if found is None or not viewer.is_professional:
        raise NotFound
    return found


def _named(session: Session, viewer: User, name: str) -> ClientTag | None:
    query = select(ClientTag).where(ClientTag.owner_id == viewer.id, ClientTag.folded == _folded(name))
    return session.execute(query).scalar_one_or_none()


def _make(session: Session, viewer: User, name: str) -> ClientTag:
    count = select(func.count()).where(ClientTag.owner_id == viewer.id)
    if session.execute(count).scalar_one() >= MAX_TAGS:
        words = gettext("You have %(number)s tags already. Delete or merge some.", number=MAX_TAGS)
        raise Conflict(words)
    tag = ClientTag(id=new_id(), owner_id=viewer.id, name=name, folded=_folded(name))
    session.add(tag)
    session.flush()
    return tag


def _folded(name: str) -> str:
    # One letter can become many: what is compared is cut, like the column.
    return normalise(name)[: 2 * MAX_TAG]


def _tidy(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise Invalid({"name": gettext("This field is required.")})
    if len(name) > MAX_TAG:
        raise Invalid({"name": gettext("At most {max_length} characters.").format(max_length=MAX_TAG)})
    return name
