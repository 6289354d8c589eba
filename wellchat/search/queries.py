"""What a person finds: messages of their own threads, and the people and threads they may mean by a name.

The index is asked for a bounded number of candidates, newest first; what a candidate says is then read and judged by
matching.py, and whose it is by the database, whatever the index thought. Newest first, because people look for what
they remember to have been said "lately", and a page of a list that is ordered by time stays where it is.

The index is asked stretch by stretch of time, this month first: a word that a million of somebody's messages hold costs
what one stretch of it costs, and one that is rare is looked up by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    case,
    column,
    exists,
    literal,
    or_,
    select,
    table,
    tuple_,
    union_all,
)

from wellchat.accounts.models import User
from wellchat.attachments.serializers import files_summary
from wellchat.connections.models import Connection
from wellchat.db import db, is_postgresql
from wellchat.messaging.models import Membership, Message, Thread
from wellchat.messaging.queries import ThreadView, threads_by_id
from wellchat.search import tokens
from wellchat.search.matching import Excerpt, excerpt, find_highlights, is_typo
from wellchat.search.models import SearchEntry, spelt
from wellchat.search.normalise import split_words
from wellchat.subjects.models import Subject

CANDIDATES = 150  # messages that one question takes out of the index
MAX_NAMES = 1_500  # threads, the latest, whose names are looked at
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)  # nothing was said before
MAX_NEW_CONNECTIONS = 300  # connections, the latest, that may have no thread yet


class Position(NamedTuple):
    """Where a page ends."""

    at: datetime
    thread_id: str
    seq: int


@dataclass(frozen=True)
class Question:
    """Words, and what narrows it down. `since` is the first moment that counts, `until` the first that does not."""

    text: str = ""
    thread_id: str | None = None
    person_id: str | None = None
    subject_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    has_file: bool = False
    fuzzy: bool = False

    @property
    def is_searchable(self) -> bool:
        return bool(self.groups) or (not self.text.strip() and self.is_narrow)

    @property
    def is_narrow(self) -> bool:
        return any((self.person_id, self.subject_id, self.since, self.until, self.has_file))

    @property
    def groups(self) -> tokens.Groups:
        return tokens.query_tokens(self.text, fuzzy=self.fuzzy)


class Hit(NamedTuple):
    message: Message
    view: ThreadView
    excerpt: Excerpt


class SearchPage(NamedTuple):
    """One page. `fuzzy`: nothing had the very words, these have ones that differ by a slip."""

    hits: list[Hit]
    next_position: Position | None
    fuzzy: bool


def search(
    viewer: User, question: Question, *, now: datetime, before: Position | None = None, limit: int = 30
) -> SearchPage:
    """A page of the viewer's messages that answer the question, newest first, after `before`."""
    if not question.is_searchable:
        return SearchPage([], None, question.fuzzy)
    hits, following = _hits(viewer, question, now, before, limit)
    fuzzier = replace(question, fuzzy=True)
    if not hits and not following and not before and fuzzier.groups != question.groups:
        question = fuzzier
        hits, following = _hits(viewer, question, now, before, limit)
    views = (
        {view.thread.id: view for view in threads_by_id(viewer.id, {m.thread_id for m, _ in hits})}
        if hits
        else {}
    )
    found = [
        Hit(message, views[message.thread_id], shown) for message, shown in hits if message.thread_id in views
    ]
    return SearchPage(found, following, question.fuzzy)


def _hits(
    viewer: User, question: Question, now: datetime, before: Position | None, limit: int
) -> tuple[list[tuple[Message, Excerpt]], Position | None]:
    rows = db.session.execute(_statement(viewer, question, now, before)).all()
    hits: list[tuple[Message, Excerpt]] = []
    last: Position | None = None
    for message, *position in rows:
        if len(hits) == limit:
            return hits, last
        last = Position._make(position)
        if message is None or message.body is None:
            continue
        highlights = find_highlights(message.body, question.text, fuzzy=question.fuzzy)
        if highlights is not None:
            hits.append((message, excerpt(message.body or files_summary(message.files or []), highlights)))
    return hits, last if len(rows) == CANDIDATES else None


def _statement(viewer: User, question: Question, now: datetime, before: Position | None) -> Select[Any]:
    """The candidates' places, and each message as it is now, where it is the viewer's and as narrow as was asked."""
    parts = [
        _candidates(viewer, question, window, before) for window in _windows(viewer, question, now, before)
    ]
    entries = union_all(*(select(part.subquery()) for part in parts)).limit(CANDIDATES).subquery("entries")
    counts = [
        Message.thread_id == entries.c.thread_id,
        Message.seq == entries.c.seq,
        Message.deleted_at.is_(None),
    ]
    counts.append(Membership.thread_id.is_not(None))
    if question.thread_id:
        counts.append(Message.thread_id == question.thread_id)
    if question.person_id:
        counts.append(
            or_(Thread.client_id == question.person_id, Thread.professional_id == question.person_id)
        )
    if question.subject_id:
        counts.append(
            or_(Message.subject_id == question.subject_id, Thread.subject_id == question.subject_id)
        )
    mine = and_(Membership.thread_id == entries.c.thread_id, Membership.user_id == viewer.id)
    return (
        select(Message, entries.c.at, entries.c.thread_id, entries.c.seq)
        .select_from(entries)
        .outerjoin(Membership, mine)
        .outerjoin(Thread, Thread.id == Membership.thread_id)
        .outerjoin(Message, and_(*counts))
        .order_by(entries.c.at.desc(), entries.c.thread_id.desc(), entries.c.seq.desc())
        .execution_options(populate_existing=True)
    )


class Window(NamedTuple):
    """Of time: the token that its messages have, and where it ends if that is not where the token's does."""

    token: str
    before: datetime | None = None


