"""Read labels, consents and what may be shown. One condition, `may_be_shown`, decides for every reader."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, tuple_

from wellchat.accounts.models import User
from wellchat.attachments.models import FRESH, READY, Attachment
from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.messaging.models import Thread
from wellchat.paging import decode_page_token, encode_page_token
from wellchat.portfolio.models import (
    ASK_AGAIN_AFTER,
    ASKED,
    PUBLIC,
    YES,
    PortfolioAsk,
    PortfolioLabel,
    PortfolioPage,
    PortfolioPicture,
)

MAX_PUBLIC = 200  # pictures of a public page, the latest
MAX_ASKS = 100


class Asked(NamedTuple):
    """A picture of a question, with the question."""

    ask: PortfolioAsk
    picture: PortfolioPicture

    @property
    def stands(self) -> bool:
        """Return whether the client's yes to this picture stands."""
        return self.ask.state == YES and self.picture.revoked_at is None

    @property
    def last_at(self) -> datetime:
        """Return when the client was last asked, answered or took it back."""
        ask, picture = self.ask, self.picture
        moments = (ask.asked_at, ask.answered_at, ask.over_at, picture.revoked_at)
        return max(each for each in moments if each is not None)


class Shown(NamedTuple):
    """A picture that may be shown: since when, and whether on a public page, too."""

    file: Attachment
    label: str | None
    since: datetime
    is_public: bool


class OfAsk(NamedTuple):
    """A question for its two people: its pictures in order, and which of them are still there."""

    ask: PortfolioAsk
    pictures: list[tuple[PortfolioPicture, Attachment]]
    other: User


def may_be_shown() -> ColumnElement[bool]:
    """Return the condition under which a picture may be shown, over the four joined tables of `_shown`.

    The consent stands; the file is the one that the client saw, and is there: its message was not deleted,
    and nobody was erased; the two are still connected, neither blocked nor disabled.
    """
    return and_(
        PortfolioAsk.state == YES,
        PortfolioPicture.revoked_at.is_(None),
        Attachment.digest == PortfolioPicture.digest,
        Attachment.state.in_((FRESH, READY)),
        Thread.closed_at.is_(None),
    )


def _shown(*what: Any) -> Select[Any]:
    return (
        select(*what)
        .select_from(PortfolioPicture)
        .join(PortfolioAsk, PortfolioAsk.id == PortfolioPicture.ask_id)
        .join(Attachment, Attachment.id == PortfolioPicture.attachment_id)
        .join(Thread, Thread.id == PortfolioAsk.thread_id)
        .where(may_be_shown())
    )


def gallery(
    viewer: User, *, label: str | None = None, before: str | None = None, limit: int = 60
) -> tuple[list[Shown], str | None]:
    """Return (pictures of all clients that the viewer may show, latest consent first; next page or None).

    Who is no professional has asked nobody, and has none.
    """
    since = func.max(PortfolioAsk.answered_at)
    public = func.max(case((PortfolioAsk.purpose == PUBLIC, 1), else_=0))
    query = (
        _shown(Attachment, PortfolioLabel.label, since, public)
        .outerjoin(PortfolioLabel, PortfolioLabel.attachment_id == Attachment.id)
        .where(PortfolioAsk.professional_id == viewer.id)
        .group_by(Attachment.id, PortfolioLabel.label)
        .order_by(since.desc(), Attachment.id.desc())
        .limit(limit + 1)
    )
    if label:
        query = query.where(PortfolioLabel.label == label)
    if before:
        query = query.having(tuple_(since, Attachment.id) < tuple_(*decode_page_token(before)))
    rows = db.session.execute(query.execution_options(populate_existing=True))
    found = [Shown(file, label, at, bool(public)) for file, label, at, public in rows]
    if len(found) <= limit:
        return found, None
    return found[:limit], encode_page_token(found[limit - 1].since, found[limit - 1].file.id)


def page_of(professional_id: str) -> PortfolioPage | None:
    """Return the public page of a professional, on or off; None if it was never on."""
    return db.session.get(PortfolioPage, professional_id, populate_existing=True)


def public_page(address: str) -> User:
    """Return whose public page stands at this address. Raises NotFound where it is off."""
    query = (
        select(User)
        .join(PortfolioPage, PortfolioPage.professional_id == User.id)
        .where(PortfolioPage.address == address, PortfolioPage.is_on.is_(True))
    )
    person = db.session.execute(query).scalar_one_or_none()
    if person is None or not person.is_professional or not person.is_active or person.waits:
        raise NotFound
    return person


def public_pictures(professional_id: str) -> list[tuple[PortfolioPicture, Attachment, str | None]]:
    """Return (picture, file, label) of what a public page shows, the latest consent first."""
    query = (
        _shown(PortfolioPicture, Attachment, PortfolioLabel.label)
        .outerjoin(PortfolioLabel, PortfolioLabel.attachment_id == Attachment.id)
        .where(PortfolioAsk.professional_id == professional_id, PortfolioAsk.purpose == PUBLIC)
        .order_by(PortfolioAsk.answered_at.desc(), PortfolioAsk.id, PortfolioPicture.position)
        .limit(MAX_PUBLIC)
    )
    return [tuple(row) for row in db.session.execute(query.execution_options(populate_existing=True))]


