"""Export and erase labels, consents and public pages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, or_, select, tuple_, update

from wellchat.db import db, table
from wellchat.messaging.models import Message
from wellchat.personal_data import Person, PersonalData, Rows, rows
from wellchat.portfolio.models import PortfolioAsk, PortfolioLabel, PortfolioPage, PortfolioPicture


def _export(person: Person) -> dict[str, Rows]:
    theirs = or_(PortfolioAsk.client_id == person.id, PortfolioAsk.professional_id == person.id)
    of_them = PortfolioPicture.ask_id.in_(select(PortfolioAsk.id).where(theirs))
    return {
        "portfolio_labels": rows(PortfolioLabel, PortfolioLabel.professional_id == person.id),
        "portfolio_asks": rows(PortfolioAsk, theirs),
        "portfolio_pictures": rows(PortfolioPicture, of_them),
        "portfolio_pages": rows(PortfolioPage, PortfolioPage.professional_id == person.id),
    }


def _erase(person: Person, _now: datetime) -> None:
    execute = db.session.execute
    theirs = or_(PortfolioAsk.client_id == person.id, PortfolioAsk.professional_id == person.id)
    places = select(PortfolioAsk.thread_id, PortfolioAsk.message_seq).where(theirs)
    # The other person's question stays as words; its card would tell of an answer that nobody keeps.
    key = tuple_(Message.thread_id, Message.seq)
    execute(update(table(Message)).where(key.in_(places)).values(card=None))
    execute(delete(PortfolioAsk).where(theirs))
    execute(delete(PortfolioLabel).where(PortfolioLabel.professional_id == person.id))
    execute(delete(PortfolioPage).where(PortfolioPage.professional_id == person.id))


personal_data = PersonalData(
    (
        "portfolio_labels.professional_id",
        "portfolio_asks.client_id",
        "portfolio_asks.professional_id",
        "portfolio_pages.professional_id",
    ),
    _export,
    _erase,
)