def _windows(viewer: User, question: Question, now: datetime, before: Position | None) -> Iterator[Window]:
    """Newest first, and each message in one: two months, two years, and all that was before."""
    if question.thread_id:
        yield Window(tokens.in_thread(question.thread_id))
        return
    latest = min(filter(None, (now, question.until, before and before.at)))
    month = max(latest, EARLIEST).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    month_before = _months_back(month, 1)
    year_before = month.replace(year=month.year - 1, month=1)
    yield Window(tokens.in_month(viewer.id, month))
    yield Window(tokens.in_month(viewer.id, month_before))
    yield Window(tokens.in_year(viewer.id, month), month_before)
    yield Window(tokens.in_year(viewer.id, year_before), month_before)
    yield Window(tokens.for_user(viewer.id), year_before)


def _months_back(month: datetime, count: int) -> datetime:
    months = month.year * 12 + month.month - 1 - count
    return month.replace(year=months // 12, month=months % 12 + 1)


def _candidates(viewer: User, question: Question, window: Window, before: Position | None) -> Any:
    must = [window.token]
    if question.person_id:
        must.append(tokens.for_user(question.person_id))
    if question.subject_id:
        must.append(tokens.about(question.subject_id))
    if question.has_file:
        must.append(tokens.FILE)
    if question.thread_id:
        must.append(tokens.for_user(viewer.id))
    where = [_has([*([tokens.number(token)] for token in must), *question.groups])]
    entry = SearchEntry
    if window.before:
        where.append(entry.at < window.before)
    if question.since:
        where.append(entry.at >= question.since)
    if question.until:
        where.append(entry.at < question.until)
    if before:
        where.append(tuple_(entry.at, entry.thread_id, entry.seq) < tuple_(*before))
    newest_first = (entry.at.desc(), entry.thread_id.desc(), entry.seq.desc())
    return (
        select(entry.thread_id, entry.seq, entry.at).where(*where).order_by(*newest_first).limit(CANDIDATES)
    )


def _has(groups: tokens.Groups) -> ColumnElement[bool]:
    """Whether an entry has a token of each group."""
    if is_postgresql():
        return _holds(groups)
    asked = " AND ".join("(" + " OR ".join(map(spelt, group)) + ")" for group in groups)
    return SearchEntry.id.in_(select(_fts.c.rowid).where(_fts.c[_fts.name].op("MATCH")(asked)))


_fts = table("search_entries_fts", column("rowid", Integer), column("search_entries_fts", String))


def _holds(groups: tokens.Groups) -> ColumnElement[bool]:
    held = SearchEntry.tokens
    every = [group[0] for group in groups if len(group) == 1]
    any_of = [held.op("&&")(literal(group, ARRAY(Integer))) for group in groups if len(group) > 1]
    return and_(held.op("@>")(literal(every, ARRAY(Integer))), *any_of)


# Names


class NameMatches(NamedTuple):
    """Threads by the other person's name or the subject's title, and people there is no thread with yet."""

    threads: list[ThreadView]
    people: list[User]


def find_by_name(viewer: User, asked: str, *, limit: int = 5) -> NameMatches:
    """Whom or what the viewer may mean, the latest first; what fits to the letter before what fits but for a slip."""
    if not any(split_words(asked)):
        return NameMatches([], [])
    rows = db.session.execute(_names(viewer)).all()
    chosen = _fitting([(thread_id, f"{name} {title or ''}") for thread_id, name, title in rows], asked, limit)
    views = {view.thread.id: view for view in threads_by_id(viewer.id, chosen)} if chosen else {}
    others = [(person, person.name) for person in _without_thread(viewer)]
    return NameMatches([views[i] for i in chosen if i in views], _fitting(others, asked, limit))


def _fitting(names: list[tuple[Any, str]], asked: str, limit: int) -> list[Any]:
    wanted = [word.text for word in split_words(asked)]
    exact = [what for what, name in names if all(_has_name(name, word, False) for word in wanted)]
    if not exact:
        exact = [what for what, name in names if all(_has_name(name, word, True) for word in wanted)]
    return exact[:limit]


def _has_name(name: str, asked: str, fuzzy: bool) -> bool:
    """Names are few, so any beginning of one will do, and any part of one in a script without spaces."""
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
            .where(Membership.user_id == viewer.id, Membership.archived.is_(archived))
            .order_by(Membership.updated_at.desc(), Membership.thread_id.desc())
            .limit(MAX_NAMES)
        )

    mine = union_all(*(select(latest(archived).subquery()) for archived in (False, True))).subquery("mine")
    return (
        select(mine.c.thread_id, User.name, Subject.title)
        .join(Thread, Thread.id == mine.c.thread_id)
        .join(
            User,
            User.id == case((Thread.client_id == viewer.id, Thread.professional_id), else_=Thread.client_id),
        )
        .outerjoin(Subject, Subject.id == Thread.subject_id)
        .order_by(mine.c.updated_at.desc(), mine.c.thread_id.desc())
    )


def _without_thread(viewer: User) -> list[User]:
    """People the viewer may write to and has not, the latest connected first."""
    other = case((Connection.client_id == viewer.id, Connection.professional_id), else_=Connection.client_id)
    latest = (
        select(Connection.id, other.label("other_id"), Connection.created_at)
        .where(or_(Connection.client_id == viewer.id, Connection.professional_id == viewer.id))
        .order_by(Connection.created_at.desc(), Connection.id)
        .limit(MAX_NEW_CONNECTIONS)
        .subquery("latest")
    )
    query = (
        select(User)
        .join(latest, latest.c.other_id == User.id)
        .where(~exists().where(Thread.connection_id == latest.c.id))
        .order_by(latest.c.created_at.desc(), latest.c.id)
    )
    return list(db.session.execute(query).scalars())