def public_file(address: str, public_id: str) -> Attachment:
    """Return the file behind a public address. Raises NotFound as soon as anything forbids it."""
    professional = public_page(address)
    query = _shown(Attachment).where(
        PortfolioPicture.public_id == public_id,
        PortfolioAsk.professional_id == professional.id,
        PortfolioAsk.purpose == PUBLIC,
    )
    found: Attachment | None = db.session.execute(
        query.execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


def picture_for(viewer: User, attachment_id: str) -> Attachment:
    """Return a picture of a thread in which the viewer is the professional. Raises NotFound."""
    query = (
        select(Attachment)
        .join(Thread, Thread.id == Attachment.thread_id)
        .where(Attachment.id == attachment_id, Thread.professional_id == viewer.id, is_picture())
    )
    found = db.session.execute(query).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


def is_picture() -> ColumnElement[bool]:
    """Return the condition for a picture that both people can open."""
    return and_(Attachment.width.is_not(None), Attachment.state.in_((FRESH, READY)))


def asked_about(attachment_ids: Iterable[str]) -> dict[str, list[Asked]]:
    """Return {attachment id: its questions, the latest first}. It takes one statement."""
    query = (
        select(PortfolioAsk, PortfolioPicture)
        .join(PortfolioPicture, PortfolioPicture.ask_id == PortfolioAsk.id)
        .where(PortfolioPicture.attachment_id.in_(list(attachment_ids)))
        .order_by(PortfolioAsk.asked_at.desc(), PortfolioAsk.id)
        .execution_options(populate_existing=True)
    )
    found: dict[str, list[Asked]] = defaultdict(list)
    for ask, picture in db.session.execute(query):
        found[picture.attachment_id].append(Asked(ask, picture))
    return found


def labels_of(attachment_ids: Iterable[str]) -> dict[str, str]:
    """Return {attachment id: label} of those that have one."""
    query = select(PortfolioLabel.attachment_id, PortfolioLabel.label)
    rows = db.session.execute(query.where(PortfolioLabel.attachment_id.in_(list(attachment_ids))))
    return {row.attachment_id: row.label for row in rows}


def may_ask(asked: Sequence[Asked], purpose: str, now: datetime) -> bool:
    """Return whether a client may be asked about a picture now.

    Not while a yes for this purpose stands, and not within ASK_AGAIN_AFTER. A yes to other clients' eyes
    does not forbid to ask for the public page, once.
    """
    for each in asked:
        if each.stands:
            if purpose == each.ask.purpose or each.ask.purpose == PUBLIC:
                return False
        elif now - each.last_at < ASK_AGAIN_AFTER:
            return False
    return True


def ask_for(viewer: User, ask_id: str) -> OfAsk:
    """Return a question of which the viewer is one of the two people. Raises NotFound."""
    found = _asks(viewer, PortfolioAsk.id == ask_id)
    if not found:
        raise NotFound
    return found[0]


def asks_of(viewer: User, *, other_id: str | None = None, open_only: bool = False) -> list[OfAsk]:
    """Return the viewer's questions, the latest first, MAX_ASKS at most; with `other_id` those of a pair."""
    conditions = []
    if other_id:
        conditions.append(or_(PortfolioAsk.client_id == other_id, PortfolioAsk.professional_id == other_id))
    if open_only:
        conditions.append(PortfolioAsk.state == ASKED)
    return _asks(viewer, *conditions)


def _asks(viewer: User, *conditions: ColumnElement[bool]) -> list[OfAsk]:
    side, other = (
        (PortfolioAsk.client_id, PortfolioAsk.professional_id)
        if viewer.is_client
        else (PortfolioAsk.professional_id, PortfolioAsk.client_id)
    )
    query = select(PortfolioAsk, User).join(User, User.id == other).where(side == viewer.id, *conditions)
    query = query.order_by(PortfolioAsk.asked_at.desc(), PortfolioAsk.id).limit(MAX_ASKS)
    asks = {ask.id: OfAsk(ask, [], user) for ask, user in db.session.execute(query)}
    pictures = (
        select(PortfolioPicture, Attachment)
        .join(Attachment, Attachment.id == PortfolioPicture.attachment_id)
        .where(PortfolioPicture.ask_id.in_(list(asks)))
        .order_by(PortfolioPicture.position)
        .execution_options(populate_existing=True)
    )
    for picture, file in db.session.execute(pictures) if asks else ():
        asks[picture.ask_id].pictures.append((picture, file))
    return list(asks.values())


def standing_words(asked: Sequence[Asked]) -> Asked | None:
    """Return the question that tells most about a picture: a yes that stands, or the latest one."""
    return next((each for each in asked if each.stands), asked[0] if asked else None)
