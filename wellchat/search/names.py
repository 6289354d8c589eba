"""Find people and threads by name: the other person's, or the title of the subject."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import case, exists, or_, select, union_all

from wellchat.accounts.models import User
from wellchat.connections.models import Connection
from wellchat.db import db
from wellchat.messaging.models import Membership, Thread
from wellchat.messaging.queries import ThreadView, is_listed, threads_by_id
from wellchat.search.matching import is_typo
from wellchat.search.normalise import split_words
from wellchat.subjects.models import Subject

MAX_NAMES = 1_500  # the latest threads whose names are searched
MAX_NEW_CONNECTIONS = 300  # the latest connections that may have no thread yet

# A disabled person is not found by the name that is not shown.
SHOWN_NAME = case((User.disabled_at.is_(None), User.name), else_="")


class NameMatches(NamedTuple):
    """Threads by the other's name or the subject's title, and connected people without a thread."""

    threads: list[ThreadView]
    people: list[User]


def find_by_name(viewer: User, asked: str, *, limit: int = 5) -> NameMatches:
    """Return threads and people whose name matches, the latest first.

    Exact matches win; names with a typo are returned only if there are none.
    """
    if not any(split_words(asked)):
        return NameMatches([], [])
    rows = db.session.execute(_names(viewer)).all()
    chosen = fitting([(thread_id, f"{name} {title or ''}") for thread_id, name, title in rows], asked, limit)
    views = {view.thread.id: view for view in threads_by_id(viewer.id, chosen)} if chosen else {}
    others = [(person, person.name) for person in _without_thread(viewer)]
    return NameMatches([views[i] for i in chosen if i in views], fitting(others, asked, limit))


def fitting(names: list[tuple[Any, str]], asked: str, limit: int) -> list[Any]:
    """Return the first things of (thing, name) whose name has all words that are asked for."""
    wanted = [word.text for word in split_words(asked)]
    exact = [what for what, name in names if all(_has_name(name, word, False) for word in wanted)]
    # Typos are allowed only if nothing matches exactly, as in the search of messages.
    if not exact:
        exact = [what for what, name in names if all(_has_name(name, word, True) for word in wanted)]
    return exact[:limit]


def _has_name(name: str, asked: str, fuzzy: bool) -> bool:
    """Return whether a name matches: by any prefix, or any part in scripts without spaces. Names are few."""
    return any(
        word.startswith(asked) or (pieces and asked in word) or (fuzzy and is_typo(word, asked))
        for word, pieces in _words_of_name(name)
    )


@lru_cache(maxsize=20_000)
def _words_of_name(name: str) -> tuple[tuple[str, bool], ...]:
    return tuple((word.text, bool(word.ranges)) for word in split_words(name))


def _names(viewer: User) -> Any:
    def latest(archived: bool) -> Any:
        return (
            select(Membership.thread_id, Membership.updated_at)
            .where(Membership.user_id == viewer.id, Membership.archived.is_(archived), is_listed())
            .order_by(Membership.updated_at.desc(), Membership.thread_id.desc())
            .limit(MAX_NAMES)
        )

    mine = union_all(*(select(latest(archived).subquery()) for archived in (False, True))).subquery("mine")
    return (
        select(mine.c.thread_id, SHOWN_NAME, Subject.title)
        .join(Thread, Thread.id == mine.c.thread_id)
        .join(
            User,
            User.id == case((Thread.client_id == viewer.id, Thread.professional_id), else_=Thread.client_id),
        )
        .outerjoin(Subject, Subject.id == Thread.subject_id)
        .order_by(mine.c.updated_at.desc(), mine.c.thread_id.desc())
    )


def _without_thread(viewer: User) -> list[User]:
    """Return people the viewer may write to and has not, the latest connected first."""
    other = case((Connection.client_id == viewer.id, Connection.professional_id), else_=Connection.client_id)
    latest = (
        select(Connection.id, other.label("other_id"), Connection.created_at)
        .where(or_(Connection.client_id == viewer.id, Connection.professional_id == viewer.id))
        .where(Connection.closed_at.is_(None))
        .order_by(Connection.created_at.desc(), Connection.id)
        .limit(MAX_NEW_CONNECTIONS)
        .subquery("latest")
    )
    listed = (Membership.thread_id == Thread.id, Membership.user_id == viewer.id, is_listed())
    query = (
        select(User)
        .join(latest, latest.c.other_id == User.id)
        .where(~exists().where(Thread.connection_id == latest.c.id, *listed))
        .order_by(latest.c.created_at.desc(), latest.c.id)
    )
    return list(db.session.execute(query).scalars())
