"""Search a person's own messages.

The index gives a bounded number of candidates, newest first. Then matching.py checks the text of each, and
the statement checks that it belongs to the viewer: a token may collide, so the index alone is never trusted.
Results are ordered by time, because people look for recent messages, and pages of such a list stay stable.

The index is asked one window of time after another, this month first. So a word that occurs in a million
messages costs only what it costs in one window, and a rare word is found at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    column,
    literal,
    or_,
    select,
    table,
    tuple_,
    union_all,
)

from wellchat.accounts.models import User
from wellchat.attachments.serializers import files_summary
from wellchat.db import db, is_postgresql
from wellchat.messaging.models import Membership, Message, Thread
from wellchat.messaging.queries import ThreadView, threads_by_id
from wellchat.messaging.shown import hidden_in, shown_body
from wellchat.search import tokens
from wellchat.search.matching import Excerpt, excerpt, find_highlights
from wellchat.search.models import SearchEntry, spelt

CANDIDATES = 150  # messages taken from the index per page
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)  # no message is older


class Position(NamedTuple):
    """The last message of a page."""

    at: datetime
    thread_id: str
    seq: int


@dataclass(frozen=True)
class Question:
    """The words and the filters of a search. `since` is inclusive, `until` is exclusive."""

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
        """Return whether there is a word or a filter to search by."""
        return bool(self.groups) or (not self.text.strip() and self.is_narrow)

    @property
    def is_narrow(self) -> bool:
        """Return whether there is a filter."""
        return any((self.person_id, self.subject_id, self.since, self.until, self.has_file))

    @property
    def groups(self) -> tokens.Groups:
        """Return the groups of tokens of the words."""
        return tokens.query_tokens(self.text, fuzzy=self.fuzzy)


class Hit(NamedTuple):
    """A message that was found, with its thread and excerpt."""

    message: Message
    view: ThreadView
    excerpt: Excerpt


class SearchPage(NamedTuple):
    """A page of results. `fuzzy`: no message has the exact words; these differ by a typo."""

    hits: list[Hit]
    next_position: Position | None
    fuzzy: bool


def search(
    viewer: User, question: Question, *, now: datetime, before: Position | None = None, limit: int = 30
) -> SearchPage:
    """Return a page of the viewer's messages that match, newest first, after `before`.

    If no message matches at all, it searches again with typos allowed.
    """
    if not question.is_searchable:
        return SearchPage([], None, question.fuzzy)
    hits, following = _hits(viewer, question, now, before, limit)
    # Only without any exact result: a typo must not push exact results down.
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
    hidden = hidden_in(row[0] for row in rows)
    hits: list[tuple[Message, Excerpt]] = []
    last: Position | None = None
    for message, *position in rows:
        if len(hits) == limit:
            return hits, last
        last = Position._make(position)
        # Not the viewer's, filtered out, or deleted since: skip it, but continue behind it.
        # The index knows the whole text, because it is one for both people. What is hidden matches nothing.
        body = shown_body(message, viewer.id, hidden) if message is not None else None
        if body is None:
            continue
        highlights = find_highlights(body, question.text, fuzzy=question.fuzzy)
        if highlights is not None:
            hits.append((message, excerpt(body or files_summary(message.files or []), highlights)))
    # Fewer candidates than asked for: the windows are exhausted.
    return hits, last if len(rows) == CANDIDATES else None


def _statement(viewer: User, question: Question, now: datetime, before: Position | None) -> Select[Any]:
    """Return the statement that reads the candidates' positions and their messages.

    A message is NULL if it is not the viewer's or does not match the filters: the position still counts, so
    that the next page continues behind it.
    """
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
        # Outer joins: a candidate that is not the viewer's must still give its position.
        .outerjoin(Membership, mine)
        .outerjoin(Thread, Thread.id == Membership.thread_id)
        .outerjoin(Message, and_(*counts))
        .order_by(entries.c.at.desc(), entries.c.thread_id.desc(), entries.c.seq.desc())
        .execution_options(populate_existing=True)
    )


class Window(NamedTuple):
    """A window of time: the token of its messages, and its end if that is earlier than the token's."""

    token: str
    before: datetime | None = None


def _windows(viewer: User, question: Question, now: datetime, before: Position | None) -> Iterator[Window]:
    """Yield the windows, newest first, without overlap: two months, two years, and everything before."""
    # A thread is small enough to be one window.
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
    # The thread's own token does not say who may see it.
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
    """Return the condition that an entry has a token of each group."""
    if is_postgresql():
        return _holds(groups)
    asked = " AND ".join("(" + " OR ".join(map(spelt, group)) + ")" for group in groups)
    return SearchEntry.id.in_(select(_fts.c.rowid).where(_fts.c[_fts.name].op("MATCH")(asked)))


_fts = table("search_entries_fts", column("rowid", Integer), column("search_entries_fts", String))


def _holds(groups: tokens.Groups) -> ColumnElement[bool]:
    held = SearchEntry.tokens
    # One `@>` for all single tokens lets the GIN index intersect them.
    every = [group[0] for group in groups if len(group) == 1]
    any_of = [held.op("&&")(literal(group, ARRAY(Integer))) for group in groups if len(group) > 1]
    return and_(held.op("@>")(literal(every, ARRAY(Integer))), *any_of)
