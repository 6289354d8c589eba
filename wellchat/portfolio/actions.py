"""Label pictures, ask for consent, answer, take back; the public page on and off."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from wellchat.accounts.models import User
from wellchat.accounts.queries import language_of
from wellchat.attachments.models import Attachment
from wellchat.audit.actions import record
from wellchat.connections.models import Connection
from wellchat.db import db, insert, new_id, table, transaction
from wellchat.errors import CannotWrite, Conflict, Invalid, NotFound
from wellchat.i18n import force_language, gettext, ngettext
from wellchat.messaging.messages import send_message
from wellchat.messaging.models import Message, Thread
from wellchat.messaging.mutation import lock_message, lock_thread, message_changed
from wellchat.portfolio import queries
from wellchat.portfolio.models import (
    ASKED,
    CLIENTS,
    ENDED,
    MAX_PICTURES,
    NO,
    PUBLIC,
    REVOKED,
    YES,
    PortfolioAsk,
    PortfolioLabel,
    PortfolioPage,
    PortfolioPicture,
)

CARD = "portfolio"  # the kind of its cards in a thread


def set_label(*, viewer: User, attachment_id: str, label: str | None, now: datetime) -> None:
    """Label a picture, or take its label away with None. Raises NotFound."""
    picture = queries.picture_for(viewer, attachment_id)
    with transaction() as session:
        if label is None:
            session.execute(delete(PortfolioLabel).where(PortfolioLabel.attachment_id == picture.id))
            return
        values = {"label": label, "labelled_at": now, "professional_id": viewer.id}
        made = insert(PortfolioLabel).values(attachment_id=picture.id, **values)
        session.execute(
            made.on_conflict_do_update(index_elements=[PortfolioLabel.attachment_id], set_=values)
        )


def set_labels(*, viewer: User, labels: dict[str, str | None], now: datetime) -> None:
    """Label several pictures at once; all or none. Raises NotFound."""
    with transaction():
        for attachment_id, label in labels.items():
            set_label(viewer=viewer, attachment_id=attachment_id, label=label, now=now)


def ask(
    *, viewer: User, thread_id: str, attachments: Sequence[str], purpose: str, now: datetime
) -> PortfolioAsk:
    """Ask the client of a thread whether these pictures may be shown. Return the question.

    It is a message of the professional with a card. Raises NotFound for anybody but the professional of the
    thread, CannotWrite where nobody writes, and Invalid for pictures from elsewhere, for too many, and for
    one about which the client was asked not long ago.
    """
    ids = list(dict.fromkeys(attachments))
    if not 1 <= len(ids) <= MAX_PICTURES:
        raise Invalid({"attachments": gettext("Choose between 1 and %(num)s pictures.", num=MAX_PICTURES)})
    with transaction() as session:
        # Two questions about one picture at once: the second waits here, and sees the first.
        thread = lock_thread(viewer.id, thread_id)
        if thread.professional_id != viewer.id:
            raise NotFound
        if thread.closed_at is not None:
            raise CannotWrite
        files = _pictures_to_ask(thread, ids, purpose, now)
        ask_id = new_id()
        with force_language(language_of(thread.client_id)):
            body = _question(purpose, len(ids))
        message, _ = send_message(
            sender=viewer, thread_id=thread_id, body=body, client_key=f"{CARD}-{ask_id}", now=now
        )
        made = PortfolioAsk(id=ask_id, thread_id=thread_id, message_seq=message.seq, state=ASKED)
        made.client_id, made.professional_id = thread.client_id, viewer.id
        made.purpose, made.asked_at = purpose, now
        session.add(made)
        session.flush()
        session.add_all(
            PortfolioPicture(ask_id=ask_id, attachment_id=each, digest=files[each].digest, position=index)
            for index, each in enumerate(ids)
        )
        of_it = (Message.thread_id == thread_id, Message.seq == message.seq)
        session.execute(update(table(Message)).where(*of_it).values(card=_card(made, ids)))
        _note("portfolio.asked", made, now, {"pictures": len(ids)})
    return made


def _pictures_to_ask(
    thread: Thread, ids: Sequence[str], purpose: str, now: datetime
) -> dict[str, Attachment]:
    query = select(Attachment).where(
        Attachment.id.in_(ids), Attachment.thread_id == thread.id, queries.is_picture()
    )
    files = {each.id: each for each in db.session.execute(query).scalars()}
    if len(files) != len(ids):
        raise Invalid({"attachments": gettext("One of these pictures is not there any more.")})
    asked = queries.asked_about(ids)
    if not all(queries.may_ask(asked.get(each, ()), purpose, now) for each in ids):
        words = gettext("Your client was asked about one of these pictures already. Ask again after a month.")
        raise Invalid({"attachments": words})
    return files


def _question(purpose: str, count: int) -> str:
    if purpose == CLIENTS:
        return ngettext(
            "May I show this picture to other clients?",
            "May I show these %(num)s pictures to other clients?",
            count,
        )
    return ngettext(
        "May I show this picture on my public page?",
        "May I show these %(num)s pictures on my public page?",
        count,
    )


def _card(ask: PortfolioAsk, attachment_ids: Sequence[str]) -> dict[str, Any]:
    return {
        "kind": CARD,
        "id": ask.id,
        "state": ask.state,
        "purpose": ask.purpose,
        "attachments": list(attachment_ids),
    }


def answer(*, viewer: User, ask_id: str, says_yes: bool, now: datetime) -> PortfolioAsk:
    """Answer a question of the viewer's, yes or no. The same answer twice is as once. Return the question.

    A no may become a yes later; a no after a yes takes it back. Raises NotFound for anybody but the client,
    Conflict where the question is over, and CannotWrite for a yes where the two are not connected.
    """
    with transaction() as session:
        found, thread, message = _locked(viewer, ask_id)
        if found.state == (YES if says_yes else NO):
            return found
        if found.state == YES:
            return _revoke(found, thread, message, now)
        if found.state not in (ASKED, NO) or message.deleted_at is not None:
            raise Conflict(gettext("This question is over. Nothing of it is shown."))
        if says_yes and thread.closed_at is not None:
            raise CannotWrite
        found.state, found.answered_at = YES if says_yes else NO, now
        if says_yes and found.purpose == PUBLIC:
            pictures = select(PortfolioPicture).where(PortfolioPicture.ask_id == found.id)
            for picture in session.execute(pictures).scalars():
                picture.public_id = secrets.token_urlsafe(16)
        _note("portfolio.answered", found, now, {"answer": found.state})
        _update_card(found, thread, message)
    return found


def revoke(*, viewer: User, ask_id: str, attachment_id: str | None = None, now: datetime) -> PortfolioAsk:
    """Take back a yes of the viewer's: the whole, or one picture, which then goes from every other one too.

    It works where nobody writes any more. Twice is the same as once. Return the question. Raises NotFound for
    anybody but the client, and for a picture that is not of it.
    """
    with transaction() as session:
        found, thread, message = _locked(viewer, ask_id)
        if attachment_id is None:
            return _revoke(found, thread, message, now)
        if session.get(PortfolioPicture, (ask_id, attachment_id)) is None:
            raise NotFound
        of_viewer = select(PortfolioAsk.id).where(PortfolioAsk.client_id == viewer.id)
        taken = session.execute(
            update(PortfolioPicture)
            .where(PortfolioPicture.attachment_id == attachment_id)
            .where(PortfolioPicture.ask_id.in_(of_viewer), PortfolioPicture.revoked_at.is_(None))
            .values(revoked_at=now, public_id=None)
            .returning(PortfolioPicture.ask_id)
            .execution_options(synchronize_session=False)
        ).scalars()
        if set(taken):
            _note("portfolio.revoked", found, now, {"pictures": 1})
            message_changed(thread, message)
    return found


def _revoke(ask: PortfolioAsk, thread: Thread, message: Message, now: datetime) -> PortfolioAsk:
    if ask.state != YES:
        return ask
    ask.state, ask.over_at = REVOKED, now
    _note("portfolio.revoked", ask, now, {})
    _update_card(ask, thread, message)
    return ask


def _locked(viewer: User, ask_id: str) -> tuple[PortfolioAsk, Thread, Message]:
    """Lock a question of which the viewer is the client. Return (it, its thread, its message).

    The thread comes first: whoever ends the connection locks it before the question. Raises NotFound.
    """
    place = select(PortfolioAsk.thread_id, PortfolioAsk.message_seq)
    found = db.session.execute(
        place.where(PortfolioAsk.id == ask_id, PortfolioAsk.client_id == viewer.id)
    ).one_or_none()
    if found is None:
        raise NotFound
    thread, message = lock_message(viewer, found.thread_id, found.message_seq)
    ask = db.session.get_one(PortfolioAsk, ask_id, populate_existing=True)
    return ask, thread, message


def _note(kind: str, ask: PortfolioAsk, now: datetime, detail: dict[str, Any]) -> None:
    what = {"purpose": ask.purpose} | detail
    record(kind, now=now, person_id=ask.client_id, about=("ask", ask.id), detail=what)


def _update_card(ask: PortfolioAsk, thread: Thread, message: Message) -> None:
    if message.card is not None:
        message.card = message.card | {"state": ask.state}
    message_changed(thread, message)


def end_with_connection(connection_id: str, _by: str, now: datetime) -> None:
    """End every question and every consent of two people who ended their connection, or blocked.

    Opening it again brings none of them back. Its threads are locked by the caller.
    """
    session = db.session()
    connection = session.get_one(Connection, connection_id)
    query = select(PortfolioAsk).where(
        PortfolioAsk.client_id == connection.client_id,
        PortfolioAsk.professional_id == connection.professional_id,
        PortfolioAsk.state.in_((ASKED, YES)),
    )
    for each in session.execute(query.execution_options(populate_existing=True)).scalars():
        each.state, each.over_at = ENDED, now
        thread = session.get(Thread, each.thread_id)
        message = session.get(Message, (each.thread_id, each.message_seq), populate_existing=True)
        if thread is not None and message is not None:
            _update_card(each, thread, message)


def end_at_reopening(connection_id: str, now: datetime) -> None:
    """End what a closed connection only hid, so that none of it comes back unasked."""
    end_with_connection(connection_id, "", now)


def set_page(*, viewer: User, is_on: bool, now: datetime) -> None:
    """Turn the viewer's public page on or off. Raises NotFound for anybody but a professional."""
    if not viewer.is_professional:
        raise NotFound
    with transaction() as session:
        values = {"is_on": is_on, "changed_at": now}
        made = insert(PortfolioPage).values(
            professional_id=viewer.id, address=secrets.token_urlsafe(16), **values
        )
        made = made.on_conflict_do_update(index_elements=[PortfolioPage.professional_id], set_=values)
        session.execute(made)
        kind = "portfolio.page_opened" if is_on else "portfolio.page_closed"
        record(kind, now=now, actor_id=viewer.id, person_id=viewer.id)
